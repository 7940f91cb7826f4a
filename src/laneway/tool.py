"""Tool: the contract of what agents may do. Its effect says what may happen to a call that was cut off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from laneway.domain.changes import Changes, Need, View
from laneway.domain.ids import Ids
from laneway.domain.instant import Instant
from laneway.domain.item import Effect
from laneway.domain.json import Json, JsonObject
from laneway.domain.session import Session


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told of a tool."""

    name: str
    description: str
    parameters: Mapping[str, Json]
    """A JSON schema of the arguments: an object."""
    effect: Effect
    asks: bool = False
    """Wants an approval in every session; a `once` tool wants one in `copilot` sessions anyhow."""


class ToolFailed(Exception):
    """The call did not work; the message goes back to the agent, which may go on."""


class ToolRejected(ToolFailed):
    """The owner said no, or the approval is no longer possible."""


@dataclass(frozen=True, slots=True)
class ToolScope:
    """Where a call runs: made by the runtime from the turn, never from what a model says."""

    owner: str
    session_id: str
    thread_id: str
    turn_id: str
    call_id: str
    """Stable across attempts: the token that makes a repeated `repeatable` call recognisable."""


@runtime_checkable
class OutsideTool(Protocol):
    """A tool that acts on the world. Its call is recorded as started before, and as returned after."""

    @property
    def spec(self) -> ToolSpec:
        """What it is called and does."""
        ...

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        """Do it and return a JSON value; raises `ToolFailed`. A sync one runs in a thread of its own."""
        ...


@dataclass(frozen=True, slots=True)
class StoreStep:
    """What a store tool's decision sees."""

    view: View
    session: Session
    scope: ToolScope
    arguments: JsonObject
    ids: Ids
    at: Instant


class StoreTool(Protocol):
    """A tool that only changes our own store: its effect and its result are one commit, so it is never doubtful."""

    @property
    def spec(self) -> ToolSpec:
        """What it is called and does."""
        ...

    def needs(self, scope: ToolScope, arguments: JsonObject) -> tuple[Need, ...]:
        """The records that its decision reads, besides the session. Raises `ToolFailed` on bad arguments."""
        ...

    def decide(self, step: StoreStep) -> tuple[Changes, Json]:
        """Return what changes, and the result. Pure; raises `ToolFailed`."""
        ...


Tool = OutsideTool | StoreTool
