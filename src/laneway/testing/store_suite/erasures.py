"""Erasures: what is deleted is gone at once for every reader, and soon after from the disk."""

from collections.abc import Sequence

import pytest

from laneway.domain.changes import Count, One, Some
from laneway.domain.errors import NotFound
from laneway.domain.kinds import AUDIT, ITEM, KINDS, SESSION, THREAD, TURN
from laneway.domain.principal import SYSTEM
from laneway.domain.record import Kind, Record
from laneway.store import Fold, Get, Query, Retention, SearchEntry, StoreOptions
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, get, page, whole_log, whole_user
from laneway.testing.store_suite.needs import see
from laneway.testing.store_suite.samples import (
    ME,
    YOU,
    at,
    delta,
    item,
    one_of_each_kind,
    paused,
    putting,
    session,
    session_deleted,
    state_changed,
    thread,
    thread_deleted,
    turn,
)

CANARY = "Kanarienvogel"
GONE, STAYS = "ses_gone", "ses_stays"
OF_THREAD = tuple(kind for kind in KINDS if kind.thread is not None)
OF_SESSION = tuple(kind for kind in KINDS if kind.session is not None)


class Erasures(StoreCase):
    @pytest.mark.parametrize("kind", OF_THREAD, ids=lambda kind: kind.name)
    async def test_records_of_a_thread_are_hidden_by_the_commit_that_gives_it_up(
        self, store: FullStore, kind: Kind[Record]
    ) -> None:
        await fill(store)

        await commit(store, putting(erase=["thr_gone"]))

        await self._is_missing(store, kind)

    @pytest.mark.parametrize("kind", OF_SESSION, ids=lambda kind: kind.name)
    async def test_records_of_a_session_are_hidden_by_the_commit_that_gives_it_up(
        self, store: FullStore, kind: Kind[Record]
    ) -> None:
        await fill(store)

        await commit(store, putting(erase=[GONE]))

        await self._is_missing(store, kind)

    @pytest.mark.parametrize("given_up", ["thr_gone", GONE])
    async def test_events_texts_and_hits_are_hidden_at_once(self, store: FullStore, given_up: str) -> None:
        await fill(store)

        await commit(store, putting(events=[thread_deleted("thr_gone", GONE), session_deleted(GONE)], erase=[given_up]))

        told = [
            *await whole_log(store, GONE),
            *await whole_user(store, None),
            *await whole_log(store, GONE, "thr_gone"),
        ]
        assert not [event for event in told if event.session_id == GONE and CANARY.encode() in event.body]
        assert "thread.deleted" in {event.type for event in told}
        assert await store.search(ME, CANARY, GONE) == ()
        assert len(await store.search(ME, CANARY)) == 1
        assert (await store.read(SYSTEM, Fold("thr_gone"))).results == ({},)

    @pytest.mark.parametrize("given_up", ["thr_gone", GONE])
    async def test_whoever_writes_late_writes_nothing(self, store: FullStore, given_up: str) -> None:
        await fill(store)
        await commit(store, putting(erase=[given_up]))
        before = (await store.read(SYSTEM, log=GONE)).offset

        for late in (
            putting((TURN, turn("trn_gone", "thr_gone", session_id=GONE, fence=2))),
            putting(events=[paused(thread_id="thr_gone", session_id=GONE)]),
        ):
            with pytest.raises(NotFound):
                await commit(store, late)
        spoken = delta(CANARY, item("itm_gone", "thr_gone", turn_id="trn_gone", session_id=GONE))
        assert await store.append([spoken]) == ("trn_gone",)
        assert (await store.read(SYSTEM, log=GONE)).offset == before

    @pytest.mark.parametrize("limit", [1, 3, 1000])
    @pytest.mark.parametrize("given_up", ["thr_gone", GONE])
    async def test_nothing_of_it_is_found_after_erasing(self, store: FullStore, given_up: str, limit: int) -> None:
        await fill(store, stays="something else")
        await commit(store, putting(erase=[given_up]))

        calls = await erase_all(store, limit)

        assert limit == 1000 or calls > 3
        if given_up == GONE:
            assert self.finds(CANARY) == []
        assert await get(store, THREAD, "thr_gone", SYSTEM) is None
        assert not await store.erase(limit)

    async def test_a_thread_goes_and_its_siblings_and_session_stay(self, store: FullStore) -> None:
        await fill(store)
        sibling = thread("thr_sibling", GONE)
        heard = paused("still here", "thr_sibling", GONE)
        await commit(store, putting((THREAD, sibling), events=[heard, state_changed(9, GONE)]))

        await commit(store, putting(events=[thread_deleted("thr_gone", GONE)], erase=["thr_gone"]))
        await erase_all(store, 2)

        left = [(event.type, event.thread_id) for event in await whole_log(store, GONE)]
        assert left[-3:] == [
            ("queue.paused", "thr_sibling"), ("state.changed", None), ("thread.deleted", "thr_gone"),
        ]  # fmt: skip
        assert await get(store, THREAD, "thr_sibling", ME) == sibling
        assert await get(store, SESSION, GONE, ME) == session(GONE)
        await self._stays(store)

    async def test_what_is_left_of_a_log_keeps_its_numbers_and_goes_on(self, store: FullStore) -> None:
        await fill(store)
        await commit(store, putting(events=[paused("a", "thr_b", GONE)]))
        before = await whole_log(store, GONE, "thr_b")
        tail = (await store.read(SYSTEM, log=GONE)).offset

        await commit(store, putting(erase=["thr_gone"]))
        await erase_all(store, 1000)
        after = await commit(store, putting(events=[paused("b", "thr_b", GONE)]))

        assert after == tail + 1
        assert (await whole_log(store, GONE, "thr_b"))[:-1] == before
        assert (await store.read_log(GONE, 0, 1000)).cursor == after

    async def test_erasing_goes_on_where_it_was_interrupted(self, clock: FakeClock) -> None:
        if not self.is_durable:
            pytest.skip("nothing of this store outlives its process")
        first = self.make_store(clock, StoreOptions())
        await first.open()
        await fill(first, stays="something else")
        await commit(first, putting(erase=[GONE]))
        await first.close()

        left = True
        while left:
            store = self.make_store(clock, StoreOptions())
            await store.open()
            assert await get(store, THREAD, "thr_gone", SYSTEM) is None
            left = await store.erase(2)
            await store.close()

        assert self.finds(CANARY) == []

    async def test_much_text_leaves_no_trace_either(self, store: FullStore) -> None:
        await fill(store, stays="something else")
        items = [
            item(f"itm_{n}", "thr_gone", session_id=GONE, text=f"{CANARY}{n} " * (n * 7 % 400)) for n in range(400)
        ]
        for some in (items[start : start + 20] for start in range(0, len(items), 20)):
            beside = [item(f"{each.id}x", "thr_stays", session_id=STAYS, text="x" * len(each.text)) for each in some]
            events = [paused(each.text, "thr_gone", GONE) for each in some]
            await commit(store, putting(*((ITEM, each) for each in (*some, *beside)), events=events))
        entries = [SearchEntry(ME.user_id, GONE, "thr_gone", each.id, each.text, at(0)) for each in items if each.text]
        await store.index(entries, 1)
        await store.compact(Retention(deltas_before=at(1000)))

        await commit(store, putting(erase=[GONE]))
        await erase_all(store, 100)

        assert self.finds(CANARY) == []

    @pytest.mark.parametrize("limit", [3, 1000])
    async def test_a_user_goes_with_all_that_is_theirs_and_only_the_acts_stay(
        self, store: FullStore, limit: int
    ) -> None:
        await fill(store, stays="something else")
        records = one_of_each_kind(YOU.user_id, "gone_too", CANARY).values()
        told = [state_changed(1, "ses_gone_too", YOU.user_id), session_deleted("ses_gone_too", YOU.user_id)]
        await commit(store, putting(*records, events=told), YOU)

        await commit(store, putting(erase=[GONE]))
        await commit(store, putting(erase=["ses_gone_too", YOU.user_id]))
        await erase_all(store, limit)

        for kind, record in records:
            assert (await get(store, kind, record.id, SYSTEM) is None) == (kind is not AUDIT), kind.name
        assert not [event for event in await whole_user(store, None) if event.owner == YOU.user_id]
        assert self.finds(CANARY) == []
        await self._stays(store)

    async def test_nothing_is_written_for_a_user_who_was_given_up(self, store: FullStore) -> None:
        await commit(store, putting(events=[session_deleted("ses_gone", YOU.user_id)]), YOU)
        await commit(store, putting(erase=[YOU.user_id]), YOU)

        with pytest.raises(NotFound):
            await commit(store, putting((SESSION, session("ses_late", YOU.user_id))), YOU)

        await erase_all(store, 1000)
        assert await get(store, SESSION, "ses_late", SYSTEM) is None

    async def _is_missing(self, store: FullStore, kind: Kind[Record]) -> None:
        gone = one_of_each_kind(ME.user_id, "gone")[kind.name][1]
        stays = [one_of_each_kind(ME.user_id, "stays")[kind.name][1].id]
        stays += ["itm_stays_open"] if kind is ITEM else []
        for principal in (ME, SYSTEM):
            snapshot = await store.read(principal, Get(kind, gone.id), Query(kind, count=True, limit=100))
            seen = await see(
                store,
                [One(kind, gone.id), Some(kind, {}), Count(kind, {})],
                lambda view: (view.get(kind, gone.id), ids(view.some(kind)), view.count(kind)),
                principal,
            )
            paged = await page(store, Query(kind, limit=100, count=True), principal)

            assert snapshot.results[0] is None
            assert (ids(paged.records), paged.total) == (stays, len(stays))
            assert seen == (None, stays, len(stays))

    async def _stays(self, store: FullStore) -> None:
        for kind, record in one_of_each_kind(ME.user_id, "stays", CANARY).values():
            assert ids([await get(store, kind, record.id, SYSTEM)]) == [record.id]
        assert len(await whole_log(store, STAYS)) == 4


async def fill(store: FullStore, stays: str = CANARY) -> None:
    """Two sessions with a record of every kind, events, deltas and search entries that all hold the text."""
    for mark, text in (("gone", CANARY), ("stays", stays)):
        ses, thr, trn = f"ses_{mark}", f"thr_{mark}", f"trn_{mark}"
        records = one_of_each_kind(ME.user_id, mark, text).values()
        spoken = item(f"itm_{mark}_open", thr, turn_id=trn, session_id=ses, text=text, is_open=True)
        events = [paused(text, thr, ses), state_changed(1, ses)]
        await commit(store, putting(*records, (ITEM, spoken), events=events))
        assert await store.append([delta(text, spoken), delta(text, spoken)]) == ()
        await store.index([SearchEntry(ME.user_id, ses, thr, f"itm_{mark}", f"so {text} sang", at(1))], 1)


async def erase_all(store: FullStore, limit: int) -> int:
    """Erase until nothing is left; returns how many calls it took."""
    calls = 1
    while await store.erase(limit):
        calls += 1
    return calls


def ids(records: Sequence[Record | None]) -> list[str]:
    return [record.id for record in records if record is not None]
