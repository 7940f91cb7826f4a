"""Schedules: when a timer next fires, through time zones, clock changes and nights in which nothing ran."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.alert import Timer
from laneway.domain.errors import Invalid
from laneway.domain.instant import Instant, later, parse_instant, seconds_between
from laneway.runtime.schedule import is_missed, next_after, rfc3339, schedule

START: Instant = "2026-01-01T00:00:00.000000Z"
TIMER = Timer("tmr_1", "ada", "ses_1", "wake", None, "once", "active", START)
CRONS = ["* * * * *", "*/5 * * * *", "30 2 * * *", "0 9 * * 1-5", "15 3 1 * *", "0 0 29 2 *"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]

moments = st.integers(0, 3 * 365 * 86_400).map(lambda seconds: later(START, seconds))


def at(text: str) -> Instant:
    return rfc3339(text)


def times(cron: str, zone: str, start: str, count: int) -> list[str]:
    """The next times by cron, as the wall clock of the zone shows them."""
    timer = replace(TIMER, cron=cron, timezone=zone)
    occurrence: Instant | None = schedule(at(start), cron=cron, timezone=zone).next_at
    found: list[str] = []
    while len(found) < count:
        assert occurrence is not None
        found.append(occurrence[:16])
        occurrence = next_after(timer, occurrence, occurrence)
    return found


# --- every -----------------------------------------------------------------------------------------------------------


@given(moments, st.integers(1, 86_400), st.integers(0, 10**7))
def test_the_next_time_is_the_first_one_after_now_on_the_same_grid(occurrence: Instant, every: int, late: int):
    now = later(occurrence, late)

    following = next_after(replace(TIMER, every_s=every), occurrence, now)

    assert following is not None
    assert following > now
    assert seconds_between(now, following) <= every
    assert seconds_between(occurrence, following) % every == 0


@given(moments, st.integers(1, 86_400), st.integers(0, 10**7))
def test_a_clock_that_was_set_back_moves_no_occurrence_back(occurrence: Instant, every: int, back: int):
    following = next_after(replace(TIMER, every_s=every), occurrence, later(occurrence, -back))

    assert following == later(occurrence, every)


# --- cron ------------------------------------------------------------------------------------------------------------


@given(moments, st.sampled_from(CRONS), st.sampled_from(ZONES), st.integers(-(10**6), 10**6))
def test_the_next_time_by_cron_lies_after_now_and_after_the_last_one(
    occurrence: Instant, cron: str, zone: str, late: int
):
    now = later(occurrence, late)

    following = next_after(replace(TIMER, cron=cron, timezone=zone), occurrence, now)

    assert following is not None
    assert following > max(now, occurrence)


@given(moments, st.sampled_from(CRONS), st.sampled_from(ZONES))
def test_walking_from_time_to_time_skips_none(start: Instant, cron: str, zone: str):
    """What comes next after a moment between two times is the second of them."""
    timer = replace(TIMER, cron=cron, timezone=zone)
    first = next_after(timer, start, start)
    assert first is not None
    second = next_after(timer, first, first)
    assert second is not None
    middle = later(first, seconds_between(first, second) / 2)

    assert next_after(timer, first, middle) == second


def test_a_time_that_the_clocks_skip_in_spring_comes_once_that_day():
    # In Berlin the clocks go from 02:00 to 03:00 on 29 March 2026.
    found = times("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 4)

    assert [day[:10] for day in found] == ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]
    assert found[0] == "2026-03-28T01:30"
    assert found[2] == "2026-03-30T00:30"


def test_a_time_that_the_clocks_repeat_in_autumn_comes_once_that_day():
    # In Berlin the clocks go from 03:00 back to 02:00 on 25 October 2026.
    found = times("30 2 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", 4)

    assert [day[:10] for day in found] == ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]


def test_every_hour_stays_every_hour_when_the_clocks_change():
    found = times("0 * * * *", "Europe/Berlin", "2026-10-24T22:30:00Z", 6)

    instants = [parse_instant(f"{time}:00.000000Z") for time in found]
    assert {after - before for before, after in pairwise(instants)} == {timedelta(hours=1)}


def test_the_zone_decides_which_day_it_is():
    assert times("0 9 * * 1-5", "America/New_York", "2026-01-02T12:00:00Z", 2) == [
        "2026-01-02T14:00",
        "2026-01-05T14:00",
    ]


def test_a_leap_day_is_waited_for():
    assert times("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 2) == ["2028-02-29T00:00", "2032-02-29T00:00"]


# --- once ------------------------------------------------------------------------------------------------------------


def test_a_time_comes_once():
    assert next_after(replace(TIMER, at=START), START, later(START, 5)) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-31T09:30:00+01:00", "2026-01-31T08:30:00.000000Z"),
        ("2026-01-31T09:30:00.123456-05:30", "2026-01-31T15:00:00.123456Z"),
        ("2026-01-31T00:00:00+14:00", "2026-01-30T10:00:00.000000Z"),
    ],
)
def test_times_of_any_zone_become_utc(text: str, instant: Instant):
    assert rfc3339(text) == instant


@pytest.mark.parametrize("text", ["", "now", "2026-01-31", "2026-01-31T09:30:00", "2026-13-01T00:00:00Z", "9" * 1000])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(Invalid):
        rfc3339(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_times(text: str):
    try:
        instant = rfc3339(text)
    except Invalid:
        return
    assert len(instant) == len(START)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_breaks_the_reader_of_crons(cron: str, zone: str):
    try:
        assert schedule(START, cron=cron, timezone=zone).next_at > START
    except Invalid:
        return


def test_what_is_late_by_more_than_the_grace_was_missed():
    assert not is_missed(START, later(START, 60), 60)
    assert is_missed(START, later(START, 60.000001), 60)
