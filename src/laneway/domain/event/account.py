"""Users and their keys, told in the user's home log."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.user import UserResource


@dataclass(frozen=True, slots=True)
class UserUpdated(EventData):
    """The user's name or role was changed, or whether they may come in."""

    type = "user.updated"
    scope = "user"
    user: UserResource


@dataclass(frozen=True, slots=True)
class KeyCreated(EventData):
    """A key of the user was made. What it proves itself with is told nowhere."""

    type = "key.created"
    scope = "user"
    key_id: str
    name: str


@dataclass(frozen=True, slots=True)
class KeyRevoked(EventData):
    """A key of the user was ended."""

    type = "key.revoked"
    scope = "user"
    key_id: str
