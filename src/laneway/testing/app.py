"""A whole Laneway in one process, for tests: a real store in memory, a real engine, and a clock that stands still."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from laneway.agent import Agent
from laneway.agents.script import ScriptAgent
from laneway.buses.local import LocalBus
from laneway.clock import Clock
from laneway.domain.admission import Caps
from laneway.domain.approval import Approval
from laneway.domain.changes import Changes, Decision, Put
from laneway.domain.kinds import APPROVAL, NODE, THREAD, TURN
from laneway.domain.node import Node
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.rules import AgentTraits, Limits, Rules
from laneway.domain.thread import Thread
from laneway.engines.local import LocalEngine
from laneway.environments.plain import PlainEnvironment
from laneway.runtime.answers import Answers
from laneway.runtime.attachments import Attachments
from laneway.runtime.places import TurnPlaces
from laneway.runtime.projection import Projection
from laneway.runtime.session_state import SessionState
from laneway.runtime.submit import Runtime
from laneway.runtime.timers import Timers
from laneway.runtime.toolbox import Toolbox
from laneway.runtime.tools import AskTool, EffectTool, command_tools
from laneway.runtime.tracing import Untraced
from laneway.runtime.turn_handle import TurnServices
from laneway.runtime.turn_runner import RunnerOptions, TurnRunner
from laneway.runtime.upkeep import Kept, Upkeep
from laneway.store import FullStore, Page, Query, StoreOptions, Where
from laneway.stores.sqlite.store import SQLiteStore
from laneway.testing.clock import FakeClock
from laneway.testing.line import StoreLine
from laneway.testing.owner import Owner
from laneway.tool import Tool

T = TypeVar("T")

MakeStore = Callable[[Clock, StoreOptions], FullStore]

GUARD_S = 60.0
"""A wait that takes longer than this is a hang: the test fails instead of standing still."""


@dataclass(frozen=True)
class TestOptions:
    """How a test app differs from the defaults."""

    __test__ = False

    tools: Sequence[Tool] = ()
    limits: Limits = field(default_factory=Limits)
    caps: Caps = field(default_factory=Caps)
    max_attempts: int = 3
    lease_s: float = 6.0
    flush_s: float = 0.04
    wall_clock_s: float = 1800.0
    stop_grace_s: float = 2.0
    store: MakeStore | None = None
    """What it stands on, when not on SQLite."""


class TestApp:
    """Store, engine, runner and agents of one node. Upkeep has no loops here: a test runs each pass when it wants it.

    Without `data_dir` the store is in memory. `beside` makes further nodes of the same store, living or succeeding.
    Its agents are those that it is given, the first of them the default, and `script`.
    """

    __test__ = False

    def __init__(
        self,
        *agents: Agent,
        data_dir: Path | None = None,
        node: str = "node-1",
        options: TestOptions | None = None,
        first: "TestApp | None" = None,
    ) -> None:
        self.node = node
        self.options = options or TestOptions()
        self.clock = first.clock if first else FakeClock()
        self.bus = first.bus if first else LocalBus()
        self.beats_since = ""
        """Since when its heartbeat runs unbroken; empty: for long enough to say that another has died."""
        self._first = first
        self._scratch = None if first or data_dir else tempfile.TemporaryDirectory(prefix="laneway-test-")
        self.data_dir = first.data_dir if first else data_dir or Path(self._scratch.name if self._scratch else "")
        self._store = first.shared_store if first else self._make_store(data_dir)
        self.store = StoreLine(self._store)
        self._given = agents
        self.agents: Mapping[str, Agent] = {agent.profile.name: agent for agent in (*agents, ScriptAgent(self.clock))}
        self._wire()

    def _make_store(self, data_dir: Path | None) -> FullStore:
        if self.options.store is not None:
            return self.options.store(self.clock, StoreOptions())
        return SQLiteStore(data_dir / "laneway.db" if data_dir else ":memory:", self.clock, StoreOptions())

    def _wire(self) -> None:
        options = self.options
        environments = {"plain": PlainEnvironment()}
        self.rules = Rules(
            {
                name: AgentTraits(agent.profile.capabilities.steer, agent.profile.waits_across_restarts)
                for name, agent in self.agents.items()
            },
            next(iter(self.agents)), limits=options.limits, max_attempts=options.max_attempts, lease_s=options.lease_s,
        )  # fmt: skip
        self.runtime = Runtime(self.store, self.bus, self.clock, self.rules)
        self.timers = Timers(self.runtime, self.store)
        self.states = SessionState(self.runtime, self.store, environments)
        built_in = (AskTool(), EffectTool(self.effects_log), *command_tools(self.rules, self.clock), *options.tools)
        attachments = Attachments(self.data_dir / "attachments")
        self.answers = Answers(self.bus)
        services = TurnServices(
            self.store, self.clock, Toolbox(built_in, environments), attachments, self.answers, Untraced()
        )
        runner = RunnerOptions(self.node, options.flush_s, options.wall_clock_s, options.stop_grace_s)
        self.runner = TurnRunner(self.runtime, services, self.agents, environments, self.bus, runner)
        self.places = TurnPlaces(options.caps)
        self.engine = LocalEngine(self.places)
        self.upkeep = Upkeep(
            self.runtime, self.store, self.engine, self.runner, self.answers, self.timers,
            Projection(self.store, self.store), attachments, self.bus, Kept(),
        )  # fmt: skip
        self.runtime.dispatch_to(self.engine.dispatch)

    @property
    def shared_store(self) -> FullStore:
        """The store itself, for a node beside this one."""
        return self._store

    @property
    def effects_log(self) -> Path:
        """Where the `once` tool leaves its traces, which outlive any process."""
        return self.data_dir / "effects.log"

    @property
    def effects(self) -> list[str]:
        """The labels that the `once` tool has appended."""
        return self.effects_log.read_text().splitlines() if self.effects_log.exists() else []

    # --- living and dying ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store, show a heartbeat, and run what is dispatched; find what an earlier node left behind."""
        await self.store.open()
        await self.bus.start()
        await self.beat()
        await self.engine.start(self.runner.run_turn)
        await self.upkeep.sweep()

    async def stop(self, drain_s: float = 0.0) -> None:
        """Stop as on SIGTERM: turns that do not end within `drain_s` are released. Safe to call twice."""
        await self._end(drain_s)
        if self._first is None:
            await self.bus.stop()
            await self._store.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    async def kill(self) -> None:
        """Die as by SIGKILL: nothing more of this node reaches the store, and nothing is released."""
        self.store.cut()
        await self._end(0)
        if self._first is None and self._scratch is None:
            await self._store.close()

    async def _end(self, drain_s: float) -> None:
        await self.engine.stop(drain_s)
        self.runner.close()
        self.answers.close()

    def beside(self, node: str, *agents: Agent) -> "TestApp":
        """Another node of the same store, clock and bus; the same agents unless others are given."""
        return TestApp(*(agents or self._given), node=node, options=self.options, first=self._first or self)

    async def beat(self) -> None:
        """Show a heartbeat. Without further ones the node's lease runs out as the clock is advanced."""
        node = Node(self.node, "", self.clock.now(), self.beats_since)
        await self.store.transact(SYSTEM, (), lambda _: Decision(Changes(puts=(Put(NODE, node),))))

    async def advance(self, seconds: float) -> None:
        """Let time pass for this living node: its heartbeat goes on."""
        await self.clock.advance(seconds)
        await self.beat()

    # --- people --------------------------------------------------------------------------------------------------

    def user(self, name: str = "ada") -> Owner:
        """Somebody who uses this node."""
        return Owner(self.runtime, self.store, self.clock, Principal(f"usr_{name}"))

    # --- waiting -------------------------------------------------------------------------------------------------

    async def drain(self) -> None:
        """Return when no thread is queued or running. One that waits for a person's answer is at rest."""
        await self.until(self._is_at_rest)
        while self.places.running:  # noqa: ASYNC110 - a place is given back in the next few turns of the loop
            await asyncio.sleep(0)

    async def _is_at_rest(self) -> bool:
        busy = Query(THREAD, (Where("status", "in", ("queued", "running")),), limit=1)
        waiting = Query(TURN, (Where("status", "=", "waiting"),), limit=1000)
        asking = Query(APPROVAL, (Where("state", "=", "open"),), limit=1000)
        tasks = Query(THREAD, (Where("kind", "=", "task"), Where("status", "!=", "idle")), limit=1000)
        pages = (await self.store.read(SYSTEM, busy, waiting, asking, tasks)).results
        threads, turns, approvals, children = (page.records if isinstance(page, Page) else () for page in pages)
        asked = {each.turn_id for each in approvals if isinstance(each, Approval)}
        asked |= {each.task.turn_id for each in children if isinstance(each, Thread) and each.task}
        return not threads and all(turn.id in asked for turn in turns)

    async def until(self, is_so: Callable[[], Awaitable[T]]) -> T:
        """Return what `is_so` gives as soon as it is true, looking again whenever something was recorded."""
        news = asyncio.Event()
        hush = self.bus.listen(lambda _: news.set())
        try:
            async with asyncio.timeout(GUARD_S):
                while not (found := await is_so()):
                    await news.wait()
                    news.clear()
                return found
        finally:
            hush()


@asynccontextmanager
async def running(
    *agents: Agent, options: TestOptions | None = None, data_dir: Path | None = None
) -> AsyncGenerator[TestApp]:
    """A started test app, stopped in the end."""
    app = TestApp(*agents, options=options, data_dir=data_dir)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()
