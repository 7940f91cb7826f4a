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
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateUser(Command):
    """Change a user's name or role, or whether they may come in; None leaves a field as it is."""

    user_id: str
    by: str
    name: str | None = None
    role: Role | None = None
    active: bool | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteUser(Command):
    """Delete a user with all that is theirs; what runs is cancelled."""

    user_id: str
    by: str
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class RecordAct(Command):
    """Write down an act that changes nothing: a read by an admin, an export, a refusal."""

    owner: str
    act: str
    subject: str


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
    by: str | None = None


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
