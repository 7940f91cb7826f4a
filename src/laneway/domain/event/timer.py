"""Timers, and the alerts that they raise."""

from dataclasses import dataclass

from laneway.domain.alert import FiringResource, TimerResource
from laneway.domain.event.type import EventData


@dataclass(frozen=True, slots=True)
class TimerCreated(EventData):
    """A timer was set."""

    type = "timer.created"
    scope = "session"
    timer: TimerResource


@dataclass(frozen=True, slots=True)
class TimerUpdated(EventData):
    """A timer was changed, or has fired and moved on."""

    type = "timer.updated"
    scope = "session"
    timer: TimerResource


@dataclass(frozen=True, slots=True)
class TimerDeleted(EventData):
    """A timer was removed; it fires no more."""

    type = "timer.deleted"
    scope = "session"
    timer_id: str


@dataclass(frozen=True, slots=True)
class AlertFired(EventData):
    """An occurrence raised an alert and started its thread, which the event names."""

    type = "alert.fired"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class AlertMerged(EventData):
    """An occurrence joined an alert thread that was already waiting."""

    type = "alert.merged"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class AlertSkipped(EventData):
    """An occurrence that was missed while nothing ran was skipped, as its timer says."""

    type = "alert.skipped"
    scope = "session"
    firing: FiringResource


@dataclass(frozen=True, slots=True)
class AlertDropped(EventData):
    """An occurrence was over a limit, which the reason names."""

    type = "alert.dropped"
    scope = "session"
    firing: FiringResource
