"""Sessions and their environments."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.session import SessionResource


@dataclass(frozen=True, slots=True)
class SessionCreated(EventData):
    """A session was made. Told in the owner's home log."""

    type = "session.created"
    scope = "user"
    session: SessionResource


@dataclass(frozen=True, slots=True)
class SessionUpdated(EventData):
    """A session's title, mode or settings changed."""

    type = "session.updated"
    scope = "session"
    session: SessionResource


@dataclass(frozen=True, slots=True)
class SessionDeleted(EventData):
    """A session was deleted with all that is in it. Told in the owner's home log."""

    type = "session.deleted"
    scope = "user"
    survives = True


@dataclass(frozen=True, slots=True)
class StateChanged(EventData):
    """The session's environment changed, at most once a second: a hint to fetch the state."""

    type = "state.changed"
    scope = "session"
    version: int
