"""Alert: what wakes an alert thread. A timer is a time that raises one; each occurrence raises exactly one."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.json import JsonObject

MissedPolicy = Literal["once", "skip"]
TimerState = Literal["active", "paused", "done"]
FiringState = Literal["fired", "merged", "skipped", "dropped"]


@dataclass(frozen=True, slots=True)
class Timer:
    """A time, or times, at which an alert is raised: exactly one of `at`, `every_s` and `cron` is set."""

    id: str
    owner: str
    session_id: str
    text: str
    agent_id: str | None
    missed: MissedPolicy
    state: TimerState
    created_at: Instant
    at: Instant | None = None
    every_s: int | None = None
    cron: str | None = None
    timezone: str | None = None
    next_at: Instant | None = None
    version: int = 1

    @property
    def due_at(self) -> Instant | None:
        """When it next fires; None while it does not."""
        return self.next_at if self.state == "active" else None


@dataclass(frozen=True, slots=True)
class Firing:
    """One occurrence of a source. (source, occurrence) is unique: that is what makes it fire once."""

    id: str
    owner: str
    session_id: str
    source: str
    occurrence: str
    payload: JsonObject
    state: FiringState
    reason: str | None
    thread_id: str | None
    at: Instant


@dataclass(frozen=True, slots=True)
class TimerResource:
    """A timer as the API and events show it; `every` is in seconds."""

    id: str
    session_id: str
    at: Instant | None
    every: int | None
    cron: str | None
    timezone: str | None
    text: str
    agent_id: str | None
    missed: MissedPolicy
    state: TimerState
    next_at: Instant | None
    version: int
    created_at: Instant


@dataclass(frozen=True, slots=True)
class FiringResource:
    """A firing as the API and events show it."""

    id: str
    source: str
    occurrence: str
    payload: JsonObject
    state: FiringState
    reason: str | None
    thread_id: str | None
    at: Instant


def timer_resource(timer: Timer) -> TimerResource:
    """Show a timer."""
    return TimerResource(
        timer.id, timer.session_id, timer.at, timer.every_s, timer.cron, timer.timezone, timer.text, timer.agent_id,
        timer.missed, timer.state, timer.next_at, timer.version, timer.created_at,
    )  # fmt: skip


def firing_resource(firing: Firing) -> FiringResource:
    """Show a firing."""
    return FiringResource(
        firing.id, firing.source, firing.occurrence, firing.payload, firing.state, firing.reason, firing.thread_id,
        firing.at,
    )  # fmt: skip
