"""Turns, as the engine runs them."""

from dataclasses import dataclass

from laneway.domain.command.command import Command
from laneway.domain.item import Item
from laneway.domain.step import TurnStep
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn


@dataclass(frozen=True, kw_only=True)
class BeginTurn(Command):
    """Claim the next batch of a thread."""

    thread_id: str
    node: str


@dataclass(frozen=True, kw_only=True)
class TakeUpTurn(Command):
    """Take up a turn that nobody runs: released, reviewed, answered, or left by a node that died."""

    thread_id: str
    turn_id: str
    node: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim: the turn (None: it was ended or put under review instead), its thread and its batch.

    The batch of a turn that answers earlier messages again is not here: `Turn.again` names it.
    """

    turn: Turn | None
    thread: Thread
    batch: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to `RecordTurn`: the messages that a `TakeSteer` took."""

    steered: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class RecordTurn(Command):
    """What a running turn has done, in order, under its fence: all of it or nothing."""

    thread_id: str
    turn_id: str
    fence: int
    steps: tuple[TurnStep, ...]
