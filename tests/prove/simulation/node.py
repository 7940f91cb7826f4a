"""Node: one simulated process, the real `App` in a place of the loop. It can be frozen and killed."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import laneway.app
import laneway.deployment
from laneway.app import App
from laneway.config import load
from laneway.domain.changes import Changes, Decision, Put
from laneway.domain.errors import LanewayError, Unavailable
from laneway.domain.kinds import NODE
from laneway.domain.node import Node as NodeRecord
from laneway.domain.principal import SYSTEM, Principal
from laneway.stores.sqlite.store import SQLiteStore
from laneway.testing.owner import Owner
from tests.prove.bugs.inner import put
from tests.prove.harness.http import Cut
from tests.prove.simulation.loop import Place, SimulatedLoop
from tests.prove.simulation.parts import Line, SimulatedBus, SimulatedClock, Town, Trace

T = TypeVar("T")

LEASE_S = 6.0
PATIENCE_S = 3.0
SETTINGS = {"script_agent": True, "default_agent": "script", "lease_s": LEASE_S, "drain_s": 0.5}


class NoWatchdog:
    """There is no thread to watch the loop from, and nothing that could block it."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Node:
    """One life of one process."""

    def __init__(
        self, loop: SimulatedLoop, store: SQLiteStore, town: Town, trace: Trace, name: str, data: Path
    ) -> None:
        self.place = Place(name)
        self.line = Line(store, loop, trace, name)
        self.is_dead = False
        self._loop = loop
        self._context = self.place.context()
        self._bus = SimulatedBus(town, self._context)
        self._clock = SimulatedClock(loop)
        self.app = self._context.copy().run(self._build, data)

    def _build(self, data: Path) -> App:
        settings = load(environ={}, flags=SETTINGS | {"data_dir": str(data)})
        put(laneway.deployment, "SQLiteStore", self._line)
        put(laneway.deployment, "LocalBus", lambda: self._bus)
        put(laneway.app, "Watchdog", NoWatchdog)
        # Nodes share the work by their names: drawn anew, they would make another run of the same seed.
        put(laneway.app, "_new_name", lambda: f"{self._loop.random.getrandbits(32):08x}")
        return App(settings, clock=self._clock)

    def _line(self, *_: object) -> Line:
        return self.line

    def owner(self, principal: Principal) -> Owner:
        """A user, as this process serves them."""
        return Owner(self.app.runtime, self.line, self._clock, principal)

    async def start(self) -> None:
        """Show a heartbeat, then start as a server does."""
        await self.do(self._beat(), 60)
        self._run(self._beat_on())
        await self.do(self.app.start(), 60)

    async def do(self, work: Coroutine[Any, Any, T], patience_s: float = PATIENCE_S, leaves: bool = False) -> T:
        """Have the process do something, and wait for it as a client does. `Cut`: nobody knows what became of it.

        Somebody who `leaves` then closes the connection, which ends what is done for it.
        """
        task = self._run(work)
        done, _ = await asyncio.wait({task}, timeout=patience_s)
        if not done or task.cancelled():
            if leaves:
                task.cancel()
            raise Cut("no answer")
        try:
            return task.result()
        except Unavailable as refused:
            raise Cut(refused.detail) from refused

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more, and nothing reaches it; what it has handed to the store may arrive."""
        self.is_dead = True
        self._loop.stop_place(self.place)

    async def bury(self) -> None:
        """After all is over: let the dead process's tasks end, without a way to do anything."""
        self.line.cut()
        await self._bus.stop()
        self._loop.go_on(self.place)
        for _ in range(20):
            left = {task for task in self.place.tasks if not task.done()}
            if not left:
                return
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=5)

    def _run(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = self._loop.create_task(work, context=self._context.copy())
        task.add_done_callback(_look)
        return task

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            try:
                await self._beat()
            except LanewayError:
                continue

    async def _beat(self) -> None:
        put = Put(NODE, NodeRecord(self.app.node, "", self._clock.now()))
        await self.line.transact(SYSTEM, (), lambda _: Decision(Changes(puts=(put,))))


def _look(task: "asyncio.Task[Any]") -> None:
    """Who asked may have gone: then nobody looks at what came of it."""
    if not task.cancelled():
        task.exception()
