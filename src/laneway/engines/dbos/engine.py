"""Engine: runs what is ready in this process if there is a place, and otherwise offers it to all processes."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from laneway.clock import Clock
from laneway.domain.errors import Unavailable
from laneway.domain.node import Living
from laneway.engine import Places, ReadyThread, RunTurn
from laneway.engines.dbos.handovers import HandOver, HandOvers

T = TypeVar("T")

log = structlog.get_logger(__name__)

GATHER_S = 0.005
"""How long hand-overs are gathered into one transaction."""
LOOK_EVERY_S = 30.0
"""How often hand-overs that nobody finished are looked for while no node has died."""
FORGET_EVERY_S = 60.0
KEPT_S = 600
"""How long finished hand-overs are kept, for whoever wants to look at them."""


class DBOSEngine:
    """A place that is free here is taken at once, without a word to DBOS. A thread that finds none waits here, fairly,
    and in DBOS's queue, for any process: where it gets a place first it runs, and elsewhere there is nothing to run.

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
        self._seen = frozenset[str]()
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
        if not self._places.let_in(ready) and self._task is not None:
            self._unoffered[ready.thread_id] = ready
            self._has_unoffered.set()

    async def requeue(self, nodes: Living) -> None:
        """Offer again what nodes took and did not live to begin; forget what has long been finished."""
        now, names = self._clock.monotonic(), frozenset(nodes.names)
        if nodes.may_bury and (self._seen - names or now - self._looked_at > LOOK_EVERY_S):
            await self._ask(lambda: self._handovers.offer_again(names))
            self._looked_at = now
            self._seen = names
        self._seen |= names
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
            try:
                await self._ask(lambda offered=offered: self._handovers.offer(tuple(offered.values())))
            except Unavailable as refused:
                # They wait here as before, and the sweep finds them for everybody.
                log.warning("threads not offered", count=len(offered), detail=refused.detail)

    async def _ask(self, work: Callable[[], T]) -> T:
        """Speak to the database from a thread: DBOS's calls block."""
        return await asyncio.to_thread(work)

    # --- taking --------------------------------------------------------------------------------------------------

    async def _take(self, handover: HandOver) -> None:
        """Take what was handed over: return once it has its place here, on whatever loop DBOS calls from."""
        if self._loop is not None and self._task is not None:
            taking = asyncio.run_coroutine_threadsafe(self._let_in(handover), self._loop)
            await asyncio.wrap_future(taking)

    async def _let_in(self, handover: HandOver) -> None:
        thread_id = handover.ready.thread_id
        # What this process offered waits here, too; if it waits no longer, it has had its place already.
        if handover.node != self._node:
            self._places.let_in(handover.ready)
        await self._places.begun(thread_id)
