"""Parts: the store, the bus and the clock of a simulation: the real ones, each behind seeded delays and losses."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextvars import Context
from typing import TypeVar

from laneway.buses.local import Hear
from laneway.domain.changes import Decision, Need, View
from laneway.domain.event import Delta
from laneway.domain.instant import Instant, later
from laneway.domain.principal import Principal
from laneway.store import Ask, Committed, LogRead, Snapshot
from laneway.stores.sqlite.store import SQLiteStore
from laneway.stores.sqlite.writer import Work, Writer
from laneway.testing.clock import START
from laneway.testing.line import StoreLine
from tests.prove.simulation.loop import SimulatedLoop

T = TypeVar("T")


class SimulatedClock:
    """The loop's time as a wall clock, and seeds from the simulation's."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def now(self) -> Instant:
        return later(START, self._loop.time())

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def seed(self) -> bytes:
        return self._loop.random.randbytes(16)


class SimulatedWriter(Writer):
    """The real writer, with the loop in the place of its thread: it has a group committed when the disk is ready."""

    loop: SimulatedLoop
    """Set before a store is opened."""
    _is_due = False

    def __enter__(self) -> "SimulatedWriter":
        return self

    def __exit__(self, *_: object) -> None:
        """What was not committed is lost, as with the process."""
        self._closed = True

    async def submit(self, work: Work[T]) -> T:
        self._serve_soon()
        return await super().submit(work)

    async def submit_alone(self, work: Work[T]) -> T:
        self._serve_soon()
        return await super().submit_alone(work)

    def submit_from_thread(self, work: Work[T]) -> Future[T]:
        future = super().submit_from_thread(work)
        while not future.done():
            self.serve_group()
        return future

    def _serve_soon(self) -> None:
        if not self._is_due and not self._closed:
            self._is_due = True
            # In nobody's context: a process that stands still does not hold up what it has handed over.
            self.loop.call_later(self.loop.delay(), self._serve_now, context=Context())

    def _serve_now(self) -> None:
        self._is_due = False
        if self._has_requests and not self._closed:
            self.serve_group()
        if self._has_requests:
            self._serve_soon()

    @property
    def _has_requests(self) -> bool:
        return bool(self._put_back) or not self._requests.empty()


class Line(StoreLine):
    """A process's way to the store and back. Each takes its time; a cut one carries nothing more."""

    def __init__(self, store: SQLiteStore, loop: SimulatedLoop, trace: "Trace", name: str) -> None:
        super().__init__(store)
        self._loop = loop
        self._trace = trace
        self._name = name

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        await self._travel()
        committed = await super().transact(principal, needs, decide)
        self._trace.note(self._name, *(f"{event.log}#{event.offset} {event.type}" for event in committed.events))
        await self._travel()
        return committed

    async def append(self, deltas: Sequence[Delta]) -> tuple[str, ...]:
        await self._travel()
        refused = await super().append(deltas)
        self._trace.note(self._name, "append", *refused)
        await self._travel()
        return refused

    async def read(self, principal: Principal, *asks: Ask, log: str | None = None) -> Snapshot:
        await self._travel()
        snapshot = await super().read(principal, *asks, log=log)
        await self._travel()
        return snapshot

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        await self._travel()
        read = await super().read_log(log, after, limit, thread_id)
        await self._travel()
        return read

    async def _travel(self) -> None:
        await asyncio.sleep(self._loop.delay())


class Trace:
    """What was committed, when and by whom: two runs of a seed are the same run when theirs are."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop
        self._hash = hashlib.blake2b(digest_size=8)
        self.commits = 0

    def note(self, name: str, *what: str) -> None:
        self.commits += 1
        self._hash.update(f"{self._loop.time():.6f} {name} {what}\n".encode())

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class Town:
    """All buses of a simulation: a ring on one is heard on all, late, twice or not at all."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self.loop = loop
        self.loss = 0.2
        self.buses: list[SimulatedBus] = []

    def ring(self, topics: frozenset[str]) -> None:
        for bus in self.buses:
            for _ in range(2 if self.loop.random.random() < 0.05 else 1):
                if self.loop.random.random() >= self.loss:
                    self.loop.call_later(self.loop.delay(), bus.deliver, topics, context=bus.context.copy())


class SimulatedBus:
    """One process's end of the bus."""

    def __init__(self, town: Town, context: Context) -> None:
        self._town = town
        self.context = context
        self._hearers: list[Hear] = []

    async def start(self) -> None:
        self._town.buses.append(self)

    async def stop(self) -> None:
        if self in self._town.buses:
            self._town.buses.remove(self)

    def ring(self, topics: Iterable[str]) -> None:
        if self in self._town.buses:
            self._town.ring(frozenset(topics))

    def listen(self, hear: Hear) -> Callable[[], None]:
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear) if hear in self._hearers else None

    def deliver(self, topics: frozenset[str]) -> None:
        for hear in tuple(self._hearers):
            hear(topics)
