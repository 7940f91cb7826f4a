"""Instants: UTC times as fixed-width RFC 3339 text, so that they sort as text and reach the wire unchanged."""

from datetime import UTC, datetime, timedelta

Instant = str
"""Always `YYYY-MM-DDTHH:MM:SS.ffffffZ`: 27 characters, microseconds, UTC. Text order is time order."""


def format_instant(moment: datetime) -> Instant:
    """Write an aware datetime as an Instant."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_instant(instant: Instant) -> datetime:
    """Read an Instant back as an aware UTC datetime."""
    return datetime.fromisoformat(instant)


def later(instant: Instant, seconds: float) -> Instant:
    """Return the Instant that lies `seconds` after (negative: before) the given one."""
    return format_instant(parse_instant(instant) + timedelta(seconds=seconds))


def seconds_between(start: Instant, end: Instant) -> float:
    """Return how many seconds `end` lies after `start`."""
    return (parse_instant(end) - parse_instant(start)).total_seconds()
