"""A verb: one command's needs and its decision, side by side in one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from laneway.domain.changes import Decision, Need
from laneway.domain.command import Command
from laneway.domain.draft import Draft

C = TypeVar("C", bound=Command)
Needs = tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Verb:
    """What a command needs to see, and what it changes."""

    command: type[Command]
    needs: Callable[[Command], Needs]
    decide: Callable[[Draft, Command], Decision]


def verb(command: type[C], needs: Callable[[C], Needs], decide: Callable[[Draft, C], Decision]) -> Verb:
    """Pair a command's type with its needs and its decision."""

    def needs_checked(given: Command) -> Needs:
        assert isinstance(given, command)
        return needs(given)

    def decide_checked(draft: Draft, given: Command) -> Decision:
        assert isinstance(given, command)
        return decide(draft, given)

    return Verb(command, needs_checked, decide_checked)
