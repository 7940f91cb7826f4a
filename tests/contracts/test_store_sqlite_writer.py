"""The SQLite store's writer: commands that wait together share a commit, and nobody reads what is half written."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from laneway.domain.changes import Decision, View
from laneway.domain.errors import Unavailable
from laneway.domain.kinds import SESSION, THREAD
from laneway.store import StoreOptions
from laneway.stores.sqlite import SQLiteStore
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.database import Database
from laneway.stores.sqlite.table import TABLES
from laneway.stores.sqlite.writer import Committer, Work
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import commit, get, whole_log
from laneway.testing.store_suite.samples import ME, SES, THR, paused, putting, session, state_changed, thread

pytestmark = pytest.mark.anyio


@pytest.fixture
def database() -> Iterator[Database]:
    with Database(None) as database:
        yield database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "laneway.db"


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SQLiteStore]:
    store = SQLiteStore(path, FakeClock(), StoreOptions())
    await store.open()
    yield store
    await store.close()


class Held:
    """A decision that keeps the writer busy until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, view: View) -> Decision:
        self.entered.set()
        self.go.wait()
        return Decision()


async def test_commands_that_wait_together_share_one_commit(store: SQLiteStore, path: Path) -> None:
    held = Held()
    holding = asyncio.create_task(store.transact(ME, (), held))
    await asyncio.to_thread(held.entered.wait)
    log = path.with_name("laneway.db-wal")
    rest = [asyncio.create_task(commit(store, putting(events=[state_changed(n)]))) for n in range(40)]
    await asyncio.sleep(0)
    before = log.stat().st_size
    held.go.set()
    await asyncio.gather(holding, *rest)

    frames = (log.stat().st_size - before) // 4096
    assert len(await whole_log(store, SES)) == 40
    assert frames < 30, "forty commits would each have written their pages"


def test_a_group_is_a_plain_call_and_refusals_leave_no_trace(database: Database) -> None:
    committer = Committer(database)

    def keep(id: str) -> Work[None]:
        return lambda connection: TABLES[THREAD.name].put(connection, thread(id))

    def fail(connection: Connection) -> None:
        keep("thr_2")(connection)
        raise ZeroDivisionError

    outcomes = committer.commit([keep("thr_1"), fail, keep("thr_3")])

    kept = database.writer.execute("SELECT id FROM thread").fetchall()
    assert [type(outcome.error) for outcome in outcomes] == [type(None), ZeroDivisionError, type(None)]
    assert kept == [("thr_1",), ("thr_3",)]


async def test_a_reader_in_another_thread_does_not_wait_for_the_writer(store: SQLiteStore, path: Path) -> None:
    await commit(store, putting((THREAD, thread()), (SESSION, session()), events=[paused()]))
    held = Held()
    holding = asyncio.create_task(store.transact(ME, (), held))
    await asyncio.to_thread(held.entered.wait)

    assert await get(store, THREAD, THR, ME) == thread()
    assert len(await whole_log(store, SES)) == 1

    held.go.set()
    await holding


async def test_a_backlog_has_a_bound(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laneway.stores.sqlite.writer.BACKLOG", 5)
    held = Held()
    holding = asyncio.create_task(store.transact(ME, (), held))
    await asyncio.to_thread(held.entered.wait)
    waiting = [asyncio.create_task(commit(store, putting(events=[state_changed()]))) for _ in range(8)]
    await asyncio.sleep(0)
    held.go.set()
    await holding
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert [isinstance(outcome, Unavailable) for outcome in outcomes] == [False] * 5 + [True] * 3
    assert len(await whole_log(store, SES)) == 5
