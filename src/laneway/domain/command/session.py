"""Sessions, and what belongs to them: state, notes, a user's selection, files."""

from dataclasses import dataclass, field

from laneway.domain.command.command import Command
from laneway.domain.json import JsonObject
from laneway.domain.session import Attachment, Mode


@dataclass(frozen=True, kw_only=True)
class CreateSession(Command):
    """Make a session."""

    user_id: str
    title: str | None = None
    environment: str = "plain"
    mode: Mode = "copilot"
    settings: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True, kw_only=True)
class UpdateSession(Command):
    """Change a session's title, mode or settings; None leaves a field as it is."""

    session_id: str
    title: str | None = None
    mode: Mode | None = None
    settings: JsonObject | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteSession(Command):
    """Delete a session with everything in it; what runs is cancelled."""

    session_id: str


@dataclass(frozen=True, kw_only=True)
class TellState(Command):
    """Tell a change of state that came too soon after the last telling."""

    session_id: str


@dataclass(frozen=True, kw_only=True)
class AddNote(Command):
    """Add a note to a session; an equal `key` replaces the note that has it."""

    session_id: str
    text: str
    prompt: bool = False
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateNote(Command):
    """Change a note; None leaves a field as it is."""

    session_id: str
    note_id: str
    text: str | None = None
    prompt: bool | None = None
    key: str | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteNote(Command):
    """Remove a note."""

    session_id: str
    note_id: str


@dataclass(frozen=True, kw_only=True)
class SelectThread(Command):
    """Remember which thread a user last viewed in a session. Changes nothing else."""

    user_id: str
    session_id: str
    thread_id: str


@dataclass(frozen=True, kw_only=True)
class AddAttachment(Command):
    """Add a file, whose bytes are stored already, to a session (None: the user's default session)."""

    user_id: str
    session_id: str | None
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DeleteAttachment(Command):
    """Remove a file from its session."""

    attachment: Attachment
