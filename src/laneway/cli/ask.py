"""ask: one question, one answer."""

import asyncio
import sys
from contextlib import aclosing
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.cli.screen import interrupted
from laneway.client.lane import Lane
from laneway.client.resources import AnsweredTurn, Posted
from laneway.client.stream import Event
from laneway.domain.event import ApprovalRequested, QueuePaused


def ask(
    text: Annotated[str, typer.Argument(help="What to ask; `-` reads it from the input.")],
    thread: Annotated[str | None, typer.Option("--thread", help="The thread to ask in; a new one without it.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Who answers in a new thread.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Ask, wait, and print the answer. Ends with 1 when the turn did not complete. Ctrl-C stops the turn."""
    message = sys.stdin.read() if text == "-" else text
    turn = asyncio.run(_ask(Where(data, url, key, config), message, thread, agent))
    if as_json:
        show.as_json(turn)
    elif turn.answer:
        show.say(turn.answer)
    if turn.status != "completed":
        reason = (turn.error or {}).get("message", "")
        show.note(": ".join(filter(None, (f"turn {turn.id} is {turn.status.replace('_', ' ')}", reason))))
        raise typer.Exit(1)


async def _ask(where: Where, text: str, thread_id: str | None, agent: str | None) -> AnsweredTurn:
    async with reach(where) as lane:
        if thread_id is None:
            thread_id = (await lane.create_thread(agent)).id
        return await _answer(lane, await lane.post(thread_id, text))


async def _answer(lane: Lane, posted: Posted) -> AnsweredTurn:
    stop = asyncio.Event()
    stopping = asyncio.get_running_loop().create_task(_stop(lane, posted, stop))
    queue = await lane.queue(posted.thread_id)
    if queue.paused:
        _tell_pause(queue.reason or "by the owner", posted)
    try:
        with interrupted(stop.set), show.err.status("waiting for the answer"):
            turn_id = ""
            async with aclosing(lane.follow(posted)) as events:
                async for event in events:
                    turn_id = event.turn_id or turn_id
                    _tell(event, posted)
    finally:
        stopping.cancel()
    return await lane.answered(turn_id)


async def _stop(lane: Lane, posted: Posted, stop: asyncio.Event) -> None:
    """Ctrl-C: stop the turn, or take the message back when none has taken it yet."""
    await stop.wait()
    turn_id = (await lane.receipt(posted.item_id)).turn_id
    if turn_id is not None:
        await lane.cancel_turn(turn_id)
    else:
        await lane.withdraw(posted.thread_id, posted.item_id)


def _tell(event: Event, posted: Posted) -> None:
    """What keeps the answer away and needs a person is said at once."""
    match event.data:
        case ApprovalRequested(approval=approval):
            show.note(f"{approval.tool} asks for an approval: laneway chat {posted.thread_id}, then /yes or /no")
        case QueuePaused(reason=reason):
            _tell_pause(reason, posted)
        case _:
            pass


def _tell_pause(reason: str, posted: Posted) -> None:
    show.note(f"the queue is paused ({reason}): laneway queue {posted.thread_id} resume")
