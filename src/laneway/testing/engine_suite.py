"""The engine suite: what every engine has to hold. Inherit, say how an engine is made, run pytest."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from laneway.domain.admission import Caps
from laneway.domain.node import Living
from laneway.engine import Engine, Places, ReadyThread, Slot
from laneway.runtime.places import TurnPlaces

GUARD_S = 60.0
"""A wait that takes longer than this is a hang."""


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
        """Let runs end."""
        for thread in threads:
            self._gates[thread].set()

    async def are(self, *threads: str) -> None:
        """Wait until exactly these run."""
        async with asyncio.timeout(GUARD_S):
            while sorted(self.now) != sorted(threads):
                self._changed.clear()
                await self._changed.wait()


class EngineSuite(ABC):
    """The conformance tests of `laneway.engine.Engine`."""

    @abstractmethod
    def make_engine(self, places: Places) -> Engine:
        """Make an engine that is not started yet; at most one of a test runs at a time."""

    @pytest.fixture
    def places(self) -> TurnPlaces:
        return TurnPlaces(Caps(process=2))

    @pytest.fixture
    def runs(self) -> Runs:
        return Runs()

    @pytest.fixture
    async def engine(self, places: TurnPlaces, runs: Runs) -> AsyncGenerator[Engine]:
        async with self._started(places, runs) as engine:
            yield engine

    @asynccontextmanager
    async def _started(self, places: TurnPlaces, runs: Runs) -> AsyncGenerator[Engine]:
        engine = self.make_engine(places)
        await engine.start(runs.run)
        try:
            yield engine
        finally:
            await engine.stop(0)

    async def test_what_is_dispatched_runs_as_far_as_there_are_places(
        self, engine: Engine, places: TurnPlaces, runs: Runs
    ) -> None:
        for thread in ("a", "b", "c"):
            engine.dispatch(ready(thread))
        await runs.are("a", "b")
        runs.let("a")
        await runs.are("b", "c")

        assert places.running == 2

    async def test_a_thread_that_waits_already_waits_once(self, engine: Engine, places: TurnPlaces, runs: Runs) -> None:
        for thread in ("a", "b", "c", "c", "c"):
            engine.dispatch(ready(thread))
        await runs.are("a", "b")
        runs.let("a", "b")
        await runs.are("c")
        runs.let("c")
        await runs.are()

        assert runs.begun == ["a", "b", "c"]

    async def test_what_a_thread_is_told_while_it_runs_is_looked_at_when_it_has_ended(
        self, engine: Engine, places: TurnPlaces, runs: Runs
    ) -> None:
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
        assert places.running == 0

    async def test_a_place_that_is_given_back_goes_to_another_and_is_waited_for_again(
        self, engine: Engine, places: TurnPlaces, runs: Runs
    ) -> None:
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
        assert places.running == 2

    async def test_a_turn_that_is_stopped_while_it_waits_for_a_place_leaves_none_behind(
        self, engine: Engine, places: TurnPlaces, runs: Runs
    ) -> None:
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

        assert places.running == 2

    async def test_threads_of_a_group_share_its_places(self, runs: Runs) -> None:
        async with self._started(TurnPlaces(Caps(process=10, group=1)), runs) as engine:
            for thread in ("a", "b"):
                engine.dispatch(ready(thread, group="alerts"))
            engine.dispatch(ready("c"))

            await runs.are("a", "c")
            runs.let("a")
            await runs.are("b", "c")

    async def test_one_with_many_threads_does_not_keep_another_waiting(self, engine: Engine, runs: Runs) -> None:
        for number in range(20):
            engine.dispatch(ready(f"many_{number:02}", owner="many"))
        engine.dispatch(ready("one", owner="one"))
        await runs.are("many_00", "many_01")

        runs.let("many_00", "many_01")
        await runs.are("many_02", "one")

    async def test_a_look_for_the_dead_disturbs_nobody(self, engine: Engine, runs: Runs) -> None:
        for thread in ("a", "b", "c"):
            engine.dispatch(ready(thread))
        await runs.are("a", "b")

        await engine.requeue(Living("node", ("node",), may_bury=True))
        await engine.requeue(Living("node", ("another", "node"), may_bury=False))
        runs.let("a")
        await runs.are("b", "c")

        assert runs.begun == ["a", "b", "c"]

    async def test_stopping_lets_what_ends_in_time_end_and_cancels_the_rest(
        self, engine: Engine, places: TurnPlaces, runs: Runs
    ) -> None:
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
        assert places.running == 0

    async def test_what_is_dispatched_before_the_start_runs_at_the_start(self, places: TurnPlaces, runs: Runs) -> None:
        engine = self.make_engine(places)
        engine.dispatch(ready("a"))

        await engine.start(runs.run)
        await runs.are("a")
        await engine.stop(0)

    async def test_stopping_twice_is_fine(self, engine: Engine) -> None:
        await engine.stop(0)
        await engine.stop(0)


def ready(thread: str, owner: str = "ada", group: str = "") -> ReadyThread:
    """A thread that is ready to run."""
    return ReadyThread(thread, "ses_1", owner, group)
