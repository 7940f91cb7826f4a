"""Pages: any filters, any order, any page size give what a plain list would give."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laneway.domain.errors import BadCursor, Internal
from laneway.domain.kinds import THREAD, TIMER, TURN
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.record import Record
from laneway.domain.thread import Thread
from laneway.store import Operator, Page, Query, Where
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, page
from laneway.testing.store_suite.samples import ME, YOU, at, putting, thread, timer, turn

Order = tuple[tuple[str, Literal["asc", "desc"]], ...]

_DIRECTION = st.sampled_from(("asc", "desc"))
_ORDER = st.lists(
    st.tuples(st.sampled_from(("title", "unread", "alert_source", "active_at", "pinned", "id")), _DIRECTION),
    max_size=3,
    unique_by=lambda each: each[0],
).map(tuple)
_WORD = st.sampled_from(("a", "B", "é", "", "a'b", "%", '"'))
_CONDITION = st.one_of(
    st.builds(Where, st.just("title"), st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), _WORD),
    st.builds(Where, st.just("alert_source"), st.sampled_from(("=", "!=")), st.none() | _WORD),
    st.builds(Where, st.just("alert_source"), st.sampled_from(("<", "<=", ">", ">=")), _WORD),
    st.builds(Where, st.just("unread"), st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), st.integers(0, 3)),
    st.builds(Where, st.just("pinned"), st.just("="), st.booleans()),
    st.builds(Where, st.just("title"), st.just("in"), st.lists(_WORD, max_size=3).map(tuple)),
    st.builds(Where, st.just("tags"), st.just("has"), _WORD),
    st.builds(Where, st.just("metadata"), st.just("entry"), st.tuples(_WORD, _WORD)),
    st.builds(Where, st.just("owner"), st.just("="), st.sampled_from((ME.user_id, YOU.user_id))),
)
_THREAD = st.builds(
    replace,
    st.just(thread()),
    title=_WORD,
    unread=st.integers(0, 3),
    alert_source=st.none() | _WORD,
    pinned=st.booleans(),
    tags=st.lists(_WORD, max_size=3).map(tuple),
    metadata=st.dictionaries(_WORD, _WORD, max_size=2),
)

_COMPARES: dict[Operator, Callable[[Any, Any], bool]] = {
    "=": lambda kept, asked: kept == asked,
    "!=": lambda kept, asked: kept != asked,
    "<": lambda kept, asked: kept is not None and kept < asked,
    "<=": lambda kept, asked: kept is not None and kept <= asked,
    ">": lambda kept, asked: kept is not None and kept > asked,
    ">=": lambda kept, asked: kept is not None and kept >= asked,
    "in": lambda kept, asked: kept in asked,
    "has": lambda kept, asked: asked in kept,
    "entry": lambda kept, asked: kept.get(asked[0]) == asked[1],
}


class Pages(StoreCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        records=st.lists(_THREAD, max_size=12),
        conditions=st.lists(_CONDITION, max_size=3).map(tuple),
        order=_ORDER,
        limit=st.integers(1, 5),
        who=st.sampled_from((ME, SYSTEM)),
    )
    async def test_any_filter_and_any_page_give_what_a_list_would_give(
        self,
        store: FullStore,
        records: list[Thread],
        conditions: tuple[Where, ...],
        order: Order,
        limit: int,
        who: Principal,
    ) -> None:
        await forget_threads(store)
        records = [replace(record, id=f"thr_{number:02d}") for number, record in enumerate(records)]
        await commit(store, putting(*((THREAD, record) for record in records)))
        query = Query(THREAD, conditions, order, limit, count=True)

        pages = await all_pages(store, query, who)
        expected = in_order([record for record in records if fits(record, conditions)], order)

        assert [record for each in pages for record in each.records] == expected
        assert {each.total for each in pages} == {len(expected)}
        assert all(len(each.records) == limit for each in pages[:-1])
        skipped = await page(store, replace(query, offset=2, limit=100), who)
        assert list(skipped.records) == expected[2:]

    async def test_a_cursor_goes_on_where_it_was_whatever_is_put_before_it(self, store: FullStore) -> None:
        await commit(store, putting(*((THREAD, thread(f"thr_{number}")) for number in range(2, 8))))
        first = await page(store, Query(THREAD, limit=3))

        await commit(store, putting((THREAD, thread("thr_0")), (THREAD, thread("thr_6a")), drops=[(THREAD, "thr_3")]))

        rest = await page(store, Query(THREAD, limit=3, cursor=first.next_cursor))
        last = await page(store, Query(THREAD, limit=3, cursor=rest.next_cursor))
        assert [record.id for record in rest.records] == ["thr_5", "thr_6", "thr_6a"]
        assert [record.id for record in last.records] == ["thr_7"]
        assert last.next_cursor is None

    async def test_a_full_last_page_has_no_cursor(self, store: FullStore) -> None:
        await commit(store, putting(*((THREAD, thread(f"thr_{number}")) for number in range(3))))

        assert (await page(store, Query(THREAD, limit=3))).next_cursor is None

    async def test_a_cursor_of_another_list_is_refused(self, store: FullStore) -> None:
        await commit(store, putting(*((THREAD, thread(f"thr_{number}")) for number in range(3))))
        cursor = (await page(store, Query(THREAD, limit=1))).next_cursor

        for query in (
            Query(THREAD, order=(("title", "asc"),), cursor=cursor),
            Query(THREAD, order=(("id", "desc"),), cursor=cursor),
            Query(TURN, cursor=cursor),
        ):
            with pytest.raises(BadCursor):
                await page(store, query)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cursor=st.text(max_size=50) | st.from_regex(r"[A-Za-z0-9_-]{0,80}", fullmatch=True))
    async def test_anything_else_is_no_cursor(self, store: FullStore, cursor: str) -> None:
        with pytest.raises(BadCursor):
            await page(store, Query(THREAD, cursor=cursor))

    @pytest.mark.parametrize("value", ["1e999", "9223372036854775808", "1.5", "[]", "true", '"\\ud800"'])
    async def test_a_forged_cursor_with_values_that_no_column_has_is_refused(
        self, store: FullStore, value: str
    ) -> None:
        await commit(store, putting(*((THREAD, thread(f"thr_{number}")) for number in range(3))))
        query = Query(THREAD, order=(("unread", "asc"),), limit=1)
        genuine = (await page(store, query)).next_cursor or ""
        body = base64.urlsafe_b64decode(genuine + "=" * (-len(genuine) % 4)).decode()
        forged = base64.urlsafe_b64encode(body.replace("[0,", f"[{value},").encode()).rstrip(b"=").decode()

        with pytest.raises(BadCursor):
            await page(store, replace(query, cursor=forged))

    async def test_a_cursor_has_no_way_around_the_owner(self, store: FullStore) -> None:
        await commit(store, putting(*((THREAD, thread(f"thr_{number}", owner=YOU.user_id)) for number in range(3))))
        cursor = (await page(store, Query(THREAD, limit=1), YOU)).next_cursor

        assert (await page(store, Query(THREAD, cursor=cursor, count=True), ME)) == Page((), None, 0)

    async def test_null_sorts_before_every_value(self, store: FullStore) -> None:
        times = (at(2), None, at(1), None)
        await commit(
            store, putting(*((TIMER, timer(f"tmr_{number}", next_at=time)) for number, time in enumerate(times)))
        )

        rising = await all_pages(store, Query(TIMER, order=(("due_at", "asc"),), limit=1))
        falling = await all_pages(store, Query(TIMER, order=(("due_at", "desc"),), limit=1))

        ids = [record.id for each in rising for record in each.records]
        assert ids == ["tmr_1", "tmr_3", "tmr_2", "tmr_0"]
        assert [record.id for each in falling for record in each.records] == ids[::-1]

    @pytest.mark.parametrize("who", [ME, SYSTEM])
    async def test_numbers_and_booleans_match_an_entry_as_they_are_written(
        self, store: FullStore, who: Principal
    ) -> None:
        record = replace(thread(), metadata={"n": 5, "f": 1.5, "t": True, "none": None, "o": {"n": "5"}, "l": ["5"]})
        await commit(store, putting((THREAD, record)))

        async def matches(key: str, value: str) -> bool:
            return bool((await page(store, Query(THREAD, (Where("metadata", "entry", (key, value)),)), who)).records)

        assert [await matches(*pair) for pair in (("n", "5"), ("f", "1.5"), ("t", "true"))] == [True] * 3
        assert not any([await matches(*pair) for pair in (("none", "null"), ("o", "5"), ("l", "5"), ("t", "1"))])

    async def test_tags_and_metadata_are_found_as_they_are_now(self, store: FullStore) -> None:
        """What is kept beside a thread for its filters changes with it, and goes with it."""
        first = replace(thread(), tags=("a", "a", "b"), metadata={"k": "v"})
        await commit(store, putting((THREAD, first)))
        now = replace(first, tags=("b", "c"), metadata={"k": "w"}, title="new", archived=True, unread=2)
        await commit(store, putting((THREAD, now)))

        async def found(*where: Where) -> list[Record]:
            return list((await page(store, Query(THREAD, where), ME)).records)

        for gone in (Where("tags", "has", "a"), Where("metadata", "entry", ("k", "v"))):
            assert not await found(gone)
        for there in (Where("tags", "has", "c"), Where("metadata", "entry", ("k", "w"))):
            assert await found(there, Where("archived", "=", True), Where("unread", ">", 1)) == [now]
            assert not await found(there, Where("title", "=", "a thread"))
        await commit(store, putting(drops=[(THREAD, now.id)]))
        assert not await found(Where("tags", "has", "c"))

    async def test_active_turns_are_found_by_their_status(self, store: FullStore) -> None:
        statuses = ("running", "waiting", "completed", "needs_review")
        turns = [turn(f"trn_{number}", f"thr_{number}", status) for number, status in enumerate(statuses)]
        await commit(store, putting(*((TURN, each) for each in turns)))

        active = await page(store, Query(TURN, (Where("status", "in", ("running", "waiting")),)))
        ended = await page(store, Query(TURN, (Where("status", "in", ("running", "completed")),)))

        assert [record.id for record in active.records] == ["trn_0", "trn_1"]
        assert [record.id for record in ended.records] == ["trn_0", "trn_2"]

    async def test_a_column_that_no_kind_declares_cannot_be_asked_about(self, store: FullStore) -> None:
        for query in (
            Query(THREAD, (Where("body", "=", "x"),)),
            Query(THREAD, (Where('id" OR 1 --', "=", "x"),)),
            Query(THREAD, order=(("row", "asc"),)),
        ):
            with pytest.raises(Internal):
                await page(store, query)


async def all_pages(store: FullStore, query: Query, who: Principal = SYSTEM) -> list[Page]:
    """Every page from the first to the last."""
    pages = [await page(store, query, who)]
    while pages[-1].next_cursor is not None:
        pages.append(await page(store, replace(query, cursor=pages[-1].next_cursor), who))
    return pages


async def forget_threads(store: FullStore) -> None:
    kept = await page(store, Query(THREAD, limit=1000), SYSTEM)
    await commit(store, putting(drops=[(THREAD, record.id) for record in kept.records]))


def fits(record: Thread, conditions: tuple[Where, ...]) -> bool:
    return all(_COMPARES[each.operator](getattr(record, each.column), each.value) for each in conditions)


def in_order(records: list[Thread], order: Order) -> list[Thread]:
    """Sorted by the last column first, so that the first counts most; the id goes the way of the last column."""
    named = tuple(each for each in order if each[0] != "id")
    id_direction = order[-1][1] if order else "asc"
    for column, direction in reversed((*named, ("id", id_direction))):
        records = sorted(records, key=lambda record: _rank(getattr(record, column)), reverse=direction == "desc")
    return records


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)
