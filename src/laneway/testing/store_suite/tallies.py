"""Tallies: how records spread over the values of a column, counted, added up and ranked."""

import base64
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laneway.domain.errors import BadCursor
from laneway.domain.instant import later
from laneway.domain.kinds import THREAD, TURN
from laneway.domain.lane import LaneKey
from laneway.domain.principal import Principal
from laneway.domain.thread import Usage
from laneway.domain.turn import Run, Turn, TurnStatus
from laneway.store import Query, Share, Tally, TallyPage, Where
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, page
from laneway.testing.store_suite.samples import ME, YOU, at, putting, thread, turn

SUMS = ("messages", "failed", "input_tokens", "output_tokens", "cost_nano_usd")
DAY_S = 86_400


def measured(
    agent: str, day: int, status: TurnStatus, owner: str, messages: int, tokens: int, cost: float, ms: int | None
) -> Turn:
    """A turn with everything that is measured."""
    started = at(day * DAY_S)
    return replace(
        turn(status=status, owner=owner), runs=(Run(agent, LaneKey("chat", "", agent)),), started_at=started,
        finished_at=None if ms is None else later(started, ms / 1000), messages=messages,
        usage=Usage(tokens, tokens * 2, cost),
    )  # fmt: skip


_TURN = st.builds(
    measured,
    st.sampled_from("ab"),
    st.integers(0, 3),
    st.sampled_from(("completed", "failed")),
    st.sampled_from((ME.user_id, ME.user_id, YOU.user_id)),
    st.integers(0, 5),
    st.integers(0, 10**9),
    st.sampled_from((0.0, 0.1, 0.000_001, 12.34)),
    st.none() | st.integers(0, 100_000),
)
_BY = st.sampled_from(("day", "agent", "thread_id"))


class Tallies(StoreCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(turns=st.lists(_TURN, max_size=12), by=_BY, since=st.integers(0, 3))
    async def test_a_tally_is_what_counting_by_hand_would_give(
        self, store: FullStore, turns: list[Turn], by: str, since: int
    ) -> None:
        await _forget_turns(store)
        turns = [replace(each, id=f"trn_{n:02d}", thread_id=f"thr_{n % 3}") for n, each in enumerate(turns)]
        await commit(store, putting(*((TURN, each) for each in turns)))
        where = (Where("started_at", ">=", at(since * DAY_S)),)

        shares = await tally(store, Tally(TURN, by, where, SUMS, "duration_ms"))

        mine = [each for each in turns if each.owner == ME.user_id and each.started_at >= at(since * DAY_S)]
        assert shares == by_hand(mine, by)

    async def test_the_largest_shares_come_first_and_no_more_than_the_limit(self, store: FullStore) -> None:
        agents = ("a", "b", "b", "c", "c")
        runs = [(Run(agent, LaneKey("chat", "", agent)),) for agent in agents]
        turns = [replace(turn(f"trn_{n}", f"thr_{n}"), runs=each) for n, each in enumerate(runs)]
        await commit(store, putting(*((TURN, each) for each in turns)))

        shares = await tally(store, Tally(TURN, "agent", limit=2))

        assert shares == [Share("b", 2), Share("c", 2)]

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        turns=st.lists(_TURN, max_size=12), by=_BY, order=st.sampled_from(("count", "key")), limit=st.integers(1, 3),
        offset=st.integers(0, 2),
    )  # fmt: skip
    async def test_its_pages_are_the_whole_of_it_in_order(
        self,
        store: FullStore,
        turns: list[Turn],
        by: str,
        order: Literal["count", "key"],
        limit: int,
        offset: int,
    ) -> None:
        await _forget_turns(store)
        turns = [replace(each, id=f"trn_{n:02d}", thread_id=f"thr_{n % 4}") for n, each in enumerate(turns)]
        await commit(store, putting(*((TURN, each) for each in turns)))
        asked = Tally(TURN, by, (), SUMS, "duration_ms", order, limit, offset, count=True)

        pages = [await tally_page(store, asked)]
        while (cursor := pages[-1].next_cursor) is not None:
            pages.append(await tally_page(store, replace(asked, offset=0, cursor=cursor, count=False)))

        whole = by_hand([each for each in turns if each.owner == ME.user_id], by)
        whole.sort(key=lambda share: share.key if order == "key" else (-share.count, share.key))
        assert [share for each in pages for share in each.shares] == whole[offset:]
        assert [each.total for each in pages] == [len(whole)] + [None] * (len(pages) - 1)
        assert all(len(each.shares) == limit for each in pages[:-1])

    async def test_a_cursor_of_something_else_is_no_place_in_a_tally(self, store: FullStore) -> None:
        turns = [replace(turn(f"trn_{n}", f"thr_{n}"), status="completed") for n in range(3)]
        await commit(store, putting(*((TURN, each) for each in turns)))
        asked = Tally(TURN, "thread_id", limit=1)
        cursor = (await tally_page(store, asked)).next_cursor or ""
        body = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        forged = [body.replace("[1,", f"[{value},") for value in ("1e999", "9223372036854775808", "null", '"\\u0000"')]
        forged += [body.replace('"thr_0"', value) for value in ("null", "7", '"\\u0000"', '"\\ud800"', "1,2")]

        for text in ("", "?", "17", *(base64.urlsafe_b64encode(each.encode()).decode() for each in forged)):
            with pytest.raises(BadCursor):
                await tally_page(store, replace(asked, cursor=text))
        for other in (replace(asked, by="day"), replace(asked, order="key"), Tally(THREAD, "tags")):
            with pytest.raises(BadCursor):
                await tally_page(store, replace(other, cursor=cursor))

    async def test_each_member_of_a_list_counts_once_a_record(self, store: FullStore) -> None:
        mine = replace(thread("thr_1"), tags=("b", "a", "a"), metadata={"a": "a"})
        also = replace(thread("thr_2"), tags=("b",), archived=True)
        gone = replace(thread("thr_3"), tags=("b",), deleted=True)
        theirs = replace(thread("thr_4", owner=YOU.user_id), tags=("b", "c"))
        await commit(store, putting(*((THREAD, each) for each in (mine, also, gone, theirs))))

        assert await tally(store, Tally(THREAD, "tags")) == [Share("b", 2), Share("a", 1)]
        first = await tally_page(store, Tally(THREAD, "tags", limit=1, count=True))
        second = await tally_page(store, Tally(THREAD, "tags", limit=1, cursor=first.next_cursor))
        assert (first.shares, first.total) == ((Share("b", 2),), 2)
        assert (second.shares, second.next_cursor) == ((Share("a", 1),), None)
        some = Tally(THREAD, "tags", (Where("archived", "=", False),), limit=1)
        assert await tally(store, some) == [Share("a", 1)]
        assert await tally(store, Tally(THREAD, "tags"), YOU) == [Share("b", 1), Share("c", 1)]

    async def test_what_is_being_erased_does_not_count(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, replace(thread(), tags=("a",))), (TURN, turn())))
        await commit(store, putting((THREAD, replace(thread(), tags=("a",), deleted=True)), erase=(thread().id,)))

        assert await tally(store, Tally(THREAD, "tags")) == []
        assert await tally(store, Tally(TURN, "agent")) == []


async def tally(store: FullStore, asked: Tally, who: Principal = ME) -> list[Share]:
    return list((await tally_page(store, asked, who)).shares)


async def tally_page(store: FullStore, asked: Tally, who: Principal = ME) -> TallyPage:
    (found,) = (await store.read(who, asked)).results
    assert isinstance(found, TallyPage)
    return found


def by_hand(turns: Sequence[Turn], by: str) -> list[Share]:
    groups: defaultdict[str, list[Turn]] = defaultdict(list)
    for each in turns:
        groups[str(getattr(each, by))].append(each)
    shares = [_share(key, group) for key, group in groups.items()]
    return sorted(shares, key=lambda share: (-share.count, share.key))


def _share(key: str, group: Sequence[Turn]) -> Share:
    durations = sorted(each.duration_ms for each in group if each.duration_ms is not None)
    p50, p95 = (durations[ceil(len(durations) * rank) - 1] if durations else None for rank in (0.5, 0.95))
    return Share(key, len(group), tuple(sum(int(getattr(each, name)) for each in group) for name in SUMS), p50, p95)


async def _forget_turns(store: FullStore) -> None:
    kept = await page(store, Query(TURN, limit=1000))
    await commit(store, putting(drops=[(TURN, record.id) for record in kept.records]))
