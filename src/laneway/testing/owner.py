"""Owner: one user of a test app, who sends what a client would send and reads what a client would be shown."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, TypeVar, cast

import msgspec

from laneway import wire
from laneway.clock import Clock
from laneway.domain.alert import Firing
from laneway.domain.approval import Approval, ApprovalDecision
from laneway.domain.batch import plan_batch
from laneway.domain.command import (
    CancelTurn,
    Command,
    CreateSession,
    CreateThread,
    EditQueueItem,
    NewMessage,
    PauseQueue,
    PostMessage,
    ResolveApproval,
    ResumeQueue,
    ReviewTurn,
    WithdrawQueueItem,
)
from laneway.domain.decide.queue import show_queue
from laneway.domain.instant import Instant
from laneway.domain.item import Item, Part
from laneway.domain.json import Json, JsonObject, as_object
from laneway.domain.kinds import APPROVAL, FIRING, ITEM, QUEUE_ITEM, THREAD, TURN
from laneway.domain.principal import Principal
from laneway.domain.queue import Delivery, QueueItem, QueueResource, Receipt, receipt
from laneway.domain.record import Kind, Record
from laneway.domain.session import Mode, SessionResource
from laneway.domain.thread import Thread, ThreadResource
from laneway.domain.turn import ReviewAction, Turn
from laneway.runtime.submit import Answer, Idempotency, Runtime
from laneway.store import Get, Page, Query, Store, Where

R = TypeVar("R", bound=Record)

MANY = 1000


class Stamp(TypedDict):
    """What every command carries besides what it asks."""

    at: Instant
    seed: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to a message: where it stands."""

    item_id: str
    thread_id: str
    state: str
    position: int
    turn_id: str | None
    offset: int = 0


class Told(msgspec.Struct):
    """One event as every reader gets it."""

    offset: int
    type: str
    session_id: str | None
    thread_id: str | None
    turn_id: str | None
    agent: str | None
    at: str
    data: dict[str, object]
    seq: int | None = None
    thread: dict[str, object] | None = None


class Owner:
    """A proven user. What is not a method here is a command for `do`."""

    def __init__(self, runtime: Runtime, store: Store, clock: Clock, principal: Principal) -> None:
        self._runtime = runtime
        self._store = store
        self._clock = clock
        self.principal = principal

    def stamp(self) -> Stamp:
        """The time and a fresh seed, for a command."""
        return Stamp(at=self._clock.now(), seed=self._clock.seed())

    async def do(self, command: Command, idempotency: Idempotency | None = None) -> Answer:
        """Record any command."""
        return await self._runtime.submit(self.principal, command, idempotency)

    # --- sending -------------------------------------------------------------------------------------------------

    async def session(self, mode: Mode = "copilot", settings: JsonObject | None = None) -> SessionResource:
        """Make a session."""
        command = CreateSession(**self.stamp(), user_id=self.principal.user_id, mode=mode, settings=settings or {})
        return cast("SessionResource", (await self.do(command)).reply)  # what the command's decision replies

    async def thread(
        self, message: str | None = None, *, session_id: str | None = None, agent_id: str | None = None,
        title: str | None = None, settings: Mapping[str, Json] | None = None,
    ) -> ThreadResource:  # fmt: skip
        """Make a thread, in the default session unless one is named."""
        command = CreateThread(
            **self.stamp(), user_id=self.principal.user_id, session_id=session_id, agent_id=agent_id, title=title,
            settings=settings or {}, message=None if message is None else self.message(message),
        )  # fmt: skip
        reply = cast("Mapping[str, ThreadResource]", (await self.do(command)).reply)  # what its decision replies
        return reply["thread"]

    def message(
        self, text: str, *, delivery: Delivery = "queue", hold: bool = False, discard: bool = False,
        agents: Sequence[str] = (), sender: str | None = None,
    ) -> NewMessage:  # fmt: skip
        """A message of this user."""
        return NewMessage(
            parts=(Part("text", text=text),), sender=sender or self.principal.user_id, agents=tuple(agents),
            delivery=delivery, discard=discard, hold=hold,
        )  # fmt: skip

    async def post(
        self, thread_id: str, text: str, *, delivery: Delivery = "queue", hold: bool = False, discard: bool = False,
        agents: Sequence[str] = (), sender: str | None = None, idempotency: Idempotency | None = None,
    ) -> Posted:  # fmt: skip
        """Send a message."""
        message = self.message(text, delivery=delivery, hold=hold, discard=discard, agents=agents, sender=sender)
        answer = await self.do(PostMessage(**self.stamp(), thread_id=thread_id, message=message), idempotency)
        return wire.convert(answer.reply, _Posted).at(answer.offset)

    async def edit(
        self, item: Posted, *, text: str | None = None, hold: bool | None = None, position: int | None = None,
        delivery: Delivery | None = None, if_version: int | None = None,
    ) -> None:  # fmt: skip
        """Change a waiting message."""
        parts = None if text is None else (Part("text", text=text),)
        await self.do(
            EditQueueItem(
                **self.stamp(), thread_id=item.thread_id, item_id=item.item_id, parts=parts, hold=hold,
                position=position, delivery=delivery, if_version=if_version,
            )
        )  # fmt: skip

    async def withdraw(self, item: Posted, if_version: int | None = None) -> None:
        """Take a waiting message back."""
        await self.do(
            WithdrawQueueItem(
                **self.stamp(), thread_id=item.thread_id, item_id=item.item_id, by=self.principal.user_id,
                if_version=if_version,
            )
        )  # fmt: skip

    async def cancel(self, thread_id: str, turn_id: str | None = None) -> JsonObject:
        """Stop a thread's turn."""
        command = CancelTurn(**self.stamp(), thread_id=thread_id, by=self.principal.user_id, turn_id=turn_id)
        return cast("JsonObject", (await self.do(command)).reply)  # what the command's decision replies

    async def pause(self, thread_id: str) -> None:
        """Let no further turn start."""
        await self.do(PauseQueue(**self.stamp(), thread_id=thread_id))

    async def resume(self, thread_id: str) -> None:
        """Let a paused queue go on."""
        await self.do(ResumeQueue(**self.stamp(), thread_id=thread_id))

    async def review(self, turn: Turn, action: ReviewAction) -> None:
        """Say what becomes of a turn's doubtful calls."""
        await self.do(ReviewTurn(**self.stamp(), thread_id=turn.thread_id, turn_id=turn.id, action=action))

    async def answer(self, approval: Approval, decision: ApprovalDecision, note: str | None = None) -> None:
        """Approve or reject a waiting call."""
        await self.do(
            ResolveApproval(
                **self.stamp(), approval_id=approval.id, thread_id=approval.thread_id, decision=decision,
                arguments_hash=approval.arguments_hash, note=note,
            )
        )  # fmt: skip

    # --- reading -------------------------------------------------------------------------------------------------

    async def show(self, thread_id: str) -> Thread:
        """A thread as it stands."""
        found = await self.find(THREAD, thread_id)
        assert found is not None, f"there is no thread {thread_id}"
        return found

    async def status(self, thread_id: str) -> str:
        """A thread's status."""
        return (await self.show(thread_id)).status

    async def queue(self, thread_id: str) -> QueueResource:
        """A thread's queue, as the API shows it."""
        thread = await self.show(thread_id)
        waiting = {item.id: item for item in await self.all(QUEUE_ITEM, thread_id) if item.open}
        policy = self._runtime.rules.batch_policy(thread.settings.queue_mode)
        return show_queue(thread, [waiting[each.id] for each in thread.queue], plan_batch(thread.queue, policy))

    async def receipt(self, item: Posted) -> Receipt:
        """What became of a message."""
        found = await self.find(QUEUE_ITEM, item.item_id)
        assert found is not None, f"there is no queue item {item.item_id}"
        return receipt(found)

    async def accepted(self, thread_id: str) -> list[QueueItem]:
        """Every input that a thread has ever accepted, in the order in which it was."""
        items = {item.id: item for item in await self.all(QUEUE_ITEM, thread_id)}
        added = [event.data["item"] for event in await self.events(thread_id) if event.type == "queue.item_added"]
        return [items[str((as_object(item) or {})["id"])] for item in added]

    async def turns(self, thread_id: str) -> list[Turn]:
        """A thread's turns, in order."""
        return sorted(await self.all(TURN, thread_id), key=lambda turn: turn.number)

    async def items(self, thread_id: str) -> list[Item]:
        """A thread's items, whatever their state, in the order of the transcript."""
        return sorted(await self.all(ITEM, thread_id), key=lambda item: item.seq)

    async def said(self, thread_id: str) -> list[tuple[str, str]]:
        """What stands in the transcript: role and text of every message that is in context."""
        items = await self.items(thread_id)
        return [(item.role, item.text) for item in items if item.state in ("complete", "interrupted") and not item.call]

    async def approvals(self, thread_id: str) -> list[Approval]:
        """A thread's approvals, oldest first."""
        return sorted(await self.all(APPROVAL, thread_id), key=lambda approval: (approval.at, approval.id))

    async def firings(self, session_id: str) -> list[Firing]:
        """A session's alerts, oldest first."""
        query = Query(FIRING, (Where("session_id", "=", session_id),), (("at", "asc"),), MANY)
        return await self._page(FIRING, query)

    async def events(self, thread_id: str) -> list[Told]:
        """Every event of a thread."""
        return await self.log((await self.show(thread_id)).session_id, thread_id)

    async def log(self, log: str, thread_id: str | None = None) -> list[Told]:
        """Every event of a log: a session's id, or `user:<id>`."""
        told: list[Told] = []
        cursor = 0
        while True:
            read = await self._store.read_log(log, cursor, MANY, thread_id)
            told += [wire.decode(wire.frame(event), Told) for event in read.events]
            if read.cursor >= read.tail:
                return told
            cursor = read.cursor

    def was_told(self, thread_id: str, type_: str, times: int = 1) -> Callable[[], Awaitable[bool]]:
        """Whether an event has been told, for `TestApp.until`."""

        async def look() -> bool:
            return sum(event.type == type_ for event in await self.events(thread_id)) >= times

        return look

    async def find(self, kind: Kind[R], id: str) -> R | None:
        """A record of this user's, or None."""
        found = (await self._store.read(self.principal, Get(kind, id))).results[0]
        return cast("R | None", found)  # a store returns records of the kind that was asked for

    async def all(self, kind: Kind[R], thread_id: str) -> list[R]:
        """A thread's records of one kind."""
        return await self._page(kind, Query(kind, (Where("thread_id", "=", thread_id),), limit=MANY))

    async def _page(self, kind: Kind[R], query: Query) -> list[R]:
        page = (await self._store.read(self.principal, query)).results[0]
        assert isinstance(page, Page)
        assert page.next_cursor is None, "a test has more records than it reads"
        return [cast("R", record) for record in page.records]  # a page has records of its kind


class _Posted(msgspec.Struct):
    """The reply to a message, as it is sent."""

    item_id: str
    thread_id: str
    state: str
    position: int
    turn_id: str | None

    def at(self, offset: int) -> Posted:
        return Posted(self.item_id, self.thread_id, self.state, self.position, self.turn_id, offset)
