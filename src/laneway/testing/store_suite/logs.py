"""Logs: dense numbers, the same bytes each time, and the order of commits."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import pytest

from laneway.domain.changes import Decision, View
from laneway.domain.errors import BadCursor, LanewayError
from laneway.domain.event import home_log
from laneway.domain.kinds import ITEM, SESSION, THREAD, TURN
from laneway.domain.turn import TurnStatus
from laneway.store import LogRead
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, whole_log, whole_user
from laneway.testing.store_suite.samples import (
    ITM,
    ME,
    SES,
    THR,
    TRN,
    YOU,
    delta,
    item,
    paused,
    putting,
    session,
    session_deleted,
    state_changed,
    thread,
    turn,
)
from laneway.wire import StoredEvent, frame


class Logs(StoreCase):
    async def test_numbers_are_dense_whatever_comes_at_once_and_whatever_is_refused(self, store: FullStore) -> None:
        def refuse(view: View) -> Decision:
            raise LanewayError("no")

        def command(number: int) -> Callable[[View], Decision]:
            if number % 5 == 0:
                return refuse
            where = {"session_id": f"ses_{number % 2}", "thread_id": f"thr_{number % 4}"}
            return putting(events=[paused(f"{number}", **where)] * (number % 3 + 1))

        commands = [store.transact(ME, (), command(number)) for number in range(60)]
        outcomes = await asyncio.gather(*commands, return_exceptions=True)

        told = [event for each in outcomes if not isinstance(each, BaseException) for event in each.events]
        for log in ("ses_0", "ses_1"):
            events = await whole_log(store, log)
            assert [event.offset for event in events] == list(range(1, len(events) + 1))
            assert events == sorted((each for each in told if each.log == log), key=lambda each: each.offset)
            assert seqs(events) == {thread_id: list(range(1, count + 1)) for thread_id, count in counts(events).items()}

    async def test_what_is_read_again_has_the_same_bytes(self, store: FullStore) -> None:
        text = "line\r\n\u2028 separators \x85 and \U0001f600 \x00"
        await commit(store, putting((TURN, turn()), events=[paused(text), state_changed()]))
        await store.append([delta(text)])

        first, second = await whole_log(store, SES), await whole_log(store, SES, step=1)
        by_owner = await whole_user(store, ME.user_id)

        assert [frame(event) for event in first] == [frame(event) for event in second]
        assert [frame(event) for event in by_owner] == [frame(event) for event in first]
        assert all(frame(event).isascii() and b"\n" not in frame(event) for event in first)

    async def test_a_threads_part_of_a_log_is_its_own_and_the_cursor_is_the_logs(self, store: FullStore) -> None:
        for number in range(6):
            await commit(store, putting(events=[paused(thread_id=f"thr_{number % 2}"), state_changed()]))

        events = await whole_log(store, SES, "thr_1", step=2)
        rest = await store.read_log(SES, 4, 10, "thr_1")

        assert [(event.offset, event.seq) for event in events] == [(3, 1), (7, 2), (11, 3)]
        assert ([event.offset for event in rest.events], rest.cursor, rest.tail) == ([7, 11], 12, 12)

    async def test_a_read_is_bounded_and_says_where_to_go_on(self, store: FullStore) -> None:
        await commit(store, putting(events=[state_changed(number) for number in range(5)]))

        first = await store.read_log(SES, 0, 2)
        last = await store.read_log(SES, 4, 2)
        none = await store.read_log(SES, 5, 2)

        assert (len(first.events), first.cursor, first.tail) == (2, 2, 5)
        assert (len(last.events), last.cursor) == (1, 5)
        assert none == LogRead((), 5, 5)
        assert await store.read_log("ses_unknown", 0, 10) == LogRead((), 0, 0)

    async def test_a_long_log_is_read_whole(self, store: FullStore) -> None:
        await commit(store, putting(events=[state_changed(number) for number in range(300)]))

        read = await store.read_log(SES, 0, 1000)

        assert [event.offset for event in read.events] == list(range(1, 301))
        assert len((await store.read_user(ME.user_id, (0, 0), 1000)).events) == 300

    @pytest.mark.parametrize("cursor", [-1, 3, 2**31, 2**63, 2**200])
    async def test_a_cursor_outside_of_the_log_is_refused(self, store: FullStore, cursor: int) -> None:
        await commit(store, putting(events=[state_changed(), state_changed()]))

        with pytest.raises(BadCursor):
            await store.read_log(SES, cursor, 10)
        with pytest.raises(BadCursor):
            await store.read_log(SES, cursor, 10, THR)

    @pytest.mark.parametrize("cursor", [(-1, 0), (2**40, 0), (2**63, 0), (0, -1), (0, 2**63)])
    async def test_a_users_cursor_outside_of_the_log_is_refused(
        self, store: FullStore, cursor: tuple[int, int]
    ) -> None:
        await commit(store, putting(events=[state_changed()]))

        with pytest.raises(BadCursor):
            await store.read_user(ME.user_id, cursor, 10)

    async def test_a_user_reads_all_logs_in_the_order_of_commits(self, store: FullStore) -> None:
        mine = [paused(session_id="ses_2"), session_deleted(), state_changed(), paused(session_id="ses_2")]
        for number, event in enumerate(mine):
            await commit(store, putting(events=[event, state_changed(number, "ses_you", YOU.user_id)]))

        events = await whole_user(store, ME.user_id, step=1)
        everybodys = await whole_user(store, None)

        assert [event.log for event in events] == ["ses_2", home_log(ME.user_id), SES, "ses_2"]
        assert [event.position for event in events] == sorted({event.position for event in events})
        assert [event.owner for event in everybodys] == [ME.user_id, YOU.user_id] * 4

    async def test_a_users_cursor_may_lie_inside_a_commit(self, store: FullStore) -> None:
        committed = await store.transact(ME, (), putting(events=[state_changed(number) for number in range(4)]))
        position = committed.events[0].position

        rest = await store.read_user(ME.user_id, (position, 2), 10)
        whole = await store.read_user(ME.user_id, (0, 0), 2)

        assert rest.events == committed.events[2:]
        assert (rest.cursor, rest.ordinal) == (whole.cursor, whole.ordinal) == (position, 4)
        assert whole.events == committed.events

    async def test_deltas_are_events_like_all_others(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn()), (TURN, turn("trn_2", "thr_2")), events=[paused()]))

        other = item("itm_2", "thr_2", turn_id="trn_2")

        refused = await store.append([delta("a"), delta("b", other), delta("c")])

        events = await whole_log(store, SES)
        assert refused == ()
        assert [(event.offset, event.seq, event.type) for event in events[1:]] == [
            (2, 2, "item.delta"), (3, 1, "item.delta"), (4, 3, "item.delta"),
        ]  # fmt: skip
        assert [event.ordinal for event in events[1:]] == [1, 2, 3]
        assert len({event.position for event in events[1:]}) == 1
        assert await whole_user(store, ME.user_id) == events

    async def test_only_the_running_attempt_appends(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn(fence=2)), (TURN, turn("trn_2", "thr_2"))))

        other = item("itm_2", "thr_2", turn_id="trn_2")

        refused = await store.append([delta("late", fence=1), delta("good", other)])

        events = await whole_log(store, SES)
        assert refused == (TRN,)
        assert [(event.offset, event.seq, event.thread_id) for event in events] == [(1, 1, "thr_2")]
        assert await store.append([delta("early", fence=3), delta("late", fence=1)]) == (TRN,)
        assert await store.append([delta("good", fence=2)]) == ()

    @pytest.mark.parametrize("status", ["waiting", "needs_review", "completed", "cancelled"])
    async def test_a_turn_that_does_not_run_appends_nothing(self, store: FullStore, status: TurnStatus) -> None:
        await commit(store, putting((TURN, turn(status=status))))

        assert await store.append([delta("late")]) == (TRN,)
        assert await whole_log(store, SES) == []

    async def test_a_delta_that_names_another_place_than_its_turn_is_refused(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn())))
        drifted = (
            item(thread_id="thr_2"), item(session_id="ses_2"), item(owner=YOU.user_id), item(turn_id="trn_missing")
        )  # fmt: skip

        for each in drifted:
            assert await store.append([delta("x", each)]) == (each.turn_id,)

        assert await whole_user(store, None) == []

    async def test_a_claim_stops_the_deltas_of_the_attempt_before_it(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn()), (ITEM, item(is_open=True))))

        async def speak() -> int:
            kept = 0
            while await store.append([delta(".")]) == ():
                kept += 1
            return kept

        async def claim() -> None:
            for _ in range(5):
                await asyncio.sleep(0)
            await commit(store, putting((TURN, turn(fence=2)), events=[paused()]))

        kept, _ = await asyncio.gather(speak(), claim())

        events = await whole_log(store, SES)
        assert [event.type for event in events] == ["item.delta"] * kept + ["queue.paused"]
        assert ITM in events[0].body.decode() if kept else True

    async def test_a_commit_without_events_moves_no_number(self, store: FullStore) -> None:
        before = await store.read(ME, log=SES)

        await commit(store, putting((SESSION, session()), (THREAD, replace(thread(), unread=1))))

        after = await store.read(ME, log=SES)
        assert (before.offset, after.offset) == (0, 0)


def seqs(events: list[StoredEvent]) -> dict[str, list[int]]:
    """The seqs of each thread, in the order of their events."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.thread_id is not None and event.seq is not None:
            found[event.thread_id].append(event.seq)
    return found


def counts(events: list[StoredEvent]) -> dict[str, int]:
    """How many events each thread has."""
    found: defaultdict[str, int] = defaultdict(int)
    for event in events:
        if event.thread_id is not None:
            found[event.thread_id] += 1
    return found
