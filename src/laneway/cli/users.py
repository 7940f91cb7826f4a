"""users: who may come in."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.client.lane import Lane
from laneway.client.resources import UserResource
from laneway.domain.errors import NotFound


class Action(StrEnum):
    """What can be done with users."""

    list = "list"
    add = "add"
    promote = "promote"
    demote = "demote"
    activate = "activate"
    deactivate = "deactivate"
    remove = "remove"


PAGE = 100


def users(
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.list,
    name: Annotated[str | None, typer.Argument(help="With whom; all but `list` need it.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Show the users of the server, or change one. `promote` makes an admin, `remove` deletes all that is theirs."""
    if (name is None) != (action is Action.list):
        raise typer.BadParameter(f"{action} needs a name." if name is None else f"{action} takes no name.")

    async def done() -> list[UserResource]:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            if name is not None:
                await _do(lane, action, name)
            return await _all(lane)

    left = asyncio.run(done())
    if as_json:
        show.as_json(left)
    else:
        show.table(("name", "role", "", "user"), [(u.name, u.role, "" if u.active else "inactive", u.id) for u in left])


async def _do(lane: Lane, action: Action, name: str) -> None:
    if action is Action.add:
        await lane.create_user(name)
        return
    found = await lane.list_users(name=name)
    if not found:
        raise NotFound(f"There is no user {name!r}.", "`laneway users` shows them.")
    user_id = found[0].id
    match action:
        case Action.promote | Action.demote:
            await lane.update_user(user_id, role="admin" if action is Action.promote else "member")
        case Action.activate | Action.deactivate:
            await lane.update_user(user_id, active=action is Action.activate)
        case Action.remove:
            await lane.delete_user(user_id)
        case Action.list:
            pass


async def _all(lane: Lane) -> list[UserResource]:
    page = await lane.list_users(limit=PAGE)
    found = [*page]
    while page.next_cursor is not None:
        page = await lane.list_users(limit=PAGE, cursor=page.next_cursor)
        found += page
    return found
