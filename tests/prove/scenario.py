"""Scenario: one entry of the fault and abuse catalogue: how large it is in each tier, what it may use, how it went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Tier = Literal["quick", "nightly", "release"]
Store = Literal["sqlite", "postgres"]
Figure = int | float | str
BOTH: tuple[Store, ...] = ("sqlite", "postgres")


@dataclass
class Report:
    """How a run went. It passed when nothing was found."""

    findings: list[str] = field(default_factory=list[str])
    figures: dict[str, Figure] = field(default_factory=dict[str, Figure])
    """What was counted and measured."""
    note: str = ""
    """Why the run says less than it could: a tool that this machine lacks."""
    folder: str = ""
    """Where the evidence of a failure lies."""

    @property
    def passed(self) -> bool:
        return not self.findings

    def expect(self, held: bool, otherwise: str) -> None:
        """Note a finding when something did not hold."""
        if not held:
            self.findings.append(otherwise)


Run = Callable[[int, int], Report]
"""Runs a scenario with a seed at a size."""


@dataclass(frozen=True)
class Scenario:
    """What to run, how large, and within which bounds."""

    id: str
    title: str
    module: str
    """The module of tests/prove that has its `run(seed, size)`."""
    sizes: Mapping[Tier, int]
    """Its number in each tier: kills, cuts, requests… A tier without one leaves it out."""
    unit: str
    max_seconds: int
    max_requests: int = 100_000
    max_disk_mb: int = 500
    stores: tuple[Store, ...] = BOTH
    is_timed: bool = False
    """It measures times, so nothing else may run beside it."""
