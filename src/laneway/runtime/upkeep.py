"""Upkeep: the loops that make good what hints missed: sweep, timers, search, state, erasure, pruning."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from laneway.bus import Bus
from laneway.domain.approval import Approval
from laneway.domain.changes import Changes, Decision, Drop, Some, View
from laneway.domain.command import TellState, UpdateThread
from laneway.domain.errors import LanewayError
from laneway.domain.instant import later
from laneway.domain.kinds import APPROVAL, ATTACHMENT, NODE, SESSION, THREAD, TURN
from laneway.domain.node import Living, living
from laneway.domain.principal import SYSTEM
from laneway.domain.session import Attachment, Session
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn
from laneway.engine import Engine, ReadyThread
from laneway.runtime.answers import Answers
from laneway.runtime.attachments import Attachments
from laneway.runtime.projection import Projection
from laneway.runtime.submit import FILES_TOPIC, Runtime, ready_thread
from laneway.runtime.timers import Timers
from laneway.runtime.turn_runner import TurnRunner
from laneway.store import Page, Query, Retention, Store, Where

log = structlog.get_logger(__name__)

SWEEP_S = 1.0
PRUNE_EVERY_S = 600.0
PAGE = 200
FORGOTTEN_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """How long things are kept, in seconds. 0 = for ever (deltas: until the next pruning)."""

    deltas_s: int = 86_400
    events_s: int = 0
    alerts_s: int = 7 * 86_400


class Upkeep:
    """Runs in every process. Each pass is idempotent, may be cut off anywhere, and finds its work in the store."""

    def __init__(
        self, runtime: Runtime, store: Store, engine: Engine, runner: TurnRunner, answers: Answers, timers: Timers,
        projection: Projection, attachments: Attachments, bus: Bus, kept: Kept,
    ) -> None:  # fmt: skip
        self._runtime = runtime
        self._store = store
        self._engine = engine
        self._runner = runner
        self._answers = answers
        self._timers = timers
        self._projection = projection
        self._bus = bus
        self._kept = kept
        self._attachments = attachments
        self._cursors: dict[tuple[Where, ...], str | None] = {}
        self._files_went = True
        self._has_swept = False
        self._sweeps = 0
        self._nodes = Living(runner.node, (runner.node,), may_bury=False)
        """As of the last sweep; before the first, nobody else is known."""
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._hush: Callable[[], None] | None = None

    async def start(self) -> None:
        """Find at once what a death left behind, then look again and again."""
        self._hush = self._bus.listen(self._hear)
        await self.sweep()
        loops = {
            "sweep": self._every(SWEEP_S, self.sweep),
            "timers": self._every(SWEEP_S, self._fire_timers),
            "search": self._on_news(self._index),
            "tidy": self._every(SWEEP_S, self.tidy),
            "files": self._every(SWEEP_S, self.collect_files),
            "prune": self._every(PRUNE_EVERY_S, self.prune),
        }
        self._tasks = [asyncio.create_task(each, name=f"upkeep: {name}") for name, each in loops.items()]

    async def stop(self) -> None:
        """End the loops. Safe to call twice."""
        if self._hush is not None:
            self._hush()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # --- passes --------------------------------------------------------------------------------------------------

    async def sweep(self) -> None:
        """Dispatch ready threads that nobody began and turns that nobody runs; look for cancels and answers."""
        nodes = await self._living()
        self._sweeps += 1
        if nodes.leads and not self._nodes.leads:
            self._news.set()
        self._nodes = nodes
        for thread in await self._next(Query(THREAD, (Where("status", "=", "queued"),), limit=PAGE)):
            if isinstance(thread, Thread) and self._is_mine(thread.id):
                self._engine.dispatch(ready_thread(thread))
        await self._dispatch_turns("running", nodes)
        await self._dispatch_turns("waiting", nodes, but=await self._asking())
        self._has_swept = True
        await self._runner.look_for_cancels()
        self._answers.look_again()
        await self._engine.requeue(nodes)

    async def _dispatch_turns(self, status: str, nodes: Living, but: frozenset[str] = frozenset()) -> None:
        """Dispatch the active turns that nobody seems to run; whether that is so, the claim finds out."""
        running = frozenset(self._runner.running)
        left_alone = frozenset(nodes.names) - {nodes.me}
        for turn in await self._next(Query(TURN, (Where("status", "=", status),), limit=PAGE)):
            if not isinstance(turn, Turn) or turn.id in running or turn.node in left_alone:
                continue
            if turn.node != nodes.me and not self._is_mine(turn.thread_id):
                continue
            if turn.node is not None or turn.id not in but:
                self._engine.dispatch(ReadyThread(turn.thread_id, turn.session_id, turn.owner))

    def _is_mine(self, id: str) -> bool:
        """Whether to look after it in this round: after a start after everything, then after this node's share."""
        return not self._has_swept or self._nodes.is_mine(id, self._sweeps)

    async def _living(self) -> Living:
        """The nodes that show a heartbeat, by the store's own time: what they run is theirs."""
        me, lease_s = self._runner.node, self._runtime.rules.lease_s

        def look(view: View) -> Decision:
            return Decision(reply=living(view.some(NODE), me, view.now, lease_s))

        found = (await self._store.transact(SYSTEM, (Some(NODE, {}),), look)).reply
        assert isinstance(found, Living)
        return found

    async def _asking(self) -> frozenset[str]:
        """Turns that wait for an answer that has not come; after a start each of them is looked at once."""
        if not self._has_swept:
            return frozenset()
        approvals = await self._page(Query(APPROVAL, (Where("state", "=", "open"),), limit=10_000))
        return frozenset(each.turn_id for each in approvals if isinstance(each, Approval))

    async def tidy(self) -> None:
        """Tell states that changed too soon after the last telling, and erase what was deleted."""
        for session in await self._page(Query(SESSION, (Where("state_untold", "=", True),), limit=PAGE)):
            if isinstance(session, Session) and not session.deleted and self._is_mine(session.id):
                clock = self._runtime.clock
                await self._runtime.submit(SYSTEM, TellState(at=clock.now(), seed=clock.seed(), session_id=session.id))
        while self._nodes.leads and await self._store.erase():
            pass

    async def collect_files(self) -> None:
        """Remove the bytes of attachments that are gone."""
        if self._files_went:
            self._files_went = False
            self._files_went = await self._attachments.collect(self._named)

    async def _named(self, sha256s: Sequence[str]) -> set[str]:
        where = (Where("sha256", "in", tuple(sha256s)),)
        found = await self._page(Query(ATTACHMENT, where, limit=10_000))
        return {each.sha256 for each in found if isinstance(each, Attachment)}

    async def prune(self) -> None:
        """Fold old deltas, prune old events and replies, archive old alert threads."""
        now = self._runtime.clock.now()
        events = later(now, -self._kept.events_s) if self._kept.events_s else None
        await self._store.compact(Retention(later(now, -self._kept.deltas_s), events))
        await self._archive_alerts(later(now, -self._kept.alerts_s))
        await self._forget_nodes()

    async def _archive_alerts(self, before: str) -> None:
        where = (
            Where("kind", "=", "alert"), Where("status", "=", "idle"), Where("updated_at", "<", before),
        )  # fmt: skip
        clock = self._runtime.clock
        for thread in await self._page(Query(THREAD, where, limit=PAGE)):
            if isinstance(thread, Thread):
                changes = {"archived": True}
                command = UpdateThread(at=clock.now(), seed=clock.seed(), thread_id=thread.id, changes=changes)
                await self._runtime.submit(SYSTEM, command)

    async def _forget_nodes(self) -> None:
        """Forget nodes that died long ago. What one of them still held would be free."""

        def forget(view: View) -> Decision:
            before = later(view.now, -FORGOTTEN_S)
            return Decision(
                Changes(drops=tuple(Drop(NODE, each.id) for each in view.some(NODE) if each.beat_at < before))
            )

        await self._store.transact(SYSTEM, (Some(NODE, {}),), forget)

    async def _fire_timers(self) -> None:
        """Raise what is due; within the last second before a due time, wait for exactly that."""
        wait = await self._timers.fire_due(self._nodes)
        if wait is not None and wait < SWEEP_S:
            await self._runtime.clock.sleep(wait)
            await self._timers.fire_due(self._nodes)

    async def _index(self) -> None:
        if self._nodes.leads:
            await self._projection.catch_up()

    async def _next(self, query: Query) -> Sequence[object]:
        """A page of what a query finds, sweep after sweep another; after a start, all of it."""
        found: list[object] = []
        while True:
            page = await self._read(replace(query, cursor=self._cursors.get(query.where)))
            found += page.records
            self._cursors[query.where] = page.next_cursor
            if self._has_swept or page.next_cursor is None:
                return found

    async def _page(self, query: Query) -> tuple[object, ...]:
        return (await self._read(query)).records

    async def _read(self, query: Query) -> Page:
        page = (await self._store.read(SYSTEM, query)).results[0]
        assert isinstance(page, Page)
        return page

    # --- loops ---------------------------------------------------------------------------------------------------

    def _hear(self, topics: frozenset[str]) -> None:
        self._news.set()
        self._files_went = self._files_went or FILES_TOPIC in topics

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._guarded(work)
            await self._runtime.clock.sleep(seconds)

    async def _on_news(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            self._news.clear()
            await self._guarded(work)
            await self._news.wait()
            # One pass for everything that is committed in the meantime.
            await self._runtime.clock.sleep(0.2)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """A pass that the store refuses is tried again with the next one."""
        try:
            await work()
        except LanewayError as refused:
            log.warning("upkeep refused", work=getattr(work, "__name__", ""), code=refused.code, detail=refused.detail)
