"""tags: what threads are marked with."""

import asyncio
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Limit, Url
from laneway.cli.reach import Where, reach
from laneway.client.resources import Page, TagResource


def tags(
    rename: Annotated[
        tuple[str, str] | None, typer.Option("--rename", help="A tag and its new name; two of one name become one.")
    ] = None,
    limit: Limit = 100,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Go on after an earlier page.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Show the tags of all threads, the most used first, or rename one in all of them."""

    async def listed() -> Page[TagResource]:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            if rename is not None:
                await lane.rename_tag(*rename)
            return await lane.list_tags(limit=limit, cursor=cursor)

    page = asyncio.run(listed())
    if as_json:
        show.as_json(page.items)
        return
    show.table(("tag", "threads"), [(each.tag, each.threads) for each in page])
    show.note_next(page)
