"""What every event type shares."""

from dataclasses import dataclass
from typing import ClassVar, Literal

EventScope = Literal["thread", "session", "user"]


@dataclass(frozen=True, slots=True)
class EventData:
    """What every event type shares: its name, and whether it belongs to a thread, a session or a user's home log."""

    type: ClassVar[str]
    scope: ClassVar[EventScope] = "thread"
    survives: ClassVar[bool] = False
    """Kept when the thread or session that it names is erased: the tombstone's own announcement."""
