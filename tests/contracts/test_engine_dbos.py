"""The DBOS engine: the engine suite over a real server, and what several processes hand to each other."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import sqlalchemy as sa
from dbos import DBOSClient

from laneway.domain.admission import Caps
from laneway.domain.node import Living
from laneway.engine import Places
from laneway.engines.dbos import DBOSEngine
from laneway.engines.dbos.address import libpq_address
from laneway.runtime.places import TurnPlaces
from laneway.runtime.system_clock import SystemClock
from laneway.testing.engine_suite import GUARD_S, EngineSuite, Runs, ready
from tests.postgres import run

ME = "this:1"


class TestDBOSEngine(EngineSuite):
    @pytest.fixture(autouse=True)
    def place(self, database_url: str) -> None:
        self.url = database_url

    def make_engine(self, places: Places) -> DBOSEngine:
        return DBOSEngine(places, self.url, ME, SystemClock())


class Others:
    """The other processes: what they hand over, and what they have taken."""

    def __init__(self, url: str) -> None:
        self._url = url
        schema = url.partition("search_path=")[2].partition("&")[0]
        self._table = f"{schema}_dbos.workflow_status"
        self._database = sa.create_engine(libpq_address(url))
        self._client = DBOSClient(system_database_engine=self._database, dbos_system_schema=f"{schema}_dbos", lazy=True)

    def hand_over(self, thread: str, number: int = 1) -> None:
        self._client.enqueue(
            {
                "workflow_name": "turn", "queue_name": "turns", "workflow_id": f"{thread}/{number}",
                "queue_partition_key": thread, "app_version": "1", "application_name": "laneway",
            },
            thread, "ses_1", "ada", "", "other:2",
        )  # fmt: skip

    async def take_and_die(self, thread: str) -> None:
        """Leave a hand-over as a process leaves it that took it and died."""
        text = f"UPDATE {self._table} SET status = 'PENDING', executor_id = 'dead:3' WHERE workflow_uuid LIKE ?"
        await run(self._url, lambda connection: connection.execute(text, (f"{thread}/%",)))

    async def hand_overs(self) -> list[tuple[str, str]]:
        """Every hand-over with its state."""
        text = f"SELECT workflow_uuid, status FROM {self._table} ORDER BY workflow_uuid"
        return [(str(id), str(status)) for id, status in await run(self._url, lambda each: each.fetch(text))]

    async def until(self, *expected: tuple[str, str]) -> None:
        """Wait until the hand-overs are exactly these."""
        async with asyncio.timeout(GUARD_S):
            while await self.hand_overs() != list(expected):
                pass

    def close(self) -> None:
        self._client.destroy()
        self._database.dispose()


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
async def engine(database_url: str, runs: Runs) -> AsyncGenerator[DBOSEngine]:
    engine = DBOSEngine(TurnPlaces(Caps(process=1)), database_url, ME, SystemClock())
    await engine.start(runs.run)
    yield engine
    await engine.stop(0)


@pytest.fixture
async def others(database_url: str, engine: DBOSEngine) -> AsyncGenerator[Others]:
    others = await asyncio.to_thread(Others, database_url)
    yield others
    others.close()


async def test_a_thread_that_finds_a_place_is_handed_to_nobody(engine: DBOSEngine, runs: Runs, others: Others):
    engine.dispatch(ready("a"))
    await runs.are("a")

    assert await others.hand_overs() == []


async def test_a_thread_that_finds_none_is_offered_once_and_under_a_new_id_each_time(
    engine: DBOSEngine, runs: Runs, others: Others
):
    engine.dispatch(ready("a"))
    for _ in range(3):
        engine.dispatch(ready("b"))
    await others.until(("b/1", "PENDING"))
    runs.let("a")
    await runs.are("b")
    await others.until(("b/1", "SUCCESS"))

    engine.dispatch(ready("c"))
    await others.until(("b/1", "SUCCESS"), ("c/1", "PENDING"))
    runs.let("b")
    await runs.are("c")
    engine.dispatch(ready("b"))
    await others.until(("b/1", "SUCCESS"), ("b/2", "PENDING"), ("c/1", "SUCCESS"))
    runs.let("c")
    await runs.are("b")

    assert runs.begun == ["a", "b", "c", "b"]


async def test_what_another_process_hands_over_runs_here(engine: DBOSEngine, runs: Runs, others: Others):
    await asyncio.to_thread(others.hand_over, "far")
    await runs.are("far")
    await others.until(("far/1", "SUCCESS"))

    runs.let("far")
    await runs.are()


async def test_a_hand_over_waits_for_a_place_and_is_finished_when_it_has_one(
    engine: DBOSEngine, runs: Runs, others: Others
):
    engine.dispatch(ready("a"))
    await asyncio.to_thread(others.hand_over, "far")
    await others.until(("far/1", "PENDING"))
    runs.let("a")
    await runs.are("far")

    await others.until(("far/1", "SUCCESS"))


async def test_what_a_dead_process_took_is_handed_over_again(engine: DBOSEngine, runs: Runs, others: Others):
    engine.dispatch(ready("a"))
    await asyncio.to_thread(others.hand_over, "far")
    await others.until(("far/1", "PENDING"))
    runs.let("a")
    await runs.are("far")
    runs.let("far")
    await others.until(("far/1", "SUCCESS"))
    await others.take_and_die("far")

    await engine.requeue(Living(ME, (ME, "other:2"), may_bury=False))
    assert await others.hand_overs() == [("far/1", "PENDING")], "buried by one who may not"
    await engine.requeue(Living(ME, (ME, "dead:3"), may_bury=True))
    assert await others.hand_overs() == [("far/1", "PENDING")], "it lives"
    await engine.requeue(Living(ME, (ME,), may_bury=True))
    await runs.are("far")

    assert runs.begun == ["a", "far", "far"]
