"""Events: facts in the past tense. Each is a frozen dataclass whose fields are the event's `data` on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from laneway.domain.alert import FiringResource, TimerResource
from laneway.domain.approval import ApprovalResource
from laneway.domain.instant import Instant
from laneway.domain.item import ItemResource
from laneway.domain.json import Json, JsonObject
from laneway.domain.lane import LaneKey
from laneway.domain.queue import QueueItemResource
from laneway.domain.session import SessionResource
from laneway.domain.thread import ThreadSummary, Usage

EventScope = Literal["thread", "session", "user"]


@dataclass(frozen=True, slots=True)
class EventData:
    """What every event type shares: its name, and whether it belongs to a thread, a session or a user's home log."""

    type: ClassVar[str]
    scope: ClassVar[EventScope] = "thread"
    survives: ClassVar[bool] = False
    """Kept when the thread or session that it names is erased: the tombstone's own announcement."""


@dataclass(frozen=True, slots=True)
class SessionCreated(EventData):
    """A session was made. Told in the owner's home log."""

    type = "session.created"
    scope = "user"
    session: SessionResource


@dataclass(frozen=True, slots=True)
class SessionUpdated(EventData):
    """A session's title, mode or settings changed."""

    type = "session.updated"
    scope = "session"
    session: SessionResource


@dataclass(frozen=True, slots=True)
class SessionDeleted(EventData):
    """A session was deleted with all that is in it. Told in the owner's home log."""

    type = "session.deleted"
    scope = "user"
    survives = True


@dataclass(frozen=True, slots=True)
class StateChanged(EventData):
    """The session's environment changed, at most once a second: a hint to fetch the state."""

    type = "state.changed"
    scope = "session"
    version: int


@dataclass(frozen=True, slots=True)
class ThreadCreated(EventData):
    """A thread was made."""

    type = "thread.created"
    summary: ThreadSummary


@dataclass(frozen=True, slots=True)
class ThreadUpdated(EventData):
    """The owner, or a title made from the first message, changed the thread."""

    type = "thread.updated"
    summary: ThreadSummary


@dataclass(frozen=True, slots=True)
class ThreadDeleted(EventData):
    """The thread was deleted. It is the thread's last event; the earlier ones become tombstones."""

    type = "thread.deleted"
    survives = True


@dataclass(frozen=True, slots=True)
class QueueItemAdded(EventData):
    """An input was accepted and waits."""

    type = "queue.item_added"
    item: QueueItemResource


@dataclass(frozen=True, slots=True)
class QueueItemUpdated(EventData):
    """A waiting item was edited, moved, held, released, or re-homed from a steer that came too late."""

    type = "queue.item_updated"
    item: QueueItemResource
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class QueueItemWithdrawn(EventData):
    """A waiting item was taken back; `by` is the user who did it."""

    type = "queue.item_withdrawn"
    item_id: str
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class QueueItemConsumed(EventData):
    """A turn took the item. `transcript_item_id` is the message that it became."""

    type = "queue.item_consumed"
    item_id: str
    transcript_item_id: str


@dataclass(frozen=True, slots=True)
class QueueItemRejected(EventData):
    """An accepted item will not run; the reason says why."""

    type = "queue.item_rejected"
    item_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class QueuePaused(EventData):
    """No turn starts in this thread until the queue is resumed."""

    type = "queue.paused"
    reason: str


@dataclass(frozen=True, slots=True)
class QueueResumed(EventData):
    """Turns may start again."""

    type = "queue.resumed"


@dataclass(frozen=True, slots=True)
class TurnStarted(EventData):
    """A turn took its batch and runs."""

    type = "turn.started"
    number: int
    attempt: int
    item_ids: tuple[str, ...]
    trigger: str
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnResumed(EventData):
    """The same turn, with the same batch, was taken up again. Unfinished items after `discard_after_seq` are void."""

    type = "turn.resumed"
    attempt: int
    item_ids: tuple[str, ...]
    reason: str
    discard_after_seq: int | None


@dataclass(frozen=True, slots=True)
class TurnWaiting(EventData):
    """The turn waits for an approval or a child, and has given its slot back."""

    type = "turn.waiting"
    reason: str


@dataclass(frozen=True, slots=True)
class TurnCompleted(EventData):
    """The turn ended well."""

    type = "turn.completed"
    attempt: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnFailed(EventData):
    """The turn ended badly; `error` has a stable `class` and a `message`."""

    type = "turn.failed"
    attempt: int
    usage: Usage
    error: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TurnCancelled(EventData):
    """The turn was stopped. What it had said is kept, marked `interrupted`."""

    type = "turn.cancelled"
    attempt: int
    usage: Usage
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TurnInterrupted(EventData):
    """A message with `delivery=interrupt` cut the turn. What it had said is kept, marked `interrupted`."""

    type = "turn.interrupted"
    attempt: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnSuperseded(EventData):
    """An interrupt with `discard` cut the turn and left it out of the context."""

    type = "turn.superseded"
    attempt: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnNeedsReview(EventData):
    """A call may or may not have happened: a person says how to go on."""

    type = "turn.needs_review"
    attempt: int
    reason: str
    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemStarted(EventData):
    """A piece of the transcript began; its place is this event's `seq`."""

    type = "item.started"
    item: ItemResource


@dataclass(frozen=True, slots=True)
class ItemDelta(EventData):
    """More text of a running item. `position` is the character offset of `text` in part `index`."""

    type = "item.delta"
    item_id: str
    index: int
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class ItemCompleted(EventData):
    """The item ended, well or not (its `state` says which): this is the whole of it."""

    type = "item.completed"
    item: ItemResource


@dataclass(frozen=True, slots=True)
class ToolCalled(EventData):
    """A tool call was recorded; nothing has been done yet."""

    type = "tool.called"
    item_id: str
    call_id: str
    name: str
    arguments: JsonObject
    effect: str


@dataclass(frozen=True, slots=True)
class ToolReturned(EventData):
    """A tool call ended with a result or an error."""

    type = "tool.returned"
    item_id: str
    call_id: str
    name: str
    result: Json
    error: str | None


@dataclass(frozen=True, slots=True)
class ApprovalRequested(EventData):
    """A call waits for a person."""

    type = "approval.requested"
    approval: ApprovalResource


@dataclass(frozen=True, slots=True)
class ApprovalResolved(EventData):
    """A person approved or rejected the call."""

    type = "approval.resolved"
    approval: ApprovalResource


@dataclass(frozen=True, slots=True)
class ApprovalExpired(EventData):
    """The turn that asked is over; the approval's `state` says whether it expired or was superseded."""

    type = "approval.expired"
    approval: ApprovalResource


@dataclass(frozen=True, slots=True)
class LaneUpdated(EventData):
    """A lane has a new resume point."""

    type = "lane.updated"
    scope = "session"
    lane: LaneKey
    generation: int


@dataclass(frozen=True, slots=True)
class LaneInvalidated(EventData):
    """A lane's resume point is no longer used; the reason says why."""

    type = "lane.invalidated"
    scope = "session"
    lane: LaneKey
    reason: str


@dataclass(frozen=True, slots=True)
class TimerCreated(EventData):
    """A timer was set."""

    type = "timer.created"
    scope = "session"
    timer: TimerResource


@dataclass(frozen=True, slots=True)
class TimerUpdated(EventData):
    """A timer was changed, or has fired and moved on."""

    type = "timer.updated"
    scope = "session"
    timer: TimerResource


@dataclass(frozen=True, slots=True)
class TimerDeleted(EventData):
    """A timer was removed; it fires no more."""

    type = "timer.deleted"
    scope = "session"
    timer_id: str


@dataclass(frozen=True, slots=True)
class AlertFired(EventData):
    """An occurrence raised an alert and started its thread, which the event names."""

    type = "alert.fired"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class AlertMerged(EventData):
    """An occurrence joined an alert thread that was already waiting."""

    type = "alert.merged"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class AlertSkipped(EventData):
    """An occurrence that was missed while nothing ran was skipped, as its timer says."""

    type = "alert.skipped"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class AlertDropped(EventData):
    """An occurrence was over a limit, which the reason names."""

    type = "alert.dropped"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class TranscriptCut(EventData):
    """Items after `after_item_id` (None: all) are superseded: out of the context and of default lists."""

    type = "transcript.cut"
    after_item_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with all its ids. The store gives it its numbers: `offset`, `seq` and `position`."""

    data: EventData
    owner: str
    session_id: str | None
    at: Instant
    thread_id: str | None = None
    turn_id: str | None = None
    agent: str | None = None
    thread: Mapping[str, object] | None = None
    """What changed in the thread's resource by the commit that this event ends."""
    numbered_by: int | None = None
    """The index, in its commit, of the event whose seq is the place of the item that this event shows."""

    def numbered(self, seq: int | None) -> "Event":
        """The event with the place of its item filled in, which only the store knows."""
        data = self.data
        if seq is None or not isinstance(data, ItemStarted | ItemCompleted):
            return self
        return replace(self, data=replace(data, item=replace(data.item, seq=seq)))

    @property
    def log(self) -> str:
        """The log that it is appended to: the session's, or the owner's home log."""
        return home_log(self.owner) if self.data.scope == "user" else session_log(self.session_id or "")


@dataclass(frozen=True, slots=True)
class Delta:
    """Text of a running item, appended under the turn's fence without a decision."""

    thread_id: str
    session_id: str
    owner: str
    turn_id: str
    fence: int
    agent: str
    data: ItemDelta
    at: Instant


def session_log(session_id: str) -> str:
    """The name of a session's log."""
    return session_id


def home_log(user_id: str) -> str:
    """The name of a user's home log."""
    return f"user:{user_id}"
