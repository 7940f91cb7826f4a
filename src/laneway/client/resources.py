"""Resources: what the API answers with where the domain has no word of its own for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, overload

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
from laneway.domain.turn import TurnResource, TurnStatus

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Sequence[T_co], Generic[T_co]):
    """Some things of a list, in order: a sequence of them."""

    items: tuple[T_co, ...]
    next_cursor: str | None = None
    """Give it as `cursor` to get the next page; None: this is the last."""
    total: int | None = None
    """How many there are in all; told with the first page."""
    offset: int | None = None
    """Where the log stood, for what is told in one: events `after` it go on from this page."""

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, index: int | slice) -> T_co | tuple[T_co, ...]:
        return self.items[index]


@dataclass(frozen=True, slots=True)
class AgentResource:
    """An agent: what it is, what it can do, and why not when it cannot run."""

    name: str
    title: str
    description: str
    kind: str
    capabilities: Capabilities
    available: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WorkingAgent:
    """What an agent is doing in a session: its active turn, if it has one."""

    agent: str
    status: Literal["idle", "running", "waiting", "needs_review"]
    pid: int | None = None
    last_activity: Instant | None = None
    thread_id: str | None = None
    turn_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedThread(ThreadResource):
    """A new thread. `item_id` is its first message's place in the queue, when it was made with one."""

    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """An accepted message: recorded, and nothing more."""

    item_id: str
    thread_id: str
    state: QueueItemState
    offset: int
    """Events after it tell what becomes of the message."""
    position: int | None = None
    turn_id: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredTurn(TurnResource):
    """A turn that is over, or waits for a person's review, with what it said."""

    answer: str = ""
    """The text of its answers, a blank line between them; empty when it said nothing."""
    items: tuple[ItemResource, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a stop found: the turn that it stops, if one ran."""

    turn_id: str | None = None
    status: TurnStatus | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """How many messages of a thread have not been read."""

    unread: int


@dataclass(frozen=True, slots=True)
class NoteResource:
    """A note of a session."""

    id: str
    text: str
    prompt: bool
    created_at: Instant
    updated_at: Instant
    key: str | None = None
    session_id: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True)
class AttachmentResource:
    """A file of a session."""

    id: str
    session_id: str
    name: str
    media_type: str
    size: int
    created_at: Instant = ""


@dataclass(frozen=True, slots=True)
class ValueResource:
    """One key of a session's environment `plain`."""

    value: Json
    key: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class SelectionResource:
    """Which thread a user last viewed in a session."""

    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class Me:
    """The user whose key this is."""

    id: str
    name: str
    role: Role
    scope: Scope = "full"


@dataclass(frozen=True, slots=True)
class UserResource:
    """A user of the server."""

    id: str
    name: str
    role: Role
    active: bool
    version: int = 1
    created_at: Instant = ""


@dataclass(frozen=True, slots=True)
class AuditResource:
    """An entry of the audit log. `user_id` is whose it is, `by` the admin who did it, when it was not that user."""

    number: int
    id: str
    user_id: str
    act: str
    subject: str
    at: Instant
    by: str | None = None
    previous: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class KeyResource:
    """An API key, without the key itself."""

    id: str
    user: str
    name: str
    prefix: str
    created_at: Instant
    last_used_at: Instant | None = None
    role: Role | None = None
    scope: Scope = "full"
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class CreatedKey(KeyResource):
    """A new API key: the only time that it is told."""

    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CreatedShare(ShareResource):
    """A new share. A link's `token` is told this one time; with a user there is none."""

    token: str | None = field(default=None, repr=False)
    url: str = field(default="", repr=False)


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
    last_message_at: Instant | None = None
    messages: tuple[ItemResource, ...] = ()


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
    title: str
    snippet: str
    item_id: str | None = None
    score: float = 0.0
    session_id: str = ""
    highlights: tuple[Piece, ...] = ()


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
