"""Step: what a running turn has done, one thing at a time; `RecordTurn` carries several, all or nothing."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.item import Call, Effect, Item, ItemState, Part
from laneway.domain.json import Json
from laneway.domain.thread import Usage
from laneway.domain.turn import RunStatus


@dataclass(frozen=True, slots=True)
class StartItem:
    """A piece of the transcript begins."""

    item: Item


@dataclass(frozen=True, slots=True)
class CompleteItem:
    """A piece of the transcript ends with all its parts. What no delta has told yet is told now, as the last one."""

    item_id: str
    parts: tuple[Part, ...]
    text: str
    state: ItemState
    told: int = 0
    """How many characters of its text deltas have told."""


@dataclass(frozen=True, slots=True)
class CallTool:
    """A tool call is recorded; `item` is the transcript's piece that holds it."""

    item: Item
    call: Call


@dataclass(frozen=True, slots=True)
class RequestApproval:
    """The call waits for a person; the turn gives its slot back."""

    item_id: str
    approval_id: str
    arguments_hash: str


@dataclass(frozen=True, slots=True)
class SpawnChild:
    """The call's child is made, unless it exists already, and waited for."""

    item_id: str
    call_id: str
    text: str
    agent: str | None
    waits: bool
    tools: tuple[str, ...] | None
    owner: str


@dataclass(frozen=True, slots=True)
class LeaveWait:
    """The answer is here, and the turn has its slot again."""

    reason: str


@dataclass(frozen=True, slots=True)
class StartCall:
    """The call is about to happen. Refused when a cancel has been acknowledged."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ReturnCall:
    """The call ended."""

    item_id: str
    effect: Effect
    result: Json = None
    error: str | None = None
    state: Literal["returned", "failed", "rejected"] = "returned"


@dataclass(frozen=True, slots=True)
class TakeSteer:
    """Take the messages that were sent to steer this turn."""


@dataclass(frozen=True, slots=True)
class Consume:
    """Add to the turn's usage."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class KeepResumePoint:
    """Keep the backend's resume id in the run's lane."""

    backend: str
    config_hash: str
    resume_id: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class UseResumePoint:
    """The run goes on from the lane's resume point."""


@dataclass(frozen=True, slots=True)
class LoseResumePoint:
    """The backend does not know the lane's resume id: the lane is reset, and the run starts afresh."""

    resume_id: str


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The turn is over. A recorded cancel decides the outcome over what the runner says."""

    outcome: Literal["completed", "failed", "cancelled"]
    run_status: RunStatus
    error_class: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseTurn:
    """The process stops: the turn is free to be taken up, and the attempt does not count."""


TurnStep = (
    StartItem
    | CompleteItem
    | CallTool
    | RequestApproval
    | SpawnChild
    | LeaveWait
    | StartCall
    | ReturnCall
    | TakeSteer
    | Consume
    | KeepResumePoint
    | UseResumePoint
    | LoseResumePoint
    | EndTurn
    | ReleaseTurn
)
