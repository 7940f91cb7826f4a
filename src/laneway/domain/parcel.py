"""Parcels: what travels in an export and comes in with an import. They hold no id of any server, only names of things
in the same export."""

from dataclasses import dataclass, field
from typing import Literal

from laneway.domain.alert import MissedPolicy, TimerState
from laneway.domain.instant import Instant
from laneway.domain.item import Call, ItemRole, Part
from laneway.domain.json import Json, JsonObject
from laneway.domain.lane import Workflow
from laneway.domain.queue import Delivery
from laneway.domain.session import Mode
from laneway.domain.thread import ThreadKind, ThreadSettings, TitleSource, Usage
from laneway.domain.vote import VoteValue

ImportFormat = Literal["laneway", "chatgpt", "kingdom", "agent-world", "generic"]

WAITED = "it waited when it was exported"
"""Why the queue of an imported thread is paused: an import starts no turn."""


@dataclass(frozen=True, slots=True)
class SessionParcel:
    """A session. What follows belongs to it, up to the next one."""

    name: str
    """Names it among everything that its owner imports from this format: the same name is the same session."""
    title: str
    environment: str = "plain"
    mode: Mode = "copilot"
    settings: JsonObject = field(default_factory=dict[str, object])
    created_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class NoteParcel:
    """A note of the session."""

    text: str
    prompt: bool = False
    key: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class EntryParcel:
    """One entry of the session's environment."""

    collection: str
    key: str
    value: Json = None


@dataclass(frozen=True, slots=True)
class TimerParcel:
    """A timer of the session. It comes paused: an import starts nothing."""

    text: str
    state: TimerState = "paused"
    missed: MissedPolicy = "once"
    agent_id: str | None = None
    created_at: Instant | None = None
    at: Instant | None = None
    every_s: int | None = None
    cron: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class FileParcel:
    """A file of the session; `path` says where in the upload its bytes are."""

    name: str
    """Names it in the session; an `attachment_id` of a part holds this name."""
    filename: str
    path: str
    media_type: str = "application/octet-stream"
    created_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class ThreadParcel:
    """A thread of the session. The waiting inputs, lanes, comments and items that follow are its."""

    name: str
    """Names it in its session: the same name is the same thread."""
    title: str | None = None
    title_source: TitleSource = "manual"
    agent_id: str | None = None
    """None: the default agent."""
    kind: ThreadKind = "chat"
    created_at: Instant | None = None
    members: tuple[str, ...] = ()
    summary: str | None = None
    unread: int = 0
    tags: tuple[str, ...] = ()
    pinned: bool = False
    archived: bool = False
    metadata: JsonObject = field(default_factory=dict[str, object])
    settings: ThreadSettings = field(default_factory=ThreadSettings)
    pause_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    parent: str | None = None
    """The thread that spawned it, by its name."""
    forked_from: str | None = None
    """The thread that it was copied from, by its name."""


@dataclass(frozen=True, slots=True)
class WaitingParcel:
    """An input that waited in the thread's queue."""

    parts: tuple[Part, ...]
    text: str
    sender: str
    created_at: Instant | None = None
    delivery: Delivery = "queue"
    hold: bool = False
    agents: tuple[str, ...] = ()
    discard: bool = False


@dataclass(frozen=True, slots=True)
class LaneParcel:
    """A backend's resume point for the thread."""

    workflow: Workflow
    agent: str
    resume_id: str
    backend: str = ""
    config_hash: str = ""
    """That of the agent as it is configured here; empty when there is no such agent: the lane is stale then."""


@dataclass(frozen=True, slots=True)
class CommentParcel:
    """What somebody wrote beside the thread, or beside an item of it."""

    text: str
    author: str
    is_own: bool = False
    """The owner of the thread wrote it."""
    created_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class VoteParcel:
    """What the owner thinks of an item."""

    value: VoteValue
    comment: str | None = None
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class ItemParcel:
    """One piece of the thread's transcript."""

    role: ItemRole
    parts: tuple[Part, ...]
    text: str
    turn: int = 0
    """Items with equal numbers belong to one turn."""
    agent: str | None = None
    sender: str | None = None
    state: Literal["complete", "interrupted", "superseded"] = "complete"
    created_at: Instant | None = None
    call: Call | None = None
    vote: VoteParcel | None = None
    comments: tuple[CommentParcel, ...] = ()


Parcel = (
    SessionParcel
    | NoteParcel
    | EntryParcel
    | TimerParcel
    | FileParcel
    | ThreadParcel
    | WaitingParcel
    | LaneParcel
    | CommentParcel
    | ItemParcel
)

TYPES: dict[str, type[Parcel]] = {
    "session": SessionParcel,
    "note": NoteParcel,
    "entry": EntryParcel,
    "timer": TimerParcel,
    "file": FileParcel,
    "thread": ThreadParcel,
    "waiting": WaitingParcel,
    "lane": LaneParcel,
    "comment": CommentParcel,
    "item": ItemParcel,
}
"""What the `type` of a line in an export says it is."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Remembers what an import has made of a thing with a name, so that the same import again makes nothing.

    It belongs to what was made, and goes with it: what was deleted can be imported again.
    """

    id: str
    """Made of the owner, the format and the names: see `origin_id`."""
    owner: str
    session_id: str
    thread_id: str | None
    made: str
    """The id of the session, the file or the thread."""
    name: str | None = None
    """The name that an export gives it instead of its id: an export that was imported is exported the same."""
    count: int = 0
    """How many items of a thread have been imported."""
    digest: str = ""
    """A hash of those items: what follows them is added only to the same beginning."""
