"""Small values: ids that follow from a seed, and instants that sort as text."""

import re
import uuid
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.ids import Ids
from laneway.domain.instant import format_instant, later, parse_instant, seconds_between

seeds = st.binary(min_size=16, max_size=16)
# Aware datetimes in any zone, away from the edges of what a datetime can hold.
moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(9998, 12, 30),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(seeds, st.lists(st.sampled_from(["thr", "trn", "itm"]), max_size=20))
def test_the_same_seed_gives_the_same_ids(seed: bytes, prefixes: list[str]):
    one, two = Ids(seed), Ids(seed)

    made = [one.make(prefix) for prefix in prefixes]

    assert made == [two.make(prefix) for prefix in prefixes]
    assert len(set(made)) == len(made)


@given(seeds, seeds)
def test_another_seed_gives_other_ids(one: bytes, two: bytes):
    assert (Ids(one).make("thr") == Ids(two).make("thr")) == (one == two)


@given(seeds)
def test_an_id_is_its_prefix_and_a_version_4_uuid(seed: bytes):
    prefix, _, digits = Ids(seed).make("thr").partition("_")

    assert prefix == "thr"
    assert uuid.UUID(hex=digits).version == 4
    assert uuid.UUID(hex=digits).variant == uuid.RFC_4122
    assert digits == digits.lower()


@given(moments)
def test_an_instant_is_27_characters_of_utc_and_comes_back(moment: datetime):
    instant = format_instant(moment)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", instant)
    assert parse_instant(instant) == moment
    assert parse_instant(instant).tzinfo == UTC


@given(moments, moments)
def test_instants_sort_as_the_moments_they_are(one: datetime, two: datetime):
    assert (format_instant(one) < format_instant(two)) == (one < two)


@given(moments, st.integers(-(10**6), 10**6))
def test_later_and_between_are_each_other_s_inverse(moment: datetime, seconds: int):
    instant = format_instant(moment)

    assert seconds_between(instant, later(instant, seconds)) == seconds
