"""Resources: what the API answers with where the domain has no word of its own for it."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from laneway.agent import Capabilities
from laneway.domain.instant import Instant
from laneway.domain.item import ItemResource
from laneway.domain.json import Json
from laneway.domain.parcel import ImportFormat
from laneway.domain.principal import Role, Scope
from laneway.domain.queue import QueueItemState
from laneway.domain.share import Permission, ShareResource
from laneway.domain.thread import ThreadResource, ThreadStatus


@dataclass(frozen=True, slots=True)
class AgentResource:
    """An agent: what it is, what it can do, and why not when it cannot run."""

    name: str
    title: str
    description: str
    kind: str
    capabilities: Capabilities
    available: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class WorkingAgent:
    """What an agent is doing in a session: its active turn, if it has one."""

    agent: str
    status: Literal["idle", "running", "waiting", "needs_review"]
    pid: int | None
    last_activity: Instant | None
    thread_id: str | None = None
    turn_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedThread(ThreadResource):
    """A new thread. `item_id` is its first message's place in the queue, when it was made with one."""

    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """An accepted message: recorded, and nothing more. Events after `offset` tell what becomes of it."""

    item_id: str
    thread_id: str
    state: QueueItemState
    position: int
    turn_id: str | None
    offset: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a stop found: the turn that it stops, if one ran."""

    turn_id: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Unread:
    """How many messages of a thread have not been read."""

    unread: int


@dataclass(frozen=True, slots=True)
class NoteResource:
    """A note of a session."""

    id: str
    session_id: str
    text: str
    prompt: bool
    key: str | None
    version: int
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class AttachmentResource:
    """A file of a session."""

    id: str
    session_id: str
    name: str
    media_type: str
    size: int
    created_at: Instant


@dataclass(frozen=True, slots=True)
class ValueResource:
    """One key of a session's environment `plain`."""

    key: str
    value: Json
    version: int


@dataclass(frozen=True, slots=True)
class SelectionResource:
    """Which thread a user last viewed in a session."""

    thread_id: str | None


@dataclass(frozen=True, slots=True)
class Me:
    """The user who asks, and what the credential allows."""

    id: str
    name: str
    role: Role
    scope: Scope


@dataclass(frozen=True, slots=True)
class LoggedIn(Me):
    """The same for a browser's login, with what the page sends as `X-CSRF-Token` with each of its writes."""

    csrf_token: str | None = None


@dataclass(frozen=True, slots=True)
class AuditResource:
    """An entry of the audit log. `user_id` is whose it is, `by` the admin who did it, when it was not that user."""

    number: int
    id: str
    user_id: str
    act: str
    subject: str
    at: Instant
    by: str | None
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class KeyResource:
    """An API key, without the key itself. `last_used_at` is as this process has seen it."""

    id: str
    user: str
    name: str
    prefix: str
    role: Role
    scope: Scope
    created_at: Instant
    last_used_at: Instant | None
    expires_at: Instant | None


@dataclass(frozen=True, slots=True)
class CreatedKey(KeyResource):
    """A new API key: the only time that it is told."""

    key: str


@dataclass(frozen=True, slots=True)
class CreatedShare(ShareResource):
    """A new share. A link's `token` is told this one time; with a user there is none."""

    token: str | None
    url: str


@dataclass(frozen=True, slots=True)
class ReceivedShare:
    """A share as the user sees it with whom it is: `by` is the name of the thread's owner."""

    id: str
    thread_id: str
    by: str
    permission: Permission
    tool_output: bool
    created_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class SharedThread:
    """What somebody with a link sees of a thread: some of its transcript, in order."""

    title: str
    agent_id: str
    status: ThreadStatus
    permission: Permission
    tool_output: bool
    expires_at: Instant
    created_at: Instant
    last_message_at: Instant | None
    messages: list[ItemResource]


@dataclass(frozen=True, slots=True)
class TagResource:
    """A tag, and how many threads have it."""

    tag: str
    threads: int


@dataclass(frozen=True, slots=True)
class AnalyticsRow:
    """What the turns of one day, agent or thread were: `key` is its date, name or id."""

    key: str
    turns: int
    messages: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    duration_p50_s: float | None
    duration_p95_s: float | None
    failures: int


class Analytics(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Turns that began from `from` on, and before `to`."""

    from_: Instant
    to: Instant
    rows: tuple[AnalyticsRow, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a snippet; `match` says whether it is one of the words that were looked for."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A place where the words were found. `highlights` are the snippet, cut where the words begin and end."""

    thread_id: str
    item_id: str | None
    title: str
    snippet: str
    score: float
    session_id: str
    highlights: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """How the server is."""

    status: Literal["ok", "ready"]


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many things an import has made."""

    sessions: int
    threads: int
    items: int
    lanes: int


@dataclass(frozen=True, slots=True)
class SkippedResource:
    """Something that was not imported, by its place in the upload, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportResource:
    """What an import has made, and what it has left out."""

    format: ImportFormat
    imported: ImportCounts
    skipped: tuple[SkippedResource, ...]
