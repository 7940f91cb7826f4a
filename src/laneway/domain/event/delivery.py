"""Deliveries: where an outcome goes, and why."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.event.type import EventData


@dataclass(frozen=True, slots=True)
class DeliveryDecided(EventData):
    """It was decided where an outcome goes. A child that is bound to no outside conversation reports to its parent's
    turn or queue, and to nobody else; that of an archived parent (`parent-archived`) keeps its answer to itself."""

    type = "delivery.decided"
    event_kind: Literal["task_completion"]
    mode: Literal["bound", "fallback"]
    reason: str
    parent_thread_id: str | None
    """The thread that is told; None: nobody is."""
