"""The wall on Postgres: a statement that forgets its conditions reaches nobody else's rows."""

from collections.abc import AsyncGenerator

import pytest

from laneway.domain.errors import Conflict, Internal, LanewayError
from laneway.domain.kinds import THREAD
from laneway.domain.principal import SYSTEM
from laneway.domain.record import Kind, Record
from laneway.sql.sight import Sight
from laneway.store import Query, SearchEntry, StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.stores.postgres.connection import Connection, connect
from laneway.stores.postgres.pool import Pool
from laneway.stores.postgres.schema import migrate
from laneway.stores.postgres.search import find_entries
from laneway.stores.postgres.wall import ROLE, SHARED, WALLED, behind, raise_wall
from laneway.testing.clock import START, FakeClock
from laneway.testing.store_suite.case import commit, page, whole_user
from laneway.testing.store_suite.samples import ME, YOU, one_of_each_kind, putting, state_changed
from tests.postgres import run

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[PostgresStore]:
    """A store with one record of each kind, an event and a search entry of two users."""
    store = PostgresStore(database_url, FakeClock(), StoreOptions())
    await store.open()
    for user, mark in ((ME, "a"), (YOU, "b")):
        owner = user.user_id
        records = one_of_each_kind(owner, mark).values()
        await commit(store, putting(*records, events=[state_changed(session_id=f"ses_{mark}", owner=owner)]))
        await store.index([SearchEntry(owner, f"ses_{mark}", f"thr_{mark}", "", "words", START)], 0)
    yield store
    await store.close()


@pytest.fixture
async def inside(database_url: str, store: PostgresStore) -> AsyncGenerator[Connection]:
    """A connection in a transaction of one user's."""
    pool = Pool(database_url, 1, is_walled=True)
    async with pool.transaction(owners=(ME.user_id,)) as connection:
        yield connection
    await pool.close()


async def test_every_table_is_walled_or_shared_on_purpose(database_url: str, store: PostgresStore) -> None:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    owned = (
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'owner'"
    )

    assert {name for (name,) in await run(database_url, lambda each: each.fetch(tables))} == {*WALLED, *SHARED}
    assert {name for (name,) in await run(database_url, lambda each: each.fetch(owned))} == {*WALLED, "search_entry"}


async def test_without_a_condition_a_user_reads_their_own_rows_only(inside: Connection) -> None:
    owners = {name: await inside.fetch(f'SELECT DISTINCT owner FROM "{name}"') for name in WALLED}

    assert owners == {name: [] if name in ("fold", "owner_log") else [(ME.user_id,)] for name in WALLED}


async def test_without_a_name_nobody_reads_anything(database_url: str, store: PostgresStore) -> None:
    async def look(connection: Connection) -> list[list[tuple[object, ...]]]:
        async with connection.transaction(opening=f"SET LOCAL ROLE {ROLE}"):
            return [await connection.fetch(f'SELECT 1 FROM "{name}"') for name in WALLED]

    assert await run(database_url, look) == [[] for _ in WALLED]


async def test_without_a_condition_a_user_changes_their_own_rows_only(inside: Connection) -> None:
    changed = await inside.execute("UPDATE \"thread\" SET title = 'mine'")
    dropped = await inside.execute('DELETE FROM "thread"')

    assert (changed, dropped) == (1, 1)


async def test_a_user_writes_no_row_of_another(inside: Connection) -> None:
    with pytest.raises(LanewayError, match="row-level security"):
        await inside.execute("UPDATE \"thread\" SET owner = 'usr_you'")


async def test_a_user_tells_others_what_they_may_read_and_the_user_may_not(store: PostgresStore) -> None:
    before = await whole_user(store, ME.user_id)
    await store.transact(ME, (), putting(events=[state_changed(session_id="ses_b", owner=YOU.user_id)]))

    assert await whole_user(store, ME.user_id) == before
    assert len(await whole_user(store, YOU.user_id)) == 2


async def test_a_query_that_forgets_whose_records_it_may_see_finds_the_users_all_the_same(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(_: Sight, __: Kind[Record]) -> str:
        return " AND ?::text IS NOT NULL"

    monkeypatch.setattr(Sight, "condition", forget)

    found = await page(store, Query(THREAD, (), count=True), ME)

    assert {record.owner for record in found.records} == {ME.user_id}
    assert found.total == 1


async def test_a_search_that_forgets_its_owner_shows_threads_of_the_user_only(inside: Connection) -> None:
    found = await find_entries(inside, SYSTEM, "words", None, 20)

    assert [hit.thread_id for hit in found] == ["thr_a"]


async def test_the_system_is_outside_and_so_is_everybody_when_there_is_no_wall(
    database_url: str, store: PostgresStore
) -> None:
    for is_walled, owners in ((True, None), (False, (ME.user_id,))):
        pool = Pool(database_url, 1, is_walled)
        async with pool.transaction(owners=owners) as connection:
            found = await connection.fetch('SELECT DISTINCT owner FROM "thread"')
        await pool.close()

        assert sorted(found) == [(ME.user_id,), (YOU.user_id,)]


async def test_a_further_start_changes_no_table(database_url: str, store: PostgresStore) -> None:
    tables = "SELECT relname, xmin::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace ORDER BY 1"
    before = await run(database_url, lambda each: each.fetch(tables))
    further = PostgresStore(database_url, FakeClock(), StoreOptions())
    await further.open()
    await further.close()

    assert await run(database_url, lambda each: each.fetch(tables)) == before


async def test_a_login_that_may_neither_make_nor_play_the_role_is_told_what_to_do(database_url: str) -> None:
    async def begin_as_a_stranger(connection: Connection) -> None:
        await connection.script("DROP ROLE IF EXISTS laneway_stranger; CREATE ROLE laneway_stranger")
        await connection.script("SET SESSION AUTHORIZATION laneway_stranger")
        try:
            with pytest.raises(Conflict) as refused:
                await raise_wall(connection)
            assert f"GRANT {ROLE} TO" in str(refused.value.hint)
        finally:
            await connection.script("RESET SESSION AUTHORIZATION; DROP ROLE laneway_stranger")

    await run(database_url, begin_as_a_stranger)


async def test_a_login_without_privileges_that_was_given_the_role_has_its_wall(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.script(
        f"CREATE ROLE laneway_plain; GRANT {ROLE} TO laneway_plain;"
        " CREATE SCHEMA laneway_plain AUTHORIZATION laneway_plain;"
        " SET search_path = laneway_plain; SET SESSION AUTHORIZATION laneway_plain"
    )
    try:
        await migrate(connection)
        await raise_wall(connection)
        await raise_wall(connection)
        async with connection.transaction(opening=behind([ME.user_id])):
            assert await connection.fetch('SELECT 1 FROM "thread"') == []
    finally:
        await connection.script(
            "RESET SESSION AUTHORIZATION; DROP SCHEMA laneway_plain CASCADE; DROP OWNED BY laneway_plain;"
            " DROP ROLE laneway_plain"
        )
        await connection.close()


def test_what_is_no_id_gets_into_no_statement() -> None:
    with pytest.raises(Internal):
        behind(["usr_me', 'usr_you"])
