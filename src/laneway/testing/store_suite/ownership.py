"""Ownership: somebody else's is the same as missing, for every kind and on every way in."""

from dataclasses import replace

import pytest

from laneway.domain.changes import Count, One, Some
from laneway.domain.kinds import ITEM, KINDS, SESSION, THREAD, TURN
from laneway.domain.principal import SYSTEM
from laneway.domain.record import Kind, Record
from laneway.store import Fold, Query, SearchEntry
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, get, page
from laneway.testing.store_suite.needs import see
from laneway.testing.store_suite.samples import (
    ME,
    SES,
    THR,
    YOU,
    at,
    delta,
    item,
    one_of_each_kind,
    paused,
    putting,
    session,
    thread,
    turn,
)


class Ownership(StoreCase):
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    async def test_somebody_elses_record_is_missing(self, store: FullStore, kind: Kind[Record]) -> None:
        own, foreign = await mine_and_yours(store, kind)

        paged = await page(store, Query(kind, count=True), ME)
        seen = await see(
            store,
            [One(kind, own.id), One(kind, foreign.id), Some(kind, {}), Count(kind, {})],
            lambda view: (view.get(kind, own.id), view.get(kind, foreign.id), list(view.some(kind)), view.count(kind)),
        )

        assert await get(store, kind, foreign.id, ME) is None
        assert await get(store, kind, own.id, ME) == own
        assert (paged.records, paged.total) == ((own,), 1)
        assert seen == (own, None, [own], 1)

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    async def test_the_system_sees_everybodys(self, store: FullStore, kind: Kind[Record]) -> None:
        records = await mine_and_yours(store, kind)

        paged = await page(store, Query(kind, count=True), SYSTEM)

        assert (list(paged.records), paged.total) == (sorted(records, key=lambda record: record.id), 2)

    async def test_a_chain_stops_at_somebody_elses(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn()), (THREAD, thread(owner=YOU.user_id))))

        seen = await see(store, [One(TURN, "trn_1", ("thread_id",))], lambda view: view.get(THREAD, THR))

        assert seen is None

    async def test_text_in_progress_and_search_are_their_owners(self, store: FullStore) -> None:
        records = ((SESSION, session()), (THREAD, thread()), (TURN, turn()), (ITEM, item(is_open=True)))
        await commit(store, putting(*records))
        await store.append([delta("secret")])
        await store.index([SearchEntry(ME.user_id, SES, THR, "itm_1", "secret", at(0))], 1)

        assert (await store.read(YOU, Fold(THR))).results == ({},)
        assert await store.search(YOU, "secret") == ()
        assert await store.search(YOU, "secret", SES) == ()
        assert len(await store.search(ME, "secret")) == 1
        assert len(await store.search(SYSTEM, "secret")) == 1

    async def test_a_users_events_are_told_to_nobody_else(self, store: FullStore) -> None:
        await commit(store, putting(events=[paused(), paused(session_id="ses_2", owner=YOU.user_id)]))

        read = await store.read_user(ME.user_id, (0, 0), 10)

        assert [event.owner for event in read.events] == [ME.user_id]

    async def test_what_is_marked_deleted_is_there_for_the_system_only(self, store: FullStore) -> None:
        gone = replace(thread(), deleted=True)
        await commit(store, putting((SESSION, session(deleted=True)), (THREAD, gone)))

        assert await get(store, SESSION, SES, ME) is None
        assert await get(store, THREAD, THR, ME) is None
        assert (await page(store, Query(THREAD, count=True), ME)).total == 0
        assert await see(store, [One(THREAD, THR)], lambda view: view.get(THREAD, THR)) is None
        assert await get(store, THREAD, THR, SYSTEM) == gone


async def mine_and_yours(store: FullStore, kind: Kind[Record]) -> tuple[Record, Record]:
    """A record of the kind for each of two users, as they were kept, among records of all the other kinds."""
    mine, yours = one_of_each_kind(ME.user_id, "mine"), one_of_each_kind(YOU.user_id, "yours")
    committed = await store.transact(SYSTEM, (), putting(*mine.values(), *yours.values()))
    own, foreign = (put.record for put in committed.changes.puts if put.kind is kind)
    return own, foreign
