"""The Postgres store: the store suite on a real server, and what only several processes and a network can break."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from laneway.domain.changes import Decision, One, View
from laneway.domain.errors import Conflict, Unavailable
from laneway.domain.kinds import KINDS, NODE, THREAD, TURN
from laneway.domain.principal import SYSTEM
from laneway.domain.record import Kind, Record
from laneway.store import StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.stores.postgres.connection import Connection, connect
from laneway.stores.postgres.locks import NEED_OF_THREAD, Lock, taking
from laneway.stores.postgres.pool import Pool
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.schema import MIGRATIONS
from laneway.stores.postgres.table import TABLES
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import commit, get, whole_log, whole_user
from laneway.testing.store_suite.samples import ME, SES, THR, TRN, paused, putting, state_changed, thread, turn
from tests.contracts.postgres_suite import PostgresSuite
from tests.postgres import run
from tests.relay import Relay

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(database_url: str) -> str:
    """A schema of its own on the server."""
    return database_url


class TestPostgres(PostgresSuite):
    @pytest.fixture(autouse=True)
    async def place(self, url: str) -> None:
        self.url = url


@pytest.fixture
async def stores(url: str) -> AsyncGenerator[list[PostgresStore]]:
    """Two processes' stores over one database."""
    made = [PostgresStore(url, FakeClock(), StoreOptions(node=f"node_{number}")) for number in range(2)]
    for store in made:
        await store.open()
    yield made
    for store in made:
        await store.close()


@pytest.fixture
def store(stores: list[PostgresStore]) -> PostgresStore:
    return stores[0]


async def test_two_processes_lose_no_update_and_leave_no_gap(stores: list[PostgresStore]) -> None:
    await commit(stores[0], putting((THREAD, thread())))

    def add(view: View) -> Decision:
        kept = view.get(THREAD, THR)
        assert kept is not None
        return putting((THREAD, replace(kept, unread=kept.unread + 1)), events=[paused()])(view)

    await asyncio.gather(*(stores[number % 2].transact(ME, (One(THREAD, THR),), add) for number in range(60)))

    events = await whole_log(stores[1], SES)
    assert await get(stores[0], THREAD, THR) == replace(thread(), unread=60)
    assert [event.offset for event in events] == list(range(1, 61))
    assert [event.position for event in events] == sorted({event.position for event in events})


async def test_of_two_first_writers_the_second_sees_what_the_first_wrote(stores: list[PostgresStore]) -> None:
    def put_once(view: View) -> Decision:
        return Decision(reply="was there") if view.get(THREAD, THR) else putting((THREAD, thread()), reply="put")(view)

    told = await asyncio.gather(
        *(stores[number % 2].transact(ME, (One(THREAD, THR),), put_once) for number in range(20))
    )

    assert sorted(str(each.reply) for each in told) == ["put"] + ["was there"] * 19


async def test_a_reader_waits_for_the_commit_that_began_before_what_it_sees(url: str, store: PostgresStore) -> None:
    async def commit_beside(connection: Connection) -> list[int]:
        async with connection.transaction():
            await connection.single("SELECT pg_current_xact_id()")
            await commit(store, putting(events=[state_changed()]))
            early = await whole_user(store, None)
        return [len(early), len(await whole_user(store, None))]

    assert await run(url, commit_beside) == [0, 1]


async def test_a_process_that_stands_still_in_a_transaction_loses_its_locks(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await commit(store, putting((THREAD, thread())))
    monkeypatch.setattr("laneway.stores.postgres.connection.SILENT_S", 0.2)
    frozen = await connect(url)

    async def stand_still() -> None:
        async with frozen.transaction():
            await frozen.fetch('SELECT 1 FROM "thread" FOR UPDATE')
            await commit(store, putting((THREAD, replace(thread(), unread=1))))

    with pytest.raises(Unavailable):
        await stand_still()
    assert await get(store, THREAD, THR) == replace(thread(), unread=1)
    frozen.terminate()


async def test_a_command_whose_process_stood_still_is_run_again(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("laneway.stores.postgres.connection.SILENT_S", 0.1)
    again = PostgresStore(url, FakeClock(), StoreOptions())
    await again.open()
    decided: list[View] = []

    def stand_still_once(view: View) -> Decision:
        decided.append(view)
        if len(decided) == 1:
            with ThreadPoolExecutor(1) as executor:
                executor.submit(asyncio.run, run(url, lambda each: each.fetch("SELECT pg_sleep(0.5)"))).result()
        return putting((THREAD, thread()), events=[paused()])(view)

    assert await commit(again, stand_still_once) == 1
    assert len(decided) == 2
    await again.close()


async def test_a_transaction_that_is_given_up_for_anothers_sake_is_run_again(url: str, store: PostgresStore) -> None:
    await commit(store, putting((THREAD, thread())))
    decided: list[View] = []

    def count_up(view: View) -> Decision:
        decided.append(view)
        return putting((THREAD, replace(thread(), unread=1)))(view)

    async def cross(connection: Connection) -> None:
        await connection.script("SET deadlock_timeout = '1min'")  # so that it is the other that is given up
        async with connection.transaction():
            await connection.fetch('SELECT 1 FROM "thread" FOR UPDATE')
            crossing = asyncio.ensure_future(store.transact(ME, (One(THREAD, THR),), count_up))
            while not await run(url, lambda each: each.fetch("SELECT 1 FROM pg_locks WHERE NOT granted")):
                assert not crossing.done()
            await connection.script(taking([Lock(NEED_OF_THREAD, THR)]))
        await crossing

    await run(url, cross)

    assert await get(store, THREAD, THR) == replace(thread(), unread=1)
    assert len(decided) == 2


async def test_opening_leaves_the_rows_of_other_nodes_alone(stores: list[PostgresStore]) -> None:
    found = [await get(stores[1], NODE, f"node_{number}") for number in range(2)]

    assert [node.id for node in found if node] == ["node_0", "node_1"]


async def test_an_interrupted_connection_is_closed_and_not_lent_again(url: str) -> None:
    pool = Pool(url, 1)
    pid = "SELECT pg_backend_pid()"
    async with pool.lease() as connection:
        before = await connection.single(pid)

    async with pool.lease() as connection:
        same = await connection.single(pid)
    sleeping = asyncio.ensure_future(sleep_in(pool))
    await asyncio.sleep(0)
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)
    async with pool.lease() as connection:
        after = await connection.single(pid)

    assert (before == same, before == after) == (True, False)
    await pool.close()


async def sleep_in(pool: Pool) -> None:
    async with pool.transaction() as connection:
        await connection.fetch("SELECT pg_sleep(60)")


async def test_a_server_that_does_not_answer_is_given_up_and_its_connection_with_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("laneway.stores.postgres.pool.ANSWER_S", 0.2)
    pool = Pool(url, 1)

    with pytest.raises(Unavailable):
        await sleep_in(pool)

    async with pool.lease() as connection:
        assert await connection.single("SELECT 1") == (1,)
    assert connection.is_clean
    await pool.close()


class Swallowing(Relay):
    """A network that can swallow the answers to commits."""

    swallows = False

    def answered(self, piece: bytes) -> bytes:
        return b"" if self.swallows and b"COMMIT\x00" in piece else piece


async def test_a_commit_that_nobody_answers_is_looked_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laneway.stores.postgres.pool.ANSWER_S", 1.0)
    network = Swallowing(url)
    async with network:
        store = PostgresStore(network.url, FakeClock(), StoreOptions())
        await store.open()
        network.swallows = True

        await commit(store, putting((THREAD, thread())))

        assert await get(store, THREAD, THR) == thread()
        await store.close()


async def test_a_server_that_takes_no_writes_is_taken_only_if_asked_for(url: str) -> None:
    standby = f"{url}&default_transaction_read_only=on"

    with pytest.raises(Unavailable):
        await connect(standby)
    asked_for = await connect(f"{standby}&target_session_attrs=any")

    assert asked_for.is_clean
    await asked_for.close()


async def test_a_lost_connection_is_unavailable_and_the_next_one_is_not(url: str, store: PostgresStore) -> None:
    await commit(store, putting((THREAD, thread())))

    def cut(view: View) -> Decision:
        locked = """SELECT pid FROM pg_locks WHERE relation = '"thread"'::regclass"""
        cutting = run(url, lambda each: each.fetch(f"SELECT pg_terminate_backend(pid) FROM ({locked}) AS other"))
        with ThreadPoolExecutor(1) as executor:
            executor.submit(asyncio.run, cutting).result()
        return putting((THREAD, thread(title="lost")), events=[paused()])(view)

    with pytest.raises(Unavailable):
        await store.transact(SYSTEM, (One(THREAD, THR),), cut)

    assert await commit(store, putting(events=[paused()])) == 1
    assert await get(store, THREAD, THR) == thread()


class Losing:
    """A connection whose commit is made, and whose answer to it is lost."""

    def __init__(self, inner: Connection) -> None:
        self._inner = inner

    async def fetch(self, query: str, /, *bindings: object) -> Sequence[Sequence[object]]:
        return await self._inner.fetch(query)

    async def execute(self, query: str, /, *bindings: object) -> str:
        await self._inner.script(query)
        if query == "COMMIT":
            self._inner.terminate()
            raise ConnectionResetError
        return ""

    async def close(self) -> None:
        await self._inner.close()

    def is_in_transaction(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return not self._inner.is_clean

    def terminate(self) -> None:
        self._inner.terminate()


class LosingPool(Pool):
    async def _take(self) -> Connection:
        return Connection(Losing(await super()._take()))


@pytest.mark.parametrize("ending", ["", "; ROLLBACK; BEGIN"])
async def test_a_commit_whose_answer_is_lost_is_looked_up(url: str, ending: str) -> None:
    await run(url, lambda connection: connection.script("CREATE TABLE kept (id BIGINT)"))
    pool = LosingPool(url, 1)

    async def write() -> None:
        async with pool.transaction() as connection:
            ((number,),) = await connection.fetch("SELECT pg_current_xact_id()::text::bigint")
            connection.transaction_id = int(number)
            await connection.script(f"INSERT INTO kept VALUES (1){ending}")

    if ending:
        with pytest.raises(Unavailable):
            await write()
    else:
        await write()

    rows = await run(url, lambda connection: connection.fetch("SELECT * FROM kept"))
    assert rows == ([] if ending else [(1,)])
    await pool.close()


async def test_a_log_of_an_older_server_is_refused(url: str, store: PostgresStore) -> None:
    await commit(store, putting(events=[paused()]))
    await run(url, lambda connection: connection.execute("UPDATE event SET row = row + (1::bigint << 60)"))

    with pytest.raises(Conflict, match="positions"):
        await PostgresStore(url, FakeClock(), StoreOptions()).open()


async def test_a_process_that_starts_is_not_refused_for_what_others_commit_meanwhile(
    url: str, store: PostgresStore
) -> None:
    async def start_slowly(connection: Connection) -> object:
        async with connection.transaction():
            await connection.single("SELECT pg_current_xact_id()")
            await commit(store, putting(events=[paused()]))
            return (await connection.single(SQL["has_positions_to_come"]))[0]

    assert await run(url, start_slowly) is False


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await PostgresStore("postgresql://nobody@127.0.0.1:1/none", FakeClock(), StoreOptions()).open()


def test_migrations_are_numbered_once_and_without_a_gap() -> None:
    files = [path.name for path in MIGRATIONS.glob("*.sql")]

    assert sorted(int(name[:4]) for name in files) == list(range(1, len(files) + 1))


async def test_a_newer_schema_is_refused(url: str, store: PostgresStore) -> None:
    await run(url, lambda connection: connection.execute("UPDATE counter SET value = 99 WHERE name = 'schema'"))

    with pytest.raises(Conflict, match="version 99"):
        await PostgresStore(url, FakeClock(), StoreOptions()).open()


async def test_a_program_older_than_the_schema_ends_its_turns_and_claims_no_more(
    url: str, store: PostgresStore
) -> None:
    running = turn(node="node_0")
    await commit(store, putting((THREAD, thread()), (TURN, running)))
    await run(url, lambda connection: connection.execute("UPDATE counter SET value = 99 WHERE name = 'schema'"))

    for claimed in (replace(running, fence=2), turn("trn_2", "thr_2", node="node_0")):
        with pytest.raises(Conflict, match="version 99"):
            await store.transact(SYSTEM, (One(TURN, TRN),), putting((TURN, claimed)))
    ended = replace(running, status="completed")
    await store.transact(SYSTEM, (One(TURN, TRN),), putting((TURN, ended)))

    assert await get(store, TURN, TRN) == ended


async def test_a_column_that_a_kind_declares_anew_is_added_and_filled(url: str, store: PostgresStore) -> None:
    await commit(store, putting((THREAD, thread(title="kept"))))
    await run(url, lambda connection: connection.execute('ALTER TABLE "thread" DROP COLUMN title, DROP COLUMN unread'))

    again = PostgresStore(url, FakeClock(), StoreOptions())
    await again.open()

    rows = await run(url, lambda connection: connection.fetch('SELECT title, unread FROM "thread"'))
    assert rows == [("kept", 0)]
    await again.close()


async def test_no_statistics_are_needed_to_look_open_items_up_in_the_log(url: str, store: PostgresStore) -> None:
    fill = """
        INSERT INTO event (row, log, "offset", seq, type, owner, session_id, thread_id, item_id, survives, at, body)
        SELECT n, 'log', n, n, 'item.delta', 'usr', 'ses', 'thr', 'itm_' || n % 5000, 0, '2026', ''
        FROM generate_series(1, 20000) AS n;
        INSERT INTO item (id, owner, session_id, thread_id, turn_id, role, state, seq, body)
        SELECT 'itm_' || n, 'usr', 'ses', 'thr_' || n, 'trn', 'assistant', 'complete', n, ''
        FROM generate_series(1, 20000) AS n
    """
    looking = SQL["deltas_of_open_items"].replace("{sight}", "").replace("?", "'thr'")

    await run(url, lambda each: each.script(fill))
    plan = await run(url, lambda each: each.fetch(f"EXPLAIN {looking}"))

    assert not [line for (line,) in plan if "Seq Scan on event" in line], plan


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_the_schema_has_what_the_kind_declares(url: str, store: PostgresStore, kind: Kind[Record]) -> None:
    question = "SELECT column_name, is_nullable FROM information_schema.columns"
    where = "WHERE table_schema = current_schema() AND table_name = ?"

    found = dict(await run(url, lambda connection: connection.fetch(f"{question} {where}", (kind.name,))))

    assert set(found) == {"row", "id", "owner", *TABLES[kind.name].columns, "body"}
    assert {name for name in found if found[name] == "NO"} == {"row", *TABLES[kind.name].required, "body"}
