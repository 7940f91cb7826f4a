"""Instants: UTC times as fixed-width RFC 3339 text, so that they sort as text and reach the wire unchanged."""

from datetime import UTC, datetime, timedelta

Instant = str
"""Always `YYYY-MM-DDTHH:MM:SS.ffffffZ`: 27 characters, microseconds, UTC. Text order is time order."""

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def format_instant(moment: datetime) -> Instant:
    """Write an aware datetime as an Instant."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def parse_instant(instant: Instant) -> datetime:
    """Read an Instant back as an aware UTC datetime."""
    return datetime.strptime(instant, _FORMAT).replace(tzinfo=UTC)


def later(instant: Instant, seconds: float) -> Instant:
    """Return the Instant that lies `seconds` after (negative: before) the given one."""
    return format_instant(parse_instant(instant) + timedelta(seconds=seconds))


def seconds_between(start: Instant, end: Instant) -> float:
    """Return how many seconds `end` lies after `start`."""
    return (parse_instant(end) - parse_instant(start)).total_seconds()
