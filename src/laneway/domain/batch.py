"""Batch: which waiting items the next turn takes. One pure function, for the engine, the API and the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from laneway.domain.queue import NextBatch, QueueHeader, QueueMode

BreakReason = Literal[
    "hold", "sender", "permissions", "agents", "delivery", "destination", "limit", "one_at_a_time",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How much one turn may take: `max_items`, and `max_bytes` of text (a single larger item still runs, alone)."""

    mode: QueueMode = "combine"
    max_items: int = 100
    max_bytes: int = 256 * 1024


def plan_batch(queue: Sequence[QueueHeader], policy: BatchPolicy) -> NextBatch:
    """Take the longest prefix that may run as one turn; say why it ends before the queue does."""
    taken: list[QueueHeader] = []
    size = 0
    for header in queue:
        size += header.size
        reason = _break_before(header, taken, size, policy)
        if reason is not None:
            return NextBatch(tuple(item.id for item in taken), reason)
        taken.append(header)
    return NextBatch(tuple(item.id for item in taken), None)


def _break_before(
    header: QueueHeader, taken: Sequence[QueueHeader], size: int, policy: BatchPolicy
) -> BreakReason | None:
    if header.hold:
        return "hold"
    if not taken:
        return None
    first = taken[0]
    if policy.mode == "one_at_a_time":
        return "one_at_a_time"
    if header.sender != first.sender:
        return "sender"
    if header.permissions != first.permissions:
        return "permissions"
    if header.agents != first.agents:
        return "agents"
    if "interrupt" in (header.delivery, first.delivery):
        return "delivery"
    if header.destination != first.destination:
        return "destination"
    if len(taken) >= policy.max_items or size > policy.max_bytes:
        return "limit"
    return None
