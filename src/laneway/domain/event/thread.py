"""Threads and their transcripts as a whole."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.thread import ThreadSummary


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
class TranscriptCut(EventData):
    """Items after `after_item_id` (None: all) are superseded: out of the context and of default lists."""

    type = "transcript.cut"
    after_item_id: str | None
    reason: str
