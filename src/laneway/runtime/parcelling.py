"""Parcelling: records as they travel: without ids of this server, in an order and under names that do not change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

from laneway import wire
from laneway.domain.alert import Timer
from laneway.domain.item import Item, Part
from laneway.domain.parcel import (
    TYPES,
    WAITED,
    CommentParcel,
    EntryParcel,
    FileParcel,
    ItemParcel,
    NoteParcel,
    Parcel,
    SessionParcel,
    ThreadParcel,
    TimerParcel,
    VoteParcel,
    WaitingParcel,
)
from laneway.domain.queue import QueueItem
from laneway.domain.session import Attachment, EnvironmentEntry, Note, Session
from laneway.domain.share import Comment
from laneway.domain.thread import Thread
from laneway.domain.vote import Vote

_TYPE_OF = {type_: name for name, type_ in TYPES.items()}


@dataclass(frozen=True, slots=True)
class Names:
    """What is called how in the export of one session."""

    names: Mapping[str, str]
    """The ids of what was imported → the names that it came with."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """The ids of files → their numbers."""

    def of(self, id: str) -> str:
        """The name that a session or thread came with, else its id."""
        return self.names.get(id, id)


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside the items of a thread, by their ids."""

    texts: Mapping[str, str]
    """What the unfinished ones say so far."""
    votes: Mapping[str, Vote]
    comments: Mapping[str | None, Sequence[Comment]]
    """Under None: those on the thread itself."""


def session_parcel(session: Session, names: Names) -> SessionParcel:
    return SessionParcel(
        names.of(session.id), session.title, session.environment, session.mode, session.settings, session.created_at
    )


def note_parcels(notes: Iterable[Note]) -> list[NoteParcel]:
    """Notes by age; of one age by what they say, since ids differ from server to server."""
    parcels = [NoteParcel(each.text, each.prompt, each.key, each.created_at, each.updated_at) for each in notes]
    return sorted(parcels, key=lambda each: (each.created_at or "", line(each)))


def entry_parcels(entries: Iterable[EnvironmentEntry]) -> list[EntryParcel]:
    parcels = [EntryParcel(each.collection, each.key, each.value) for each in entries]
    return sorted(parcels, key=lambda each: (each.collection, each.key))


def timer_parcels(timers: Iterable[Timer]) -> list[TimerParcel]:
    """Timers; those that are active are paused, here and so wherever they arrive."""
    parcels = [
        TimerParcel(
            each.text, "done" if each.state == "done" else "paused", each.missed, each.agent_id, each.created_at,
            each.at, each.every_s, each.cron, each.timezone,
        )
        for each in timers
    ]  # fmt: skip
    return sorted(parcels, key=lambda each: (each.created_at or "", line(each)))


def file_parcels(files: Iterable[Attachment]) -> tuple[list[FileParcel], dict[str, str]]:
    """Files with numbers for names, and their ids with these. Files that are equal in everything are one."""
    numbers: dict[FileParcel, str] = {}
    ids: dict[str, str] = {}
    unnamed = [
        (FileParcel("", each.name, f"attachments/{each.sha256}", each.media_type, each.created_at), each.id)
        for each in files
    ]
    for parcel, id in sorted(unnamed, key=lambda each: (each[0].created_at or "", line(each[0]))):
        ids[id] = numbers.setdefault(parcel, str(len(numbers) + 1))
    return [replace(parcel, name=number) for parcel, number in numbers.items()], ids


def thread_parcel(thread: Thread, waits: bool, names: Names, within: set[str]) -> ThreadParcel:
    """A thread; one in which something waits is paused, here and so wherever it arrives. `within`: the threads that
    travel with it, of which alone it can be a child or a copy."""
    is_paused = thread.settings.paused or waits
    parent, forked_from = thread.parent_thread_id, thread.forked_from
    return ThreadParcel(
        names.of(thread.id), thread.title, thread.title_source, thread.agent_id, thread.kind, thread.created_at,
        thread.members, thread.summary, thread.unread, thread.tags, thread.pinned, thread.archived, thread.metadata,
        replace(thread.settings, paused=is_paused), (thread.pause_reason or WAITED) if is_paused else None,
        thread.usage, names.of(parent) if parent in within and parent else None,
        names.of(forked_from) if forked_from in within and forked_from else None,
    )  # fmt: skip


def waiting_parcels(thread: Thread, items: Iterable[QueueItem], names: Names) -> list[WaitingParcel]:
    """What waits, in the queue's order; an earlier message that is to be asked again stays behind."""
    found = {item.id: item for item in items if not item.again}
    return [
        WaitingParcel(
            _parts(item.parts, names), item.text, item.sender, item.created_at, item.delivery, item.hold, item.agents,
            item.discard,
        )
        for item in (found[header.id] for header in thread.queue if header.id in found)
    ]  # fmt: skip


def comment_parcels(comments: Iterable[Comment]) -> tuple[CommentParcel, ...]:
    """Comments by age, and of one age by what they say."""
    parcels = [
        CommentParcel(each.text, each.author, each.author_id == each.owner, each.created_at) for each in comments
    ]
    return tuple(sorted(parcels, key=lambda each: (each.created_at or "", line(each))))


def item_parcel(item: Item, turn: int, beside: Beside, names: Names) -> ItemParcel:
    """An item; one that is being written ends with what it says so far."""
    parts, text = item.parts, item.text
    if item.state == "partial" and item.call is None:
        text = beside.texts.get(item.id, "")
        parts = (Part(parts[0].type if parts else "text", text=text),)
    state: Literal["complete", "interrupted", "superseded"] = "interrupted" if item.state == "partial" else item.state
    vote = beside.votes.get(item.id)
    call = replace(item.call, approval_id=None) if item.call else None
    return ItemParcel(
        item.role, _parts(parts, names), text, turn, item.agent, item.sender, state, item.created_at, call,
        VoteParcel(vote.value, vote.comment, vote.at) if vote else None,
        comment_parcels(beside.comments.get(item.id, ())),
    )  # fmt: skip


def line(parcel: Parcel) -> bytes:
    """A parcel as a line of an export: what it is, then what differs from the usual."""
    return wire.encode({"type": _TYPE_OF[type(parcel)], **_told(parcel)}) + b"\n"


def _parts(parts: Sequence[Part], names: Names) -> tuple[Part, ...]:
    return tuple(
        replace(part, attachment_id=names.files.get(part.attachment_id)) if part.attachment_id else part
        for part in parts
    )


def _told(value: Any) -> dict[str, object]:
    return {each.name: _plain(told) for each in fields(value) if (told := getattr(value, each.name)) != _usual(each)}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        # Only parcels and the records inside of them hold tuples; what people and models say are lists and texts.
        return [_plain(each) for each in _each(value)]
    return _told(value) if is_dataclass(value) else value


def _each(values: Any) -> Iterable[object]:
    return values


def _usual(each: "Field[Any]") -> object:
    return each.default_factory() if each.default_factory is not MISSING else each.default
