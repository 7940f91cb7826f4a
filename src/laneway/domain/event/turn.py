"""Turns, from claim to outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.thread import Usage


@dataclass(frozen=True, slots=True)
class TurnStarted(EventData):
    """A turn took its batch and runs."""

    type = "turn.started"
    number: int
    attempt: int
    item_ids: tuple[str, ...]
    trigger: str
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnResumed(EventData):
    """The same turn, with the same batch, was taken up again. Unfinished items after `discard_after_seq` are void."""

    type = "turn.resumed"
    attempt: int
    item_ids: tuple[str, ...]
    reason: str
    discard_after_seq: int | None


@dataclass(frozen=True, slots=True)
class TurnWaiting(EventData):
    """The turn waits for an approval or a child, and has given its slot back."""

    type = "turn.waiting"
    reason: str


@dataclass(frozen=True, slots=True)
class TurnCompleted(EventData):
    """The turn ended well."""

    type = "turn.completed"
    attempt: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnFailed(EventData):
    """The turn ended badly; `error` has a stable `class` and a `message`."""

    type = "turn.failed"
    attempt: int
    usage: Usage
    error: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TurnCancelled(EventData):
    """The turn was stopped. What it had said is kept, marked `interrupted`."""

    type = "turn.cancelled"
    attempt: int
    usage: Usage
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TurnInterrupted(EventData):
    """A message with `delivery=interrupt` cut the turn. What it had said is kept, marked `interrupted`."""

    type = "turn.interrupted"
    attempt: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnSuperseded(EventData):
    """An interrupt with `discard` cut the turn and left it out of the context."""

    type = "turn.superseded"
    attempt: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnNeedsReview(EventData):
    """A call may or may not have happened: a person says how to go on."""

    type = "turn.needs_review"
    attempt: int
    reason: str
    call_ids: tuple[str, ...]
