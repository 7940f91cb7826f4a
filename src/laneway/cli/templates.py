"""templates: set-ups for new threads."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Limit, Url
from laneway.cli.reach import Where, reach
from laneway.client.lane import Lane
from laneway.client.resources import Page
from laneway.domain.template import TemplateResource


class Action(StrEnum):
    """What can be done with templates."""

    list = "list"
    keep = "keep"
    use = "use"
    remove = "remove"


def templates(
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.list,
    id: Annotated[str | None, typer.Argument(help="For `keep` a thread; for `use` and `remove` a template.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="For `keep`: what the template is called.")] = None,
    limit: Limit = 100,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Go on after an earlier page.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Show templates of threads. `keep` makes one of a thread, `use` makes a thread with one, and prints its id."""
    if (id is None) != (action is Action.list):
        raise typer.BadParameter(f"{action} needs an id." if id is None else f"{action} takes no id.")
    if (name is None) == (action is Action.keep):
        raise typer.BadParameter("--name goes with `keep`, and `keep` needs it.")

    async def done() -> Page[TemplateResource] | str:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            made = await _do(lane, action, id or "", name or "")
            return made or await lane.list_templates(limit=limit, cursor=cursor)

    result = asyncio.run(done())
    if isinstance(result, str):
        show.as_json({"id": result}) if as_json else show.say(result)
    elif as_json:
        show.as_json(result.items)
    else:
        rows = [(each.id, each.name, each.agent_id, ", ".join(each.tags), len(each.messages)) for each in result]
        show.table(("template", "name", "agent", "tags", "messages"), rows)
        show.note_next(result)


async def _do(lane: Lane, action: Action, id: str, name: str) -> str | None:
    """Do it; returns the id of the thread that was made, if any."""
    match action:
        case Action.list:
            return None
        case Action.keep:
            await lane.create_template(name, from_thread_id=id)
        case Action.use:
            return (await lane.create_thread(template_id=id)).id
        case Action.remove:
            await lane.delete_template(id)
    return None
