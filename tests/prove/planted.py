"""Planted: known bugs, put into the real parts behind a switch that only the suite has. The suite must catch each."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """A bug, and the scenario that has to find it."""

    what: str
    scenario: str
    size: int
    invariants: tuple[str, ...]
    """At least one finding has to name one of these: caught, and for the right reason."""
    plant: Callable[[], None]
    """Puts it in. Runs in the server's process, before anything is built."""


BUGS: dict[str, Bug] = {}
