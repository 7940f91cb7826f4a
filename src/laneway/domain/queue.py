"""Queue: what a thread has accepted and no turn has taken yet. The thread keeps headers, the items keep the bodies."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.item import Part, part_resource
from laneway.domain.json import JsonObject

Delivery = Literal["queue", "steer", "interrupt", "reject"]
QueueItemState = Literal["queued", "held", "steering", "consumed", "withdrawn", "rejected", "expired"]
QueueMode = Literal["combine", "one_at_a_time"]
WAITING: frozenset[QueueItemState] = frozenset({"queued", "held", "steering"})


@dataclass(frozen=True, slots=True)
class QueueHeader:
    """What a batch is planned from: one waiting item without its body. The tuple's order is the queue's order."""

    id: str
    sender: str
    hold: bool = False
    delivery: Delivery = "queue"
    permissions: str = "full"
    agents: tuple[str, ...] = ()
    destination: str | None = None
    size: int = 0
    """Bytes of the item's text."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """An accepted input; it ends in exactly one of consumed, withdrawn, rejected or expired."""

    id: str
    owner: str
    session_id: str
    thread_id: str
    state: QueueItemState
    delivery: Delivery
    hold: bool
    sender: str
    parts: tuple[Part, ...]
    text: str
    created_at: Instant
    changed_at: Instant
    agents: tuple[str, ...] = ()
    discard: bool = False
    reply_to: str | None = None
    trigger: str = "message"
    """What raised the input: `message`, `regenerate`, or the alert's id of an alert thread's briefing."""
    again: tuple[str, ...] = ()
    """The transcript items that it asks again, where they stand: taking it makes no new ones."""
    turn_id: str | None = None
    reason: str | None = None
    version: int = 1

    @property
    def open(self) -> int | None:
        """1 while the item waits."""
        return 1 if self.state in WAITING else None


@dataclass(frozen=True, slots=True)
class QueueItemResource:
    """A waiting item as the API and events show it; `position` counts from 1."""

    id: str
    position: int
    state: QueueItemState
    delivery: Delivery
    hold: bool
    sender: str
    parts: tuple[JsonObject, ...]
    text: str
    version: int
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an accepted input; it can be asked for as long as the thread exists."""

    id: str
    thread_id: str
    state: QueueItemState
    turn_id: str | None
    reason: str | None
    at: Instant


@dataclass(frozen=True, slots=True)
class NextBatch:
    """What the next turn would take, and why it stops there (None: it takes all that waits)."""

    item_ids: tuple[str, ...]
    break_reason: str | None


@dataclass(frozen=True, slots=True)
class QueueResource:
    """A thread's queue as the API shows it."""

    paused: bool
    reason: str | None
    mode: QueueMode
    version: int
    items: tuple[QueueItemResource, ...]
    next_batch: NextBatch


def queue_item_resource(item: QueueItem, position: int) -> QueueItemResource:
    """Show a waiting item at its position."""
    return QueueItemResource(
        item.id, position, item.state, item.delivery, item.hold, item.sender,
        tuple(part_resource(part) for part in item.parts), item.text, item.version, item.created_at,
    )  # fmt: skip


def receipt(item: QueueItem) -> Receipt:
    """Show what became of an item."""
    return Receipt(item.id, item.thread_id, item.state, item.turn_id, item.reason, item.changed_at)
