"""The SQLite store: the store suite on a file and in memory, and what only a file can break."""

import asyncio
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import pytest

from laneway.domain.errors import Conflict, Unavailable
from laneway.domain.kinds import NODE, THREAD
from laneway.domain.node import Node
from laneway.domain.principal import SYSTEM
from laneway.store import Page, Query, StoreOptions
from laneway.stores.sqlite import SQLiteStore
from laneway.stores.sqlite.database import Database, known_migrations
from laneway.stores.sqlite.lock import LOCK_NAME
from laneway.stores.sqlite.reader import Reader, TooLong
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite import StoreSuite
from laneway.testing.store_suite.case import commit, get
from laneway.testing.store_suite.samples import putting, thread

pytestmark = pytest.mark.anyio


class TestSQLiteFile(StoreSuite):
    is_durable = True

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.directory = tmp_path / "data"

    def make_store(self, clock: FakeClock, options: StoreOptions) -> SQLiteStore:
        return SQLiteStore(self.directory / "laneway.db", clock, options)

    def finds(self, text: str) -> list[str]:
        forms = (text.encode(), text.lower().encode(), text.encode("utf-16-le"))
        return [
            path.name
            for path in self.directory.rglob("*")
            if path.is_file() and any(form in path.read_bytes() for form in forms)
        ]


class TestSQLiteMemory(StoreSuite):
    path: Literal[":memory:"] = ":memory:"

    def make_store(self, clock: FakeClock, options: StoreOptions) -> SQLiteStore:
        return SQLiteStore(self.path, clock, options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "laneway.db"


@pytest.fixture
def killed(path: Path) -> None:
    """A server on the directory was killed."""
    program = (
        "import asyncio, os, sys; from pathlib import Path; from laneway.store import StoreOptions\n"
        "from laneway.stores.sqlite import SQLiteStore; from laneway.testing.clock import FakeClock\n"
        "asyncio.run(SQLiteStore(Path(sys.argv[1]), FakeClock(), StoreOptions()).open()); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)


def make(path: Path, node: str = "") -> SQLiteStore:
    return SQLiteStore(path, FakeClock(), StoreOptions(node=node))


async def test_a_second_server_on_the_directory_is_refused_by_name(path: Path) -> None:
    first = make(path)
    await first.open()

    for _ in range(3):
        with pytest.raises(Conflict, match=r"in use by process \d+"):
            await make(path).open()

    await first.close()
    second = make(path)
    await second.open()
    await second.close()


async def test_the_lock_of_a_dead_server_is_nobodys(path: Path, killed: None) -> None:
    store = make(path)
    await store.open()

    assert (path.parent / LOCK_NAME).exists()
    await store.close()


async def test_files_are_their_owners_only(path: Path) -> None:
    store = make(path)
    await store.open()
    await commit(store, putting((THREAD, thread())))

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}
    await store.close()


def test_a_link_in_the_place_of_the_database_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic"):
        Database(path)

    assert not (tmp_path / "elsewhere").exists()


async def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    store = make(path)
    await store.open()
    await store.close()
    with Database(path) as newer:
        newer.writer.execute("PRAGMA user_version = 99")

    for _ in range(2):
        with pytest.raises(Conflict, match="version 99"):
            await make(path).open()


def test_migrations_are_numbered_without_a_gap() -> None:
    assert list(known_migrations()) == list(range(1, len(known_migrations()) + 1))


async def test_nodes_that_died_with_the_last_server_are_forgotten(path: Path) -> None:
    first = make(path, "first")
    await first.open()
    await first.close()

    second = make(path, "second")
    await second.open()

    assert await get(second, NODE, "first") is None
    assert await get(second, NODE, "second") == Node("second", "", FakeClock().now(), since=FakeClock().now())
    await second.close()


async def test_a_read_that_takes_long_is_done_beside_the_loop_and_comes_out_the_same(path: Path) -> None:
    store = make(path)
    await store.open()
    await commit(store, putting(*((THREAD, thread(f"thr_{number}")) for number in range(1000))))

    for _ in range(3):
        (found,) = (await store.read(SYSTEM, Query(THREAD, limit=1000, count=True))).results
        assert isinstance(found, Page)
        assert (len(found.records), found.total) == (1000, 1000)
        assert await get(store, THREAD, "thr_5") == thread("thr_5")
    await store.close()


@pytest.mark.parametrize("rows", [1, 10_000])
def test_only_a_read_that_takes_long_is_too_long(rows: int) -> None:
    with Database(None) as database:
        reader = Reader(*database.reader())
        numbers = f"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows})"
        count = f"{numbers} SELECT count(*) FROM n"

        with nullcontext() if rows == 1 else pytest.raises(TooLong):
            reader.read_within(3000, lambda connection: connection.execute(count).fetchall())

        assert reader.read(lambda connection: connection.execute(count).fetchall()) == [(rows,)]


@pytest.fixture
def spoiled(path: Path) -> Path:
    """A file in the place of the database that is none."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 100)
    return path


async def test_a_store_that_cannot_open_says_so_and_leaves_the_directory_free(spoiled: Path) -> None:
    with pytest.raises(Unavailable, match="not a database"):
        await make(spoiled).open()

    await asyncio.to_thread(spoiled.unlink)
    store = make(spoiled)
    await store.open()
    await store.close()


def test_a_bounded_read_never_leaves_its_transaction_open() -> None:
    with Database(None) as database, Reader(database.writer, nullcontext()) as reader:
        for _ in range(1000):
            reader.read_within(0, lambda _: None)

        assert not database.writer.in_transaction
