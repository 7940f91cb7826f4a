"""Schedule: when a timer next fires: at a time, every so many seconds, or by cron in a time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from laneway.domain.alert import Timer
from laneway.domain.errors import Invalid
from laneway.domain.instant import Instant, format_instant, later, parse_instant, seconds_between
from laneway.domain.json import Json

MAX_EVERY_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Schedule:
    """One definition of a timer's times, with the first of them."""

    next_at: Instant
    at: Instant | None = None
    every_s: int | None = None
    cron: str | None = None
    timezone: str | None = None


def schedule(
    now: Instant,
    *,
    when_at: str | None = None,
    every_s: Json = None,
    cron: str | None = None,
    timezone: str | None = None,
) -> Schedule:
    """Check a definition, of which exactly one of `at`, `every` and `cron` is given, and find its first time."""
    if sum(given is not None for given in (when_at, every_s, cron)) != 1:
        raise Invalid("A timer has exactly one of at, every and cron.")
    if timezone is not None and cron is None:
        raise Invalid("timezone goes with cron.")
    if when_at is not None:
        at = rfc3339(when_at)
        return Schedule(at, at=at)
    if cron is not None:
        return Schedule(_next_by_cron(cron, timezone or "UTC", now), cron=cron, timezone=timezone or "UTC")
    if isinstance(every_s, bool) or not isinstance(every_s, int) or not 1 <= every_s <= MAX_EVERY_S:
        raise Invalid(f"every is a whole number of seconds from 1 to {MAX_EVERY_S}.")
    return Schedule(later(now, every_s), every_s=every_s)


def rfc3339(text: str) -> Instant:
    """Read an RFC 3339 time with any offset; raises `Invalid`."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise Invalid(f"{text!r} says no offset from UTC.", "Write it as 2026-01-31T09:30:00Z.")
        return format_instant(moment)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text!r} is not an RFC 3339 time.", "Write it as 2026-01-31T09:30:00Z.") from error


def next_after(timer: Timer, occurrence: Instant, now: Instant) -> Instant | None:
    """The timer's first time after `now`; None when it is done. Times missed in between are one occurrence."""
    if timer.every_s is not None:
        missed = max(0, int(seconds_between(occurrence, now) // timer.every_s))
        return later(occurrence, timer.every_s * (missed + 1))
    if timer.cron is not None:
        return _next_by_cron(timer.cron, timer.timezone or "UTC", max(now, occurrence))
    return None


def _next_by_cron(cron: str, timezone: str, after: Instant) -> Instant:
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"There is no time zone {timezone!r}.", "Use a name such as Europe/Berlin.") from error
    if len(cron.split()) != 5:
        raise Invalid(f"{cron!r} is not five fields of cron.")
    try:
        return format_instant(next(CronSim(cron, parse_instant(after).astimezone(zone))))
    except (CronSimError, StopIteration, OverflowError) as error:
        raise Invalid(f"{cron!r} is not a cron expression that ever comes true.") from error


def is_missed(occurrence: Instant, now: Instant, grace_s: float) -> bool:
    """Whether an occurrence fell due so long ago that nothing can have been running."""
    return parse_instant(now) - parse_instant(occurrence) > timedelta(seconds=grace_s)
