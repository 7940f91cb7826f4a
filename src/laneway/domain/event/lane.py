"""Lanes and their resume points."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.lane import LaneKey


@dataclass(frozen=True, slots=True)
class LaneUpdated(EventData):
    """A lane has a new resume point."""

    type = "lane.updated"
    scope = "session"
    lane: LaneKey
    generation: int


@dataclass(frozen=True, slots=True)
class LaneInvalidated(EventData):
    """A lane's resume point is no longer used; the reason says why."""

    type = "lane.invalidated"
    scope = "session"
    lane: LaneKey
    reason: str
