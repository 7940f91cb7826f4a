"""A message as it is sent."""

from dataclasses import dataclass

from laneway.domain.item import Part
from laneway.domain.queue import Delivery


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message as it is sent: what becomes a queue item."""

    parts: tuple[Part, ...]
    sender: str
    agents: tuple[str, ...] = ()
    delivery: Delivery = "queue"
    discard: bool = False
    hold: bool = False
    reply_to: str | None = None
