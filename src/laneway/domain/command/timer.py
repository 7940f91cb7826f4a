"""Timers, and their occurrences."""

from collections.abc import Mapping
from dataclasses import dataclass

from laneway.domain.alert import MissedPolicy, TimerState
from laneway.domain.command.command import Command
from laneway.domain.instant import Instant
from laneway.domain.json import Json


@dataclass(frozen=True, kw_only=True)
class CreateTimer(Command):
    """Set a timer. `next_at` is its first time, worked out by the caller from the clock."""

    session_id: str
    text: str
    next_at: Instant
    when_at: Instant | None = None
    every_s: int | None = None
    cron: str | None = None
    timezone: str | None = None
    agent_id: str | None = None
    missed: MissedPolicy = "once"


@dataclass(frozen=True, kw_only=True)
class UpdateTimer(Command):
    """Change a timer; what `changes` does not name stays. `next_at` is its next time under the new definition."""

    session_id: str
    timer_id: str
    changes: Mapping[str, Json]
    next_at: Instant | None
    state: TimerState | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteTimer(Command):
    """Remove a timer; after this is recorded it fires no more."""

    session_id: str
    timer_id: str


@dataclass(frozen=True, kw_only=True)
class FireTimer(Command):
    """Raise the alert of one occurrence, or skip it, and move the timer on to `next_at` (None: it is done)."""

    session_id: str
    timer_id: str
    timer_version: int
    occurrence: Instant
    next_at: Instant | None
    skip: bool = False
