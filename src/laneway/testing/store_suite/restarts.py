"""Restarts: what was acknowledged is there when the store is opened again."""

import asyncio

import pytest

from laneway.domain.kinds import THREAD, TURN
from laneway.store import StoreOptions
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, get, whole_log, whole_user
from laneway.testing.store_suite.samples import ME, SES, THR, delta, paused, putting, state_changed, thread, turn
from laneway.wire import frame


class Restarts(StoreCase):
    async def test_records_bytes_and_numbers_go_on(self, clock: FakeClock) -> None:
        store = await self._open(clock)
        await commit(store, putting((THREAD, thread()), (TURN, turn()), events=[paused(), state_changed()]))
        await store.append([delta("text")])
        before = [frame(event) for event in await whole_log(store, SES)]
        await store.close()

        store = await self._open(clock)
        committed = await store.transact(ME, (), putting(events=[paused()]))

        events = await whole_log(store, SES)
        assert await get(store, THREAD, THR, ME) == thread()
        assert [frame(event) for event in events[:-1]] == before
        assert [(event.offset, event.seq) for event in committed.events] == [(4, 3)]
        assert committed.events[0].position > events[-2].position
        assert await whole_user(store, ME.user_id) == events
        await store.close()

    async def test_closing_finishes_what_was_accepted(self, clock: FakeClock) -> None:
        store = await self._open(clock)
        commands = [asyncio.ensure_future(commit(store, putting(events=[paused()]))) for _ in range(50)]
        await asyncio.sleep(0)

        await store.close()

        offsets = await asyncio.gather(*commands)
        store = await self._open(clock)
        assert sorted(offsets) == list(range(1, 51))
        assert len(await whole_log(store, SES)) == 50
        await store.close()

    async def _open(self, clock: FakeClock) -> FullStore:
        if not self.is_durable:
            pytest.skip("nothing of this store outlives its process")
        store = self.make_store(clock, StoreOptions())
        await store.open()
        return store
