"""User: who owns sessions, and the credentials that prove it. Secrets are kept as SHA-256 only."""

from dataclasses import dataclass

from laneway.domain.instant import Instant
from laneway.domain.principal import ADMINISTRATORS, Role, Scope


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who owns sessions."""

    id: str
    owner: str
    name: str
    role: Role
    active: bool
    created_at: Instant
    version: int = 1

    @property
    def administers(self) -> int | None:
        """1 for whoever may manage users, as long as they may come in."""
        return 1 if self.active and self.role in ADMINISTRATORS else None


@dataclass(frozen=True, slots=True)
class UserResource:
    """A user as the API and events show it."""

    id: str
    name: str
    role: Role
    active: bool
    version: int
    created_at: Instant


def user_resource(user: User) -> UserResource:
    """Show a user."""
    return UserResource(user.id, user.name, user.role, user.active, user.version, user.created_at)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key: 256 random bits, shown once, kept as their SHA-256."""

    id: str
    owner: str
    name: str
    prefix: str
    sha256: str
    role: Role
    scope: Scope
    created_at: Instant
    expires_at: Instant | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A browser's login: a cookie's random value, kept as its SHA-256, made anew at each login."""

    id: str
    owner: str
    sha256: str
    key_id: str
    role: Role
    scope: Scope
    created_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class IdempotentReply:
    """The first answer to a write that carried an Idempotency-Key, kept for 24 hours."""

    id: str
    """SHA-256 over user, method, path and key."""
    owner: str
    body_sha256: str
    thread_id: str | None
    session_id: str | None
    reply: object
    log: str
    created_at: Instant
    offset: int = 0
    """Filled in by the store: the log's offset at the end of the first commit."""
    note: str = ""
    """What it takes, beside the credential of the request, to tell a secret again."""
