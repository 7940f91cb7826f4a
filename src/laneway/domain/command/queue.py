"""The inputs of a thread that no turn has taken yet."""

from dataclasses import dataclass

from laneway.domain.command.command import Command
from laneway.domain.command.message import NewMessage
from laneway.domain.item import Part
from laneway.domain.queue import Delivery


@dataclass(frozen=True, kw_only=True)
class PostMessage(Command):
    """Send a message to a thread."""

    thread_id: str
    message: NewMessage


@dataclass(frozen=True, kw_only=True)
class EditQueueItem(Command):
    """Change a waiting item; None leaves a field as it is. `position` counts from 1."""

    thread_id: str
    item_id: str
    parts: tuple[Part, ...] | None = None
    hold: bool | None = None
    position: int | None = None
    delivery: Delivery | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class WithdrawQueueItem(Command):
    """Take a waiting item back."""

    thread_id: str
    item_id: str
    by: str
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class PauseQueue(Command):
    """Start no further turn in a thread."""

    thread_id: str
    reason: str = "paused by the owner"


@dataclass(frozen=True, kw_only=True)
class ResumeQueue(Command):
    """Let turns start again."""

    thread_id: str


@dataclass(frozen=True, kw_only=True)
class ClearQueue(Command):
    """Withdraw everything that waits."""

    thread_id: str
    by: str
