"""The inputs of a thread, until a turn takes them."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.queue import QueueItemResource


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
