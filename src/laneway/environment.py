"""Environment: the contract of a session's shared state, with the tools and the briefing that come with it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from laneway.domain.changes import Changes, Need, View
from laneway.domain.ids import Ids
from laneway.domain.instant import Instant
from laneway.domain.json import Json, JsonObject
from laneway.domain.session import EnvironmentEntry, Session
from laneway.tool import StoreTool


class Environment(Protocol):
    """One kind of shared state. Its entries are opaque to the domain; only its own `decide` gives them meaning."""

    @property
    def name(self) -> str:
        """The word that sessions choose it by."""
        ...

    def check(self, settings: JsonObject) -> None:
        """Raise `Invalid` when a session's settings do not fit."""
        ...

    def needs(self, session_id: str, command: JsonObject) -> tuple[Need, ...]:
        """The entries that a command reads. Raises `Invalid` on one that it does not know."""
        ...

    def decide(self, view: View, session: Session, command: JsonObject, ids: Ids, at: Instant) -> tuple[Changes, Json]:
        """Apply a command to the state: entry puts and drops, and the answer. Pure.

        The runtime adds `state.changed` when any entry changed.
        """
        ...

    def snapshot(self, session: Session, entries: Sequence[EnvironmentEntry]) -> Mapping[str, Json]:
        """The state as the page shows it and as agents are briefed with it, from all entries of the session."""
        ...

    def briefing(self, session: Session, entries: Sequence[EnvironmentEntry]) -> str:
        """The state in words, for agents; empty when there is nothing to say."""
        ...

    def tools(self) -> Sequence[StoreTool]:
        """The tools that agents of its sessions may call."""
        ...
