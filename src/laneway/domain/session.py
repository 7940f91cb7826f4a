"""Session: a shared environment with many threads, and what belongs to it: notes, attachments, selections, keys."""

from dataclasses import dataclass, field
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.json import Json, JsonObject

Mode = Literal["copilot", "autonomous"]


@dataclass(frozen=True, slots=True)
class Session:
    """A shared environment. Its scope, `session:<id>`, is the identity under which the environment runs."""

    id: str
    owner: str
    title: str
    environment: str
    mode: Mode
    settings: JsonObject
    created_at: Instant
    updated_at: Instant
    is_default: bool = False
    state_version: int = 0
    state_told_at: Instant = ""
    """When the last `state.changed` was told; it is told at most once a second."""
    state_told_version: int = 0
    alert_minute: Instant = ""
    alerts_in_minute: int = 0
    version: int = 1
    deleted: bool = False

    @property
    def scope(self) -> str:
        return f"session:{self.id}"

    @property
    def status(self) -> Literal["active"]:
        return "active"

    @property
    def default_of(self) -> str | None:
        """The owner, while this is the owner's default session: at most one per user."""
        return self.owner if self.is_default and not self.deleted else None

    @property
    def state_untold(self) -> bool:
        return self.state_version != self.state_told_version


@dataclass(frozen=True, slots=True)
class Note:
    """A text shared by the threads of a session; a `prompt` note is part of what every agent is given."""

    id: str
    owner: str
    session_id: str
    text: str
    prompt: bool
    key: str | None
    created_at: Instant
    updated_at: Instant
    version: int = 1


@dataclass(frozen=True, slots=True)
class EnvironmentEntry:
    """One keyed piece of a session's environment. Its meaning is the environment's alone."""

    id: str
    """`<session id>/<collection>/<key>`: the key is unique in its session and collection."""
    owner: str
    session_id: str
    collection: str
    key: str
    value: Json
    version: int
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a session. Its bytes lie under their SHA-256 in the data directory."""

    id: str
    owner: str
    session_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Selection:
    """Which thread a user last viewed in a session. Navigation only: nothing reads it to decide where work runs."""

    id: str
    """`<user id>/<session id>`."""
    owner: str
    session_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How many threads a session has, how many run a turn, how many items wait."""

    threads: int = 0
    running: int = 0
    queued: int = 0


@dataclass(frozen=True, slots=True)
class SessionResource:
    """A session as the API shows it."""

    id: str
    title: str
    environment: str
    scope: str
    mode: Mode
    settings: JsonObject
    status: str
    created_at: Instant
    updated_at: Instant
    version: int
    counts: SessionCounts = field(default_factory=SessionCounts)


def session_resource(session: Session, counts: SessionCounts | None = None) -> SessionResource:
    """Show a session."""
    return SessionResource(
        session.id, session.title, session.environment, session.scope, session.mode, session.settings,
        session.status, session.created_at, session.updated_at, session.version, counts or SessionCounts(),
    )  # fmt: skip
