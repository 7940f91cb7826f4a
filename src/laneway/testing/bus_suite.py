"""The bus suite: what every bus has to hold. Inherit, say how a bus is made, run pytest."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable

import pytest

from laneway.bus import Bus

GUARD_S = 60.0
"""A wait that takes longer than this is a hang."""


class Ears:
    """A listener that remembers what it heard."""

    def __init__(self, bus: Bus) -> None:
        self.rings: list[frozenset[str]] = []
        self._news = asyncio.Event()
        self.leave = bus.listen(self._hear)

    @property
    def topics(self) -> set[str]:
        return set[str]().union(*self.rings)

    async def have_heard(self, topics: Iterable[str]) -> None:
        """Wait until each of the topics was rung."""
        wanted = set(topics)
        async with asyncio.timeout(GUARD_S):
            while not wanted <= self.topics:
                self._news.clear()
                await self._news.wait()

    def _hear(self, topics: frozenset[str]) -> None:
        self.rings.append(topics)
        self._news.set()


class BusSuite(ABC):
    """The conformance tests of `laneway.bus.Bus`."""

    reaches_others = False
    """Whether a ring is heard by the buses of other processes, too."""

    @abstractmethod
    def make_bus(self) -> Bus:
        """Make a bus that is not started yet. Those of one test stand for processes of one deployment."""

    @pytest.fixture
    async def bus(self) -> AsyncGenerator[Bus]:
        bus = self.make_bus()
        await bus.start()
        yield bus
        await bus.stop()

    async def test_everybody_hears_what_is_rung(self, bus: Bus) -> None:
        one, other = Ears(bus), Ears(bus)

        bus.ring(["a", "b"])

        await one.have_heard("ab")
        await other.have_heard("ab")
        assert one.topics == {"a", "b"}

    async def test_who_rings_does_not_wait_for_who_hears(self, bus: Bus) -> None:
        ears = Ears(bus)

        bus.ring(["a"])

        assert ears.rings == [], "a listener ran within the ring"
        await ears.have_heard("a")

    async def test_rings_of_one_moment_are_heard_together(self, bus: Bus) -> None:
        ears = Ears(bus)

        for topic in "abc":
            bus.ring([topic])
        await ears.have_heard("abc")

        assert ears.rings == [frozenset("abc")]

    async def test_who_has_left_hears_nothing(self, bus: Bus) -> None:
        leaving, staying = Ears(bus), Ears(bus)

        leaving.leave()
        leaving.leave()
        bus.ring(["a"])
        await staying.have_heard("a")

        assert leaving.rings == []

    async def test_a_listener_that_fails_makes_nobody_deaf(self, bus: Bus) -> None:
        def fail(_: frozenset[str]) -> None:
            raise ValueError("no ears")

        bus.listen(fail)
        ears = Ears(bus)

        for topic in "ab":
            bus.ring([topic])
            await ears.have_heard(topic)

    async def test_a_listener_may_ring_and_leave_while_it_hears(self, bus: Bus) -> None:
        ears = Ears(bus)

        def answer(topics: frozenset[str]) -> None:
            if "a" in topics:
                hush()
                bus.ring(["b"])

        hush = bus.listen(answer)
        bus.ring(["a"])

        await ears.have_heard("ab")

    async def test_a_bus_that_does_not_run_takes_rings_and_loses_them(self) -> None:
        bus = self.make_bus()
        ears = Ears(bus)

        bus.ring(["before"])
        await bus.start()
        bus.ring(["during"])
        await ears.have_heard(["during"])
        await bus.stop()
        await bus.stop()
        bus.ring(["after"])
        await asyncio.sleep(0)

        assert "after" not in ears.topics

    async def test_a_ring_is_heard_in_other_processes(self, bus: Bus) -> None:
        async with self._another() as other:
            here, there = Ears(bus), Ears(other)

            bus.ring(["a"])
            await there.have_heard("a")
            other.ring(["b"])
            await here.have_heard("ab")

    async def test_however_much_is_rung_all_of_it_is_heard_elsewhere(self, bus: Bus) -> None:
        topics = [f"user:usr_{number:032x}" for number in range(2000)]
        topics.append("ünïcödé " * 50)
        async with self._another() as other:
            there = Ears(other)

            bus.ring(topics)

            await there.have_heard(topics)

    async def test_many_rings_cost_few_wake_ups_elsewhere(self, bus: Bus) -> None:
        async with self._another() as other:
            there = Ears(other)

            for number in range(500):
                bus.ring([f"topic {number % 50}"])
            await there.have_heard(f"topic {number}" for number in range(50))

            assert len(there.rings) <= 5

    def _another(self) -> "_Started":
        if not self.reaches_others:
            pytest.skip("this bus is of one process only")
        return _Started(self.make_bus())


class _Started:
    """A bus that runs for as long as the context lasts."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def __aenter__(self) -> Bus:
        await self._bus.start()
        return self._bus

    async def __aexit__(self, *_: object) -> None:
        await self._bus.stop()
