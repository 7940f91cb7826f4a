"""Event log: one log as streams read it: a session's, or all of a user's, as frames that are encoded once."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from laneway import wire
from laneway.domain import event as events
from laneway.domain.event import EventData, EventScope, ThreadDeleted
from laneway.runtime.drift import EVENTS_REFUSED
from laneway.store import LogRead, Store
from laneway.wire import StoredEvent

log = structlog.get_logger(__name__)

Cursor = tuple[int, int]
"""Where a reader stands: (offset, 0) in a session's log, (position, ordinal) in a user's. Later is greater."""
WHOLE_COMMIT = 1 << 62
"""As an ordinal: behind every event of the commit at that position."""

_SCOPES: dict[str, EventScope] = {
    kind.type: kind.scope
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, EventData) and kind is not EventData
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One event, ready to be sent to everybody who reads this log."""

    cursor: Cursor
    thread_id: str | None
    data: bytes
    deletes_thread: bool

    @property
    def json(self) -> bytes:
        """The event itself, which stands on the frame's last line."""
        return self.data[self.data.rindex(b"\ndata: ") + 7 :]


@dataclass(frozen=True, slots=True)
class FrameRead:
    """Frames after a cursor, and where to go on."""

    frames: tuple[Frame, ...]
    cursor: Cursor
    is_at_end: bool
    reset_at: int | None = None


class EventLog(Protocol):
    """A log that streams can read and be rung for."""

    @property
    def topic(self) -> str:
        """What the bus rings when there is more to read."""
        ...

    async def read(self, after: Cursor, limit: int, thread_id: str | None = None) -> FrameRead:
        """Read on; raises `BadCursor` and `CursorExpired`."""
        ...


@dataclass(frozen=True)
class SessionLog:
    """A session's log, whose cursors are offsets."""

    store: Store
    session_id: str
    owner: str

    @property
    def topic(self) -> str:
        return events.session_log(self.session_id)

    async def read(self, after: Cursor, limit: int, thread_id: str | None = None) -> FrameRead:
        read = await self.store.read_log(self.topic, after[0], limit, thread_id)
        kept = [event for event in read.events if _is_entitled(event, self.owner, self.session_id)]
        frames = tuple(_frame(event, (event.offset, 0), str(event.offset)) for event in kept)
        return FrameRead(frames, (read.cursor, 0), read.cursor >= read.tail, read.reset_at)


@dataclass(frozen=True)
class UserLog:
    """A user's home log and all the user's sessions, in the order of commits."""

    store: Store
    owner: str

    @property
    def topic(self) -> str:
        return events.home_log(self.owner)

    async def read(self, after: Cursor, limit: int, thread_id: str | None = None) -> FrameRead:
        position, ordinal = after
        # A commit that counts as read whole is passed over, page by page: how far its ordinals go is the store's own.
        begin = (position, 0 if ordinal == WHOLE_COMMIT else ordinal)
        while True:
            read = await self.store.read_user(self.owner, begin, limit)
            frames = tuple(
                _frame(event, (event.position, event.ordinal), f"{event.position}.{event.ordinal}")
                for event in read.events
                if (event.position, event.ordinal) > after and _is_entitled(event, self.owner, None)
            )
            begin = (read.cursor, read.ordinal)
            is_at_end = _is_at_end(read, limit)
            if frames or is_at_end or begin > after:
                return FrameRead(frames, max(after, begin), is_at_end)


def _is_at_end(read: LogRead, limit: int) -> bool:
    return read.cursor >= read.tail and len(read.events) < limit


def _frame(event: StoredEvent, cursor: Cursor, id: str) -> Frame:
    return Frame(cursor, event.thread_id, encode_frame(id, event.type, wire.frame(event)), event.type == _DELETED)


_DELETED = ThreadDeleted.type


def encode_frame(id: str, event: str, data: bytes) -> bytes:
    """One event of a text/event-stream. `data` is ASCII JSON on one line; `id` and `event` hold nothing of a user's."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id.encode(), event.encode(), data)


def _is_entitled(event: StoredEvent, owner: str, session_id: str | None) -> bool:
    """Whether an event may leave in this log. No id is ever filled in: what lacks one is dropped, and counted."""
    reason = _refusal(event, owner, session_id)
    if reason is None:
        return True
    EVENTS_REFUSED.labels(reason).inc()
    log.error("event refused at fan-out", reason=reason, log=event.log, offset=event.offset, type=event.type)
    return False


def _refusal(event: StoredEvent, owner: str, session_id: str | None) -> str | None:
    scope = _SCOPES.get(event.type)
    if event.owner != owner:
        return "foreign owner"
    if session_id is not None and event.session_id != session_id:
        return "foreign session"
    if not event.session_id and scope in ("thread", "session"):
        return "no session"
    if not event.thread_id and scope == "thread":
        return "no thread"
    return None
