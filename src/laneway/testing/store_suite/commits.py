"""Commits: a decision is recorded whole or not at all, and no two of them see each other half done."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from laneway.domain.changes import Changes, Decision, One, Put, View
from laneway.domain.errors import Conflict, Internal, LanewayError, ThreadDrift, Unavailable
from laneway.domain.instant import parse_instant, seconds_between
from laneway.domain.kinds import FIRING, IDEMPOTENCY, ITEM, NODE, NOTE, SESSION, THREAD, TURN, USER
from laneway.domain.node import Node
from laneway.domain.principal import SYSTEM
from laneway.domain.session import Note
from laneway.domain.user import IdempotentReply
from laneway.store import Get, StoreOptions
from laneway.testing.clock import START, FakeClock
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, get, whole_log
from laneway.testing.store_suite.samples import (
    ITM,
    ME,
    SES,
    THR,
    TRN,
    YOU,
    firing,
    item,
    paused,
    putting,
    session,
    state_changed,
    thread,
    turn,
    user,
)


class Refused(LanewayError):
    """A decision's own no."""


def note(id: str) -> Note:
    return Note(id, ME.user_id, SES, "", False, None, START, START)


class Commits(StoreCase):
    async def test_a_commit_holds_the_records_the_events_and_the_reply(self, store: FullStore) -> None:
        records = ((SESSION, session()), (THREAD, thread()))
        decide = putting(*records, events=[state_changed(), paused(), paused()], reply={"a": 1})

        committed = await store.transact(ME, (), decide)

        numbers = [(event.offset, event.seq, event.ordinal) for event in committed.events]
        assert committed.reply == {"a": 1}
        assert numbers == [(1, None, 1), (2, 1, 2), (3, 2, 3)]
        assert len({event.position for event in committed.events}) == 1
        assert committed.offset == 3
        assert await get(store, THREAD, THR, ME) == thread()
        assert tuple(await whole_log(store, SES)) == committed.events

    async def test_a_refused_command_leaves_nothing_and_its_neighbours_stay(self, store: FullStore) -> None:
        def command(number: int) -> Callable[[View], Decision]:
            decide = putting((NOTE, note(f"not_{number}")), events=[state_changed(number)])
            return decide if number % 3 else refuse

        def refuse(view: View) -> Decision:
            raise Refused("no")

        commands = [store.transact(ME, (), command(number)) for number in range(30)]
        outcomes = await asyncio.gather(*commands, return_exceptions=True)

        refused = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Refused)]
        kept = [number for number in range(30) if await get(store, NOTE, f"not_{number}")]
        assert refused == list(range(0, 30, 3))
        assert kept == [number for number in range(30) if number % 3]
        assert [event.offset for event in await whole_log(store, SES)] == list(range(1, 21))

    async def test_a_command_that_fails_while_it_is_written_leaves_nothing(self, store: FullStore) -> None:
        await commit(store, putting((USER, user("taken"))))
        records = ((NOTE, note("not_1")), (USER, user("taken", "usr_2")), (NOTE, note("not_2")))

        with pytest.raises(Conflict):
            await commit(store, putting(*records, events=[state_changed()]))

        assert await get(store, NOTE, "not_1") is None
        assert await whole_log(store, SES) == []

    async def test_whatever_a_decision_raises_reaches_its_caller(self, store: FullStore) -> None:
        def stumble(view: View) -> Decision:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store.transact(ME, (), stumble)

    async def test_a_put_replaces_and_a_drop_removes(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread()), (NOTE, note("not_1"))))

        await commit(store, putting((THREAD, thread(title="other")), drops=[(NOTE, "not_1"), (NOTE, "not_2")]))

        assert await get(store, THREAD, THR) == thread(title="other")
        assert await get(store, NOTE, "not_1") is None

    async def test_a_record_never_changes_hands(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread())))

        with pytest.raises(Internal):
            await store.transact(YOU, (), putting((THREAD, thread(owner=YOU.user_id))))

        assert await get(store, THREAD, THR) == thread()

    async def test_numbered_records_are_given_the_numbers_of_their_event(self, store: FullStore) -> None:
        reply = IdempotentReply("idm_1", ME.user_id, "", THR, SES, {}, SES, START)
        puts = (Put(ITEM, item(), 2), Put(ITEM, replace(item("itm_2"), seq=7)), Put(IDEMPOTENCY, reply, 0))
        events = (state_changed(), paused(), paused())

        committed = await store.transact(ME, (), lambda view: Decision(Changes(puts, (), events)))

        numbered = (replace(item(), seq=2), replace(item("itm_2"), seq=7), replace(reply, offset=1))
        assert tuple(put.record for put in committed.changes.puts) == numbered
        assert await get(store, ITEM, ITM) == numbered[0]
        assert await get(store, ITEM, "itm_2") == numbered[1]
        assert await get(store, IDEMPOTENCY, "idm_1") == numbered[2]

    async def test_an_event_without_the_thread_it_belongs_to_is_refused(self, store: FullStore) -> None:
        for event in (
            paused(thread_id=""),
            replace(paused(), thread_id=None),
            replace(state_changed(), session_id=None),
        ):
            with pytest.raises(ThreadDrift):
                await commit(store, putting((THREAD, thread()), events=[paused(), event]))

        assert await get(store, THREAD, THR) is None
        assert await whole_log(store, SES) == []

    async def test_no_two_records_hold_what_is_unique(self, store: FullStore) -> None:
        await commit(store, putting((FIRING, firing("1")), (SESSION, session(is_default=True))))

        for clash in ((FIRING, firing("1", "fir_2")), (SESSION, session("ses_2", is_default=True))):
            with pytest.raises(Conflict):
                await commit(store, putting(clash))
        await commit(store, putting((SESSION, session("ses_3")), (SESSION, session("ses_4"))))

        assert await get(store, FIRING, "fir_2") is None
        assert await get(store, SESSION, "ses_3") == session("ses_3")

    async def test_a_thread_has_one_active_turn(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn(status="needs_review"))))

        for status in ("running", "waiting", "needs_review"):
            with pytest.raises(Conflict):
                await commit(store, putting((TURN, turn("trn_2", status=status))))
        await commit(store, putting((TURN, turn("trn_3", status="failed")), (TURN, turn("trn_4", "thr_2"))))

        assert await get(store, TURN, "trn_2") is None

    async def test_a_place_is_handed_over_within_one_commit_in_any_order(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn()), (SESSION, session(is_default=True))))

        await commit(store, putting((TURN, turn("trn_2")), (TURN, turn(status="completed"))))
        await commit(store, putting((SESSION, session("ses_2", is_default=True)), (SESSION, session())))

        assert await get(store, TURN, "trn_2") == turn("trn_2")
        assert await get(store, SESSION, "ses_2") == session("ses_2", is_default=True)

    async def test_of_many_claims_at_once_exactly_one_wins(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread())))

        def claim(number: int) -> Callable[[View], Decision]:
            def decide(view: View) -> Decision:
                kept = view.get(THREAD, THR)
                assert kept is not None
                if kept.active_turn_id:
                    raise Refused("taken")
                taken = replace(kept, active_turn_id=f"trn_{number}")
                return putting((THREAD, taken), (TURN, turn(f"trn_{number}")), events=[paused()])(view)

            return decide

        claims = [store.transact(SYSTEM, (One(THREAD, THR),), claim(number)) for number in range(20)]
        outcomes = await asyncio.gather(*claims, return_exceptions=True)

        won = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Refused)]
        kept = await get(store, THREAD, THR)
        assert len(won) == 1
        assert kept == replace(thread(), active_turn_id=f"trn_{won[0]}")
        assert len(await whole_log(store, SES)) == 1

    async def test_no_update_is_lost(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread())))

        def count(view: View) -> Decision:
            kept = view.get(THREAD, THR)
            assert kept is not None
            return putting((THREAD, replace(kept, unread=kept.unread + 1)))(view)

        await asyncio.gather(*(store.transact(ME, (One(THREAD, THR),), count) for _ in range(50)))

        assert await get(store, THREAD, THR) == replace(thread(), unread=50)

    async def test_a_snapshot_never_mixes_two_commits(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread())))

        async def write() -> None:
            for number in range(40):
                record = replace(thread(), unread=number + 1)
                await commit(store, putting((THREAD, record), events=[paused()]))

        async def watch() -> None:
            offset = 0
            while offset < 40:
                snapshot = await store.read(ME, Get(THREAD, THR), log=SES)
                offset = snapshot.offset
                assert snapshot.results == (replace(thread(), unread=offset),)
                await asyncio.sleep(0)

        await asyncio.gather(write(), watch(), watch())

    async def test_the_view_tells_the_stores_time(self, store: FullStore, clock: FakeClock) -> None:
        await clock.advance(5)

        committed = await store.transact(ME, (), lambda view: Decision(reply=view.now))

        again = await store.transact(ME, (), lambda view: Decision(reply=view.now))
        assert parse_instant(str(committed.reply)) <= parse_instant(str(again.reply))
        assert self.keeps_own_time or committed.reply == clock.now()

    async def test_a_named_node_beats_from_the_moment_it_is_open(self, clock: FakeClock) -> None:
        store = self.make_store(clock, StoreOptions(node="node_1"))

        await store.open()

        kept = await get(store, NODE, "node_1")
        assert kept is not None
        now = await store.transact(SYSTEM, (), lambda view: Decision(reply=view.now))
        beat_at = kept.beat_at if self.keeps_own_time else clock.now()
        assert kept == Node("node_1", "", beat_at, since=beat_at)
        assert 0 <= seconds_between(kept.beat_at, str(now.reply)) < StoreOptions().lease_s
        await store.close()

    async def test_a_closed_store_is_unavailable_and_closing_twice_is_fine(self, store: FullStore) -> None:
        await store.close()
        await store.close()

        with pytest.raises(Unavailable):
            await commit(store, putting())
        with pytest.raises(Unavailable):
            await get(store, TURN, TRN)
