"""Engine: runs what is ready in this process if there is a place, and otherwise offers it to another one, too."""

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

import structlog

from laneway.clock import Clock
from laneway.domain.errors import Unavailable
from laneway.domain.node import Living
from laneway.engine import Places, ReadyThread, RunTurn
from laneway.engines.dbos.handovers import HandOvers

T = TypeVar("T")

log = structlog.get_logger(__name__)

GATHER_S = 0.005
"""How long hand-overs are gathered into one transaction."""
LOOK_EVERY_S = 30.0
"""How often hand-overs to the dead are looked for while no node goes."""
FORGET_EVERY_S = 60.0
KEPT_S = 600
"""How long finished hand-overs are kept, for whoever wants to look at them."""


class DBOSEngine:
    """A place that is free here is taken at once, without a word to DBOS. A thread that finds none waits here, fairly,
    and is handed over to another node that lives: where it gets a place first it runs, and elsewhere there is nothing
    to run. Nodes are chosen by chance, which shares out a load that nobody knows.

    A hand-over ends when the thread has its place. From then on the turn's record says who runs it, the heartbeat
    whether that node lives, and the sweep who takes it up.
    """

    def __init__(self, places: Places, url: str, node: str, clock: Clock) -> None:
        self._places = places
        self._node = node
        self._clock = clock
        self._handovers = HandOvers(url, node, self._take)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._unoffered: dict[str, ReadyThread] = {}
        self._has_unoffered = asyncio.Event()
        self._others: tuple[str, ...] = ()
        self._looked_at = float("-inf")
        self._forgot_at = float("-inf")

    async def start(self, run_turn: RunTurn) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._handovers.open)
        await self._places.open(run_turn)
        if self._task is None:
            self._task = asyncio.create_task(self._offer_on(), name="engine: hand-overs")

    async def stop(self, drain_s: float) -> None:
        async with asyncio.TaskGroup() as tasks:
            # At once: what is handed over while this process drains is for the others.
            tasks.create_task(self._ask(self._handovers.close))
            await self._places.close(drain_s)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def dispatch(self, ready: ReadyThread) -> None:
        # Also when it waited here already: it may have run elsewhere meanwhile, and be ready again.
        if not self._places.let_in(ready) and self._task is not None and self._others:
            self._unoffered[ready.thread_id] = ready
            self._has_unoffered.set()

    async def requeue(self, nodes: Living) -> None:
        """Take what was handed over to nodes that did not live to begin it; forget what has long been finished."""
        now, names = self._clock.monotonic(), frozenset(nodes.names)
        if not names.issuperset(self._others):
            self._looked_at = float("-inf")
        self._others = tuple(names - {nodes.me})
        if nodes.may_bury and now - self._looked_at > LOOK_EVERY_S:
            self._looked_at = now
            await self._ask(lambda: self._handovers.inherit(names))
        if now - self._forgot_at > FORGET_EVERY_S:
            self._forgot_at = now
            await self._ask(lambda: self._handovers.forget(KEPT_S))

    # --- offering ------------------------------------------------------------------------------------------------

    async def _offer_on(self) -> None:
        while True:
            await self._has_unoffered.wait()
            await self._clock.sleep(GATHER_S)
            self._has_unoffered.clear()
            offered, self._unoffered = self._unoffered, {}
            offers = [(each, random.choice(self._others)) for each in offered.values() if self._others]
            try:
                await self._ask(lambda offers=offers: self._handovers.offer(offers))
            except Unavailable as refused:
                # They wait here as before, and the sweep finds them for everybody.
                log.warning("threads not offered", count=len(offered), detail=refused.detail)

    async def _ask(self, work: Callable[[], T]) -> T:
        """Speak to the database from a thread: DBOS's calls block."""
        return await asyncio.to_thread(work)

    # --- taking --------------------------------------------------------------------------------------------------

    async def _take(self, ready: ReadyThread) -> None:
        """Take what was handed over: return once it has its place, on whatever loop DBOS calls from."""
        if self._loop is not None and self._task is not None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._let_in(ready), self._loop))

    async def _let_in(self, ready: ReadyThread) -> None:
        self._places.let_in(ready)
        await self._places.begun(ready.thread_id)
