"""User: who owns sessions, and the credentials that prove it. Secrets are kept as SHA-256 only."""

from dataclasses import dataclass

from laneway.domain.instant import Instant
from laneway.domain.principal import Role, Scope


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


@dataclass(frozen=True, slots=True)
class Node:
    """A process that runs turns. Its heartbeat is written by the store, in the store's own time."""

    id: str
    owner: str
    beat_at: Instant
