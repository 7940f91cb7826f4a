"""The DBOS engine: the engine suite over a real server, and what several processes hand to each other."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from dbos import DBOSClient

from laneway.domain.admission import Caps
from laneway.domain.errors import Conflict
from laneway.domain.node import Living
from laneway.engine import Places
from laneway.engines.dbos import DBOSEngine
from laneway.engines.dbos.address import PROBES, libpq_address, quiet_logs
from laneway.runtime.places import TurnPlaces
from laneway.runtime.system_clock import SystemClock
from laneway.testing.engine_suite import GUARD_S, EngineSuite, Runs, ready

ME = "this:1"
STARTS_S = 60.0


class TestDBOSEngine(EngineSuite):
    @pytest.fixture(autouse=True)
    def place(self, database_url: str) -> None:
        self.url = database_url

    def make_engine(self, places: Places) -> DBOSEngine:
        return DBOSEngine(places, self.url, ME, SystemClock())


def test_what_dbos_complains_of_again_and_again_is_logged_now_and_then():
    quiet_logs()

    with structlog.testing.capture_logs() as told:
        for number in range(9):
            logging.getLogger("dbos").warning("poll %s failed", number)

    assert [each["detail"] for each in told] == ["poll 0 failed"]


START = """
import sys
from laneway.engines.dbos.handovers import HandOvers
async def take(given): ...
opened = HandOvers(sys.argv[1], sys.argv[2], take)
print("ready", flush=True)
sys.stdin.readline()
opened.open()
opened.close()
"""
"""A process that makes the tables when it is told to."""


def test_a_connection_whose_other_end_is_gone_is_given_up_within_seconds(server_url: str):
    database = sa.create_engine(libpq_address(server_url))
    with database.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        parameters = driver.info.get_parameters()
    database.dispose()

    assert {name: parameters[name] for name in PROBES} == PROBES


async def test_processes_that_start_at_once_on_a_new_database_do_not_wait_for_each_other(database_url: str):
    starting = [await started(database_url, f"node:{number}") for number in range(2)]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write(b"\n")

    async with asyncio.timeout(STARTS_S):
        ends = await asyncio.gather(*(process.wait() for process in starting))

    assert ends == [0, 0]


async def started(url: str, node: str) -> asyncio.subprocess.Process:
    """A process that has imported everything: what is left to do is quick."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, url, node, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


class Others:
    """The other processes: what they hand over, and what is handed to them."""

    def __init__(self, url: str) -> None:
        schema = url.partition("search_path=")[2].partition("&")[0]
        self._table = f"{schema}_dbos.workflow_status"
        self._database = sa.create_engine(libpq_address(url))
        self._client = DBOSClient(
            system_database_engine=self._database, dbos_system_schema=f"{schema}_dbos", application_name="laneway",
            lazy=True,
        )  # fmt: skip

    def live(self, node: str) -> None:
        """Be there, as a node of that name."""
        self._client.register_queue(f"turns {node}", partition_concurrency=1, polling_interval_sec=0.1)

    def hand_over(self, thread: str, to: str) -> None:
        self.live(to)
        self._client.enqueue(
            {
                "workflow_name": "turn", "queue_name": f"turns {to}", "workflow_id": f"{thread}/1",
                "queue_partition_key": thread, "app_version": "1",
            },
            thread, "ses_1", "ada", "",
        )  # fmt: skip

    def queues(self) -> list[str]:
        return sorted(each.name for each in self._client.list_queues())

    async def hand_overs(self) -> list[tuple[str, str]]:
        """Every hand-over with its state."""
        return await asyncio.to_thread(self._hand_overs)

    def _hand_overs(self) -> list[tuple[str, str]]:
        text = sa.text(f"SELECT workflow_uuid, status FROM {self._table} ORDER BY workflow_uuid")
        with self._database.connect() as connection:
            return [(str(id), str(status)) for id, status in connection.execute(text)]

    async def until(self, *expected: tuple[str, str]) -> None:
        """Wait until the hand-overs are exactly these."""
        async with asyncio.timeout(3 * GUARD_S):
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
    await engine.requeue(Living(ME, (ME, "other:2"), may_bury=False))
    yield engine
    await engine.stop(0)


@pytest.fixture
async def others(database_url: str, engine: DBOSEngine) -> AsyncGenerator[Others]:
    others = await asyncio.to_thread(Others, database_url)
    await asyncio.to_thread(others.live, "other:2")
    yield others
    others.close()


async def test_a_thread_that_finds_a_place_is_handed_to_nobody(engine: DBOSEngine, runs: Runs, others: Others):
    engine.dispatch(ready("a"))
    await runs.are("a")

    assert await others.hand_overs() == []


async def test_a_thread_that_finds_none_is_handed_to_another_node_and_waits_here_too(
    engine: DBOSEngine, runs: Runs, others: Others
):
    engine.dispatch(ready("a"))
    for _ in range(3):
        engine.dispatch(ready("b"))
    await others.until(("b/1", "ENQUEUED"))
    runs.let("a")
    await runs.are("b")

    assert runs.begun == ["a", "b"]


async def test_what_is_handed_over_already_is_not_handed_over_again(engine: DBOSEngine, runs: Runs, others: Others):
    engine.dispatch(ready("a"))
    engine.dispatch(ready("b"))
    await others.until(("b/1", "ENQUEUED"))
    runs.let("a")
    await runs.are("b")

    engine.dispatch(ready("c"))
    await others.until(("b/1", "ENQUEUED"), ("c/1", "ENQUEUED"))
    runs.let("b")
    await runs.are("c")
    for thread in "bd":
        engine.dispatch(ready(thread))

    await others.until(("b/1", "ENQUEUED"), ("c/1", "ENQUEUED"), ("d/1", "ENQUEUED"))


async def test_what_another_process_hands_over_runs_here(engine: DBOSEngine, runs: Runs, others: Others):
    await asyncio.to_thread(others.hand_over, "far", ME)
    await runs.are("far")

    await others.until(("far/1", "SUCCESS"))


async def test_a_second_engine_of_this_process_is_refused_and_the_first_goes_on(
    engine: DBOSEngine, database_url: str, runs: Runs, others: Others
):
    second = DBOSEngine(TurnPlaces(Caps(process=1)), database_url, "this:2", SystemClock())

    with pytest.raises(Conflict, match="once only"):
        await second.start(runs.run)
    await second.stop(0)
    await asyncio.to_thread(others.hand_over, "far", ME)
    await runs.are("far")

    await others.until(("far/1", "SUCCESS"))


async def test_a_hand_over_waits_for_a_place_and_is_finished_when_it_has_one(
    engine: DBOSEngine, runs: Runs, others: Others
):
    engine.dispatch(ready("a"))
    await runs.are("a")
    await asyncio.to_thread(others.hand_over, "far", ME)
    await others.until(("far/1", "PENDING"))
    runs.let("a")
    await runs.are("far")

    await others.until(("far/1", "SUCCESS"))


async def test_the_next_hand_over_of_a_thread_has_an_id_that_never_ran(engine: DBOSEngine, runs: Runs, others: Others):
    engine.dispatch(ready("a"))
    engine.dispatch(ready("b"))
    await others.until(("b/1", "ENQUEUED"))
    await engine.requeue(Living(ME, (ME,), may_bury=True))
    await others.until(("b/1", "PENDING"))
    runs.let("a")
    await runs.are("b")
    await others.until(("b/1", "SUCCESS"))
    engine.dispatch(ready("c"))
    runs.let("b")
    await runs.are("c")

    await engine.requeue(Living(ME, (ME, "other:2"), may_bury=False))
    engine.dispatch(ready("b"))

    await others.until(("b/1", "SUCCESS"), ("b/2", "ENQUEUED"))


async def test_what_was_handed_to_a_dead_process_is_taken_by_one_that_may_bury_it(
    engine: DBOSEngine, runs: Runs, others: Others
):
    await asyncio.to_thread(others.hand_over, "far", "dead:3")

    await engine.requeue(Living(ME, (ME, "other:2"), may_bury=False))
    assert await others.hand_overs() == [("far/1", "ENQUEUED")], "buried by one who may not"
    await engine.requeue(Living(ME, (ME, "dead:3"), may_bury=True))
    assert await others.hand_overs() == [("far/1", "ENQUEUED")], "it lives"
    await engine.requeue(Living(ME, (ME,), may_bury=True))
    await runs.are("far")

    await others.until(("far/1", "SUCCESS"))
    assert await asyncio.to_thread(others.queues) == [f"turns {ME}"]
