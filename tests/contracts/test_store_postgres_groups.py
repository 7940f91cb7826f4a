"""Groups of commands on Postgres: what shares a commit is as if it did not, and nobody suffers for a neighbour."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from random import Random

import pytest

from laneway.domain.changes import One
from laneway.domain.errors import Conflict, Unavailable
from laneway.domain.kinds import QUEUE_ITEM, THREAD, TURN, USER
from laneway.domain.principal import SYSTEM
from laneway.domain.record import Record
from laneway.store import Committed, Query, Store, StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import NEED_OF_THREAD, Lock, taking
from laneway.stores.sqlite import SQLiteStore
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import get, page, whole_log
from laneway.testing.store_suite.samples import ME, paused, putting, thread, user
from tests.domain.jumble import THREADS as IDS
from tests.domain.jumble import Command, beginning, command, session_of
from tests.postgres import run

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stores(database_url: str) -> AsyncGenerator[list[Store]]:
    """Two processes' stores over one database, and one of SQLite's, over which nothing happens at once."""
    options = StoreOptions(settings={"time": "clock"})
    made: list[Store] = [PostgresStore(database_url, FakeClock(), options) for _ in range(2)]
    made.append(SQLiteStore(":memory:", FakeClock(), StoreOptions()))
    for store in made:
        await store.open()
    for store in (made[0], made[2]):
        await store.transact(SYSTEM, (), putting(*beginning()))
    yield made
    for store in made:
        await store.close()


@pytest.fixture
def store(stores: list[PostgresStore]) -> PostgresStore:
    return stores[0]


async def do(store: Store, each: Command) -> Committed:
    return await store.transact(each.principal, each.needs, each.decide)


# Commands of users and of the system are in groups of their own, between which only what they name keeps order.
@pytest.mark.parametrize(("systems", "is_broad"), [(0.0, True), (1.0, True), (0.2, False)])
async def test_what_is_given_at_once_ends_as_what_is_done_one_by_one(
    stores: list[PostgresStore], systems: float, is_broad: bool
):
    dice = Random(0)
    commands = [command(dice, number, systems, is_broad) for number in range(120)]

    given = (do(stores[number % 2], each) for number, each in enumerate(commands))
    done = await asyncio.gather(*given, return_exceptions=True)

    told = [
        (each, done) for each, done in zip(commands, done, strict=True) if isinstance(done, Committed) and done.events
    ]
    told.sort(key=lambda each: (each[1].events[0].position, each[1].events[0].ordinal))
    for each, committed in told:
        assert (await do(stores[2], each)).reply == committed.reply
    assert await held(stores[0]) == await held(stores[2])
    for log in {session_of(id) for id in IDS}:
        events, expected = [await whole_log(each, log) for each in (stores[0], stores[2])]
        assert [(each.offset, each.seq, each.body) for each in events] == [
            (each.offset, each.seq, each.body) for each in expected
        ]
        places = [(each.position, each.ordinal) for each in events]
        assert places == sorted(set(places))
    figures = await stores[0].figures()
    assert figures.commits < figures.commands


async def held(store: Store) -> list[Record]:
    """Every record that the commands write, by kind and id."""
    return [
        record for kind in (THREAD, QUEUE_ITEM, TURN) for record in (await page(store, Query(kind, limit=500))).records
    ]


async def test_what_breaks_a_rule_of_the_database_is_refused_alone(store: PostgresStore):
    names = ["ada", "bob", "ada", "eve"]
    given = [putting((USER, user(name, f"usr_{number}"))) for number, name in enumerate(names)]

    done = await asyncio.gather(*(store.transact(SYSTEM, (), each) for each in given), return_exceptions=True)

    assert [isinstance(each, Conflict) for each in done] == [False, False, True, False]


async def test_a_command_is_carried_out_though_its_sender_has_gone(store: PostgresStore):
    renamed = [replace(thread(id, session_of(id)), owner=ME.user_id, title="new") for id in (IDS[0], IDS[2])]
    sending = [
        asyncio.ensure_future(store.transact(ME, (One(THREAD, each.id),), putting((THREAD, each)))) for each in renamed
    ]
    await asyncio.sleep(0)
    sending[0].cancel()

    await sending[1]
    await store.close()
    await store.open()

    assert [await get(store, THREAD, each.id) for each in renamed] == renamed


async def test_who_waits_for_anothers_lock_holds_up_nobody_else(
    database_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("laneway.stores.postgres.writer.GROUP_LOCK_MS", 10)

    def tell(id: str) -> asyncio.Future[Committed]:
        events = [paused(thread_id=id, session_id=f"ses_{id}")]
        return asyncio.ensure_future(store.transact(SYSTEM, (One(THREAD, id),), putting(events=events)))

    async def hold(connection: Connection) -> None:
        async with connection.transaction(opening=taking([Lock(NEED_OF_THREAD, IDS[0])])):
            waiting, *others = [tell(id) for id in IDS]
            await asyncio.gather(*others)
            assert not waiting.done()
        await waiting

    await run(database_url, hold)

    assert [len(await whole_log(store, f"ses_{id}")) for id in IDS] == [1, 1, 1, 1]


async def test_more_than_the_backlog_is_refused(store: PostgresStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("laneway.stores.postgres.writer.BACKLOG", 2)

    given = (store.transact(SYSTEM, (), putting(events=[paused()])) for _ in range(4))
    done = await asyncio.gather(*given, return_exceptions=True)

    assert [isinstance(each, Unavailable) for each in done] == [False, False, True, True]
