"""Event: a fact with all its ids, and the log that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from laneway.domain.event.item import ItemCompleted, ItemDelta, ItemStarted
from laneway.domain.event.type import EventData
from laneway.domain.frozen import replace
from laneway.domain.instant import Instant


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
