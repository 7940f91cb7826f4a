"""Users, their keys and their logins."""

from dataclasses import dataclass

from laneway.domain.command.command import Command
from laneway.domain.instant import Instant
from laneway.domain.principal import Role, Scope


@dataclass(frozen=True, kw_only=True)
class CreateUser(Command):
    """Make a user; the name is unique."""

    user_id: str
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class CreateKey(Command):
    """Make an API key. Only its SHA-256 arrives here."""

    user_id: str
    name: str
    prefix: str
    sha256: str
    role: Role
    scope: Scope
    expires_at: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class RevokeKey(Command):
    """End a key; its streams close within a second."""

    key_id: str


@dataclass(frozen=True, kw_only=True)
class CreateLogin(Command):
    """Start a browser's login with a key that has been proved."""

    user_id: str
    sha256: str
    key_id: str
    role: Role
    scope: Scope
    expires_at: Instant


@dataclass(frozen=True, kw_only=True)
class EndLogin(Command):
    """End a browser's login."""

    login_id: str
