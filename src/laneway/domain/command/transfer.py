"""Commands about what comes from elsewhere: sessions, files and threads with their items, a batch at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from laneway.domain.command.command import Command
from laneway.domain.parcel import (
    CommentParcel,
    EntryParcel,
    ItemParcel,
    LaneParcel,
    NoteParcel,
    SessionParcel,
    ThreadParcel,
    TimerParcel,
    WaitingParcel,
)


@dataclass(frozen=True, kw_only=True)
class Import(Command):
    """What the commands of an import have in common. Given again, each makes nothing and answers with what is there."""

    user_id: str
    origin_id: str
    """Under which what is made is remembered."""
    keeps_name: bool = False
    """An export of this server's own format: names are ids of the server that wrote it, and are exported again."""


@dataclass(frozen=True, kw_only=True)
class ImportSession(Import):
    """Make a session of a parcel, with what belongs to it alone."""

    session: SessionParcel
    notes: tuple[NoteParcel, ...] = ()
    entries: tuple[EntryParcel, ...] = ()
    timers: tuple[TimerParcel, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportFile(Import):
    """Add a file, whose bytes are stored already, to an imported session."""

    session_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImportThread(Import):
    """Make a thread of a parcel, with what waits in its queue, but without its items."""

    session_id: str
    thread: ThreadParcel
    waiting: tuple[WaitingParcel, ...] = ()
    lanes: tuple[LaneParcel, ...] = ()
    comments: tuple[CommentParcel, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """The names of files → their ids here."""
    parent_origin: str | None = None
    forked_origin: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImportItems(Import):
    """Add items to an imported thread: those after the first `after`, which are there."""

    thread_id: str
    after: int
    items: tuple[ItemParcel, ...]
    digest: str
    """Of all items up to the last of these."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
