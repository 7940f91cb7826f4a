"""queue: what waits in a thread, and what to do about it."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.client.lane import Lane
from laneway.domain.queue import QueueResource


class Action(StrEnum):
    """What can be done with a queue, or with one item of it."""

    show = "show"
    pause = "pause"
    resume = "resume"
    clear = "clear"
    hold = "hold"
    release = "release"
    withdraw = "withdraw"


_OF_AN_ITEM = {Action.hold, Action.release, Action.withdraw}


def queue(
    thread: Annotated[str, typer.Argument(help="The thread.")],
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.show,
    item: Annotated[str | None, typer.Argument(help="For hold, release, withdraw: the waiting item.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Show what waits in a thread, or change it. A change is shown by the queue that it leaves."""
    if (item is not None) != (action in _OF_AN_ITEM):
        raise typer.BadParameter(f"{action} needs an item." if item is None else f"{action} takes no item.")

    async def done() -> QueueResource:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            await _do(lane, thread, action, item or "")
            return await lane.queue(thread)

    left = asyncio.run(done())
    if as_json:
        show.as_json(left)
    else:
        _print(left)


async def _do(lane: Lane, thread_id: str, action: Action, item_id: str) -> None:
    match action:
        case Action.show:
            pass
        case Action.pause:
            await lane.pause(thread_id)
        case Action.resume:
            await lane.resume(thread_id)
        case Action.clear:
            await lane.clear(thread_id)
        case Action.hold | Action.release:
            await lane.edit_queue_item(thread_id, item_id, hold=action is Action.hold)
        case Action.withdraw:
            await lane.withdraw(thread_id, item_id)


def _print(queue: QueueResource) -> None:
    if queue.paused:
        show.note(f"paused: {queue.reason or 'by the owner'}")
    if not queue.items:
        show.note("nothing waits")
        return
    following = set(queue.next_batch.item_ids)
    rows = [
        (each.position, "next" if each.id in following else each.state, each.id, each.sender, each.text)
        for each in queue.items
    ]
    show.table(("", "state", "item", "from", "text"), rows)
    if queue.next_batch.break_reason is not None:
        show.note(f"the next turn stops there because of: {queue.next_batch.break_reason}")
