"""Conversation: follow events, and wait for the turn that takes a message."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from laneway.client.connection import Connection, route
from laneway.client.history import History
from laneway.client.resources import AnsweredTurn, Posted
from laneway.client.stream import Event, EventStreams, StreamPlace
from laneway.client.threads import Message, Threads
from laneway.client.turns import Turns
from laneway.domain.errors import Conflict, Gone, LanewayError, TooMany
from laneway.domain.event import QueueItemConsumed, QueueItemRejected, QueueItemWithdrawn, TurnResumed, TurnStarted
from laneway.domain.item import ItemResource
from laneway.domain.queue import Receipt
from laneway.domain.turn import TERMINAL

_ENDS = frozenset({*TERMINAL, "needs_review"})
_OVER = frozenset(f"turn.{status}" for status in _ENDS)
POLL_S = 0.25


class NotTaken(Conflict):
    """The message was withdrawn or rejected before any turn took it."""

    code = "not_taken"
    title = "Not taken"


class Conversations(Threads, History, Turns):
    """The part of a `Lane` that waits for things to happen."""

    _connection: Connection
    _streams: EventStreams

    def events(
        self,
        thread_id: str | None = None,
        *,
        session_id: str | None = None,
        after: int | str | None = None,
        follow: bool = True,
    ) -> AsyncGenerator[Event]:
        """The events of a thread, of a session, or (with neither) of all that the user has, as they happen.

        `after=0` begins at the beginning, no `after` at now. Without `follow` it ends with the newest. A connection
        that breaks is taken up where it was. Leaving the loop cancels nothing.
        """
        return self._streams.read(_place(thread_id, session_id), after, follow)

    async def run(self, thread_id: str, message: Message) -> AnsweredTurn:
        """Send a message and wait for the turn that takes it; returns it when it is over, well or not.

        It also returns a turn that waits for a person's review. A paused queue, or an approval, keeps it waiting.
        Raises `NotTaken` when the message is withdrawn.
        """
        posted = await self.post(thread_id, message)
        try:
            async with aclosing(self.follow(posted)) as told:
                turn_id = [event.turn_id async for event in told][-1] or ""
        except TooMany:
            # So many are waited for that the server gives no more streams: what happens is then asked for.
            turn_id = await self._asked_for(posted)
        return await self.answered(turn_id)

    async def follow(self, posted: Posted) -> AsyncGenerator[Event]:
        """The events of the message's thread, from its acceptance to the end of the turn that takes it."""
        turn_id = posted.turn_id
        async with aclosing(self.events(posted.thread_id, after=posted.offset)) as told:
            async for event in told:
                turn_id = turn_id or _taken_by(event, posted.item_id)
                yield event
                if turn_id is not None and event.turn_id == turn_id and event.type in _OVER:
                    return
                _check(event, posted)
        raise Gone("The stream ended before the turn did.", "Ask for the message's receipt.")

    async def _asked_for(self, posted: Posted) -> str:
        """The turn that took a message, once it is over, by asking again and again."""
        while True:
            receipt = await self._connection.get(route("queue-items", posted.item_id), Receipt)
            if receipt.state in {"withdrawn", "rejected", "expired"}:
                raise NotTaken(f"The message was {receipt.state}: {receipt.reason}.")
            if receipt.turn_id is not None and (await self.get_turn(receipt.turn_id)).status in _ENDS:
                return receipt.turn_id
            await asyncio.sleep(POLL_S)

    async def answered(self, turn_id: str) -> AnsweredTurn:
        """A turn with everything that it said."""
        turn = await self.get_turn(turn_id)
        items: list[ItemResource] = []
        while True:
            after = items[-1].id if items else None
            page = await self.messages(turn.thread_id, turn_id=turn_id, after=after, limit=100)
            items += page
            if len(page) < 100:
                break
        answer = "\n\n".join(item.text for item in items if item.role == "assistant" and item.text)
        fields = {name: getattr(turn, name) for name in type(turn).__dataclass_fields__}
        return AnsweredTurn(**fields, answer=answer, items=tuple(items))


def _place(thread_id: str | None, session_id: str | None) -> StreamPlace:
    if thread_id is not None:
        return StreamPlace(route("threads", thread_id, "events"), route("threads", thread_id), thread_id)
    if session_id is not None:
        return StreamPlace(route("sessions", session_id, "events"), route("sessions", session_id, "state"))
    return StreamPlace("/events")


def _taken_by(event: Event, item_id: str) -> str | None:
    match event.data:
        case TurnStarted(item_ids=item_ids) | TurnResumed(item_ids=item_ids) if item_id in item_ids:
            return event.turn_id
        case QueueItemConsumed(item_id=taken) if taken == item_id:
            return event.turn_id
        case _:
            return None


def _check(event: Event, posted: Posted) -> None:
    """Raise when the event says that no turn will take the message."""
    error: LanewayError | None = None
    match event.data:
        case QueueItemWithdrawn(item_id=item_id, by=by) if item_id == posted.item_id:
            error = NotTaken(f"The message was withdrawn by {by}.")
        case QueueItemRejected(item_id=item_id, reason=reason) if item_id == posted.item_id:
            error = NotTaken(f"The message was rejected: {reason}.")
        case _ if event.type == "thread.deleted" and event.thread_id == posted.thread_id:
            error = Gone("The thread was deleted.")
        case _:
            pass
    if error is not None:
        raise error
