"""key: make API keys."""

import asyncio
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, is_served, reach

app = typer.Typer(no_args_is_help=True, help="Make API keys.")


@app.command()
def create(
    user: Annotated[str | None, typer.Option("--user", help="Whose; made when there is none of that name.")] = None,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "command line",
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Print one new API key and nothing else. It is stored hashed: nobody can show it again."""
    made = asyncio.run(_create(Where(data, url, key, config), user, name))
    if as_json:
        show.as_json({"key": made})
    else:
        show.say(made)


async def _create(where: Where, user: str | None, name: str) -> str:
    if is_served(where):
        async with reach(where) as lane:
            return (await lane.create_key(user=user, name=name)).key
    from laneway.cli.straight import issue_key  # noqa: PLC0415 - only where there is no server to ask

    return await issue_key(where.settings(), user, name)
