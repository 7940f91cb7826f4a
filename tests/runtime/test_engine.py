"""The local engine: runs what is ready, each thread once at a time, in as many places as there are."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from laneway.domain.admission import Caps
from laneway.engine import ReadyThread, Slot
from laneway.engines.local import LocalEngine
from laneway.testing.app import GUARD_S


class Runs:
    """What an engine runs: each run waits at the gate until the test lets it end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.now: dict[str, Slot] = {}
        self.cancelled: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()

    async def run(self, ready: ReadyThread, slot: Slot) -> bool:
        assert ready.thread_id not in self.now, "one thread runs twice at once"
        self.begun.append(ready.thread_id)
        self.now[ready.thread_id] = slot
        self._changed.set()
        try:
            await self._gates.setdefault(ready.thread_id, asyncio.Event()).wait()
        except asyncio.CancelledError:
            self.cancelled.append(ready.thread_id)
            raise
        finally:
            del self.now[ready.thread_id], self._gates[ready.thread_id]
            self._changed.set()
        return True

    def let(self, *threads: str) -> None:
        for thread in threads:
            self._gates[thread].set()

    async def are(self, *threads: str) -> None:
        """Wait until exactly these run."""
        async with asyncio.timeout(GUARD_S):
            while sorted(self.now) != sorted(threads):
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
async def engine(runs: Runs) -> AsyncGenerator[LocalEngine]:
    engine = LocalEngine(Caps(process=2))
    await engine.start(runs.run)
    yield engine
    await engine.stop(0)


def ready(thread: str, owner: str = "ada", group: str = "") -> ReadyThread:
    return ReadyThread(thread, "ses_1", owner, group)


async def test_what_is_dispatched_runs_as_far_as_there_are_places(engine: LocalEngine, runs: Runs):
    for thread in ("a", "b", "c"):
        engine.dispatch(ready(thread))
    await runs.are("a", "b")
    runs.let("a")
    await runs.are("b", "c")

    assert engine.running == 2


async def test_a_thread_that_waits_already_waits_once(engine: LocalEngine, runs: Runs):
    for thread in ("a", "b", "c", "c", "c"):
        engine.dispatch(ready(thread))
    await runs.are("a", "b")
    runs.let("a", "b")
    await runs.are("c")
    runs.let("c")
    await runs.are()

    assert runs.begun == ["a", "b", "c"]


async def test_what_a_thread_is_told_while_it_runs_is_looked_at_when_it_has_ended(engine: LocalEngine, runs: Runs):
    engine.dispatch(ready("a"))
    await runs.are("a")
    for _ in range(3):
        engine.dispatch(ready("a"))
    runs.let("a")
    await runs.are()
    await runs.are("a")
    runs.let("a")
    await runs.are()

    assert runs.begun == ["a", "a"]
    assert engine.running == 0


async def test_a_place_that_is_given_back_goes_to_another_and_is_waited_for_again(engine: LocalEngine, runs: Runs):
    for thread in ("a", "b", "c"):
        engine.dispatch(ready(thread))
    await runs.are("a", "b")

    slot = runs.now["a"]
    slot.release()
    slot.release()  # twice is fine
    await runs.are("a", "b", "c")
    regaining = asyncio.ensure_future(slot.regain())
    await asyncio.sleep(0)
    is_waiting = not regaining.done()
    runs.let("c")
    await regaining

    assert is_waiting
    assert engine.running == 2


async def test_a_turn_that_is_stopped_while_it_waits_for_a_place_leaves_none_behind(engine: LocalEngine, runs: Runs):
    for thread in ("a", "b", "c"):
        engine.dispatch(ready(thread))
    await runs.are("a", "b")
    slot = runs.now["a"]
    slot.release()
    await runs.are("a", "b", "c")
    regaining = asyncio.ensure_future(slot.regain())
    await asyncio.sleep(0)

    regaining.cancel()
    await asyncio.wait({regaining})
    runs.let("a", "b", "c")
    await runs.are()
    engine.dispatch(ready("a"))
    engine.dispatch(ready("d"))
    await runs.are("a", "d")

    assert engine.running == 2


async def test_threads_of_a_group_share_its_places(runs: Runs):
    engine = LocalEngine(Caps(process=10, group=1))
    await engine.start(runs.run)
    for thread in ("a", "b"):
        engine.dispatch(ready(thread, group="alerts"))
    engine.dispatch(ready("c"))

    await runs.are("a", "c")
    runs.let("a")
    await runs.are("b", "c")
    await engine.stop(0)


async def test_stopping_lets_what_ends_in_time_end_and_cancels_the_rest(engine: LocalEngine, runs: Runs):
    for thread in ("a", "b", "c"):
        engine.dispatch(ready(thread))
    await runs.are("a", "b")

    stopping = asyncio.ensure_future(engine.stop(0.05))
    await asyncio.sleep(0)
    runs.let("a")
    engine.dispatch(ready("d"))
    await stopping

    assert runs.cancelled == ["b"]
    assert runs.begun == ["a", "b"]
    assert engine.running == 0


async def test_what_is_dispatched_before_the_start_runs_at_the_start(runs: Runs):
    engine = LocalEngine(Caps())
    engine.dispatch(ready("a"))

    await engine.start(runs.run)
    await runs.are("a")
    await engine.stop(0)


async def test_stopping_twice_is_fine(engine: LocalEngine):
    await engine.stop(0)
    await engine.stop(0)
