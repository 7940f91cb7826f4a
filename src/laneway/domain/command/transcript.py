"""Changes of what was said: edit, answer again, delete, fork."""

from dataclasses import dataclass

from laneway.domain.command.command import Command
from laneway.domain.command.message import NewMessage


@dataclass(frozen=True, kw_only=True)
class CutTranscript(Command):
    """What the changes of a transcript have in common: the message they name, and the `seq` from which on all goes."""

    thread_id: str
    item_id: str
    from_seq: int
    queue_item_id: str | None = None
    """The input that the message, or its question, came from."""


@dataclass(frozen=True, kw_only=True)
class EditMessage(CutTranscript):
    """Say something else in place of a message; what followed it goes."""

    message: NewMessage


@dataclass(frozen=True, kw_only=True)
class RegenerateAnswer(CutTranscript):
    """Have a question, which stays, answered again by a new turn."""

    turn_id: str
    question: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DeleteMessage(CutTranscript):
    """Take an exchange and what followed it out of the transcript."""

    by: str


@dataclass(frozen=True, kw_only=True)
class ForkThread(Command):
    """Begin a new thread with a copy of another's transcript, up to an item (None: all of it) and its `seq`."""

    thread_id: str
    after_item_id: str | None = None
    after_seq: int | None = None
