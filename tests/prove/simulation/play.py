"""Play: one simulation from its seed: people, processes and faults on one loop; then calm; then the audit."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import laneway.stores.sqlite.store
from laneway.store import StoreOptions
from laneway.stores.sqlite.store import SQLiteStore
from tests.prove.audit import audit
from tests.prove.bugs.inner import put
from tests.prove.harness.http import Cut
from tests.prove.history import History
from tests.prove.simulation.listener import Listener
from tests.prove.simulation.loop import Deadlock, SimulatedLoop, TooLong
from tests.prove.simulation.node import LEASE_S, Node
from tests.prove.simulation.parts import SimulatedClock, SimulatedWriter, Town, Trace
from tests.prove.simulation.people import TIMERS_S, Person

NODES = 2
ACTS = 60
READERS = 2
"""Readers of each session: who comes late joins what another one follows."""
MAX_STEPS = 400_000
CALM_S = 60.0
"""Virtual seconds within which everything has to come to rest when the faults have stopped."""


@dataclass
class Played:
    """How one simulation went."""

    seed: int
    findings: list[str] = field(default_factory=list[str])
    digest: str = ""
    steps: int = 0
    commits: int = 0
    kills: int = 0
    freezes: int = 0


def play(seed: int, folder: Path, fresh: Path) -> Played:
    """Play a seed in `folder`, which is emptied first; `fresh` is a directory with a new database."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(fresh, folder)
    loop = SimulatedLoop(seed, MAX_STEPS)
    stage = Stage(loop, seed, folder)
    try:
        loop.run(stage.play())
    except (Deadlock, TooLong, Cut) as stuck:
        stage.played.findings.append(f"I-63: {type(stuck).__name__}: {stuck}")
    stage.played.digest = stage.trace.digest
    stage.played.steps, stage.played.commits = loop.steps, stage.trace.commits
    stage.played.findings += [f"C-43: {fault}" for fault in loop.faults[:3]]
    return stage.played


class Stage:
    """Where one simulation takes place."""

    def __init__(self, loop: SimulatedLoop, seed: int, folder: Path) -> None:
        self.played = Played(seed)
        self.trace = Trace(loop)
        self._loop = loop
        self._folder = folder
        self._town = Town(loop)
        self._history = History()
        SimulatedWriter.loop = loop
        put(laneway.stores.sqlite.store, "Writer", SimulatedWriter)
        self._store = SQLiteStore(folder / "laneway.db", SimulatedClock(loop), StoreOptions())
        self._lives: list[Node] = []
        self._places: list[Node | None] = [None] * NODES

    async def play(self) -> None:
        """Faults and acts side by side, then calm, then the audit."""
        await self._store.open()
        for number in range(NODES):
            await self._start(number)
        first = self._lives[0]
        people = [Person(name, self._history, self._loop.random, self._find) for name in ("ada", "bob")]
        for person in people:
            await person.settle(first)
        listeners = [
            Listener(session, person.key, self._history, self._loop, self._find)
            for person in people
            for session in person.sessions * READERS
        ]
        listening = [self._loop.create_task(each.listen()) for each in listeners]
        faults = [self._loop.create_task(self._trouble(number)) for number in range(NODES)]
        await asyncio.gather(*(self._live(person) for person in people))
        await _end(faults)
        await self._calm()
        self.played.findings += await self._rest(people)
        await _end(listening)
        for each in listeners:
            if (node := self._find()) is not None:
                await each.read_to_end(node)
        self.played.findings += [problem for each in (*people, *listeners) for problem in each.problems]
        await self._close()
        effects = self._folder / "effects.log"
        self._history.effects = effects.read_text(encoding="utf-8").splitlines() if effects.exists() else []
        self.played.findings += map(str, audit(self._folder / "laneway.db", self._history, is_quiet=True))

    # --- what happens --------------------------------------------------------------------------------------------

    async def _live(self, person: Person) -> None:
        for _ in range(ACTS // 2):
            await person.act()
            await asyncio.sleep(self._loop.random.choice((0, 0.01, 0.05, 0.3, 1.5)) * self._loop.random.random())

    async def _trouble(self, number: int) -> None:
        """Kill and freeze one process, again and again."""
        chance = self._loop.random
        while True:
            await asyncio.sleep(chance.uniform(0.1, 6))
            node = self._places[number]
            if node is None:
                continue
            if chance.random() < 0.5:
                node.kill()
                self.played.kills += 1
                self._places[number] = None
                await asyncio.sleep(chance.choice((0.01, 0.5, 2 * LEASE_S)) * chance.random())
                await self._start(number)
            else:
                self._loop.stop_place(node.place)
                self.played.freezes += 1
                try:
                    await asyncio.sleep(chance.choice((0.05, 1.0, 3 * LEASE_S)) * chance.random())
                finally:
                    self._loop.go_on(node.place)

    async def _start(self, number: int) -> None:
        node = Node(
            self._loop, self._store, self._town, self.trace, f"node {number}.{len(self._lives)}", self._folder
        )  # fmt: skip
        self._lives.append(node)
        await node.start()
        self._places[number] = node

    def _find(self) -> Node | None:
        """Some process that is there, though it may stand still."""
        there = [node for node in self._places if node is not None]
        return self._loop.random.choice(there) if there else None

    # --- the end -------------------------------------------------------------------------------------------------

    async def _calm(self) -> None:
        self._town.loss = 0.0
        for number, node in enumerate(self._places):
            if node is None:
                await self._start(number)
        # Until the last timer has fired.
        await asyncio.sleep(TIMERS_S)

    async def _rest(self, people: Sequence[Person]) -> list[str]:
        """Liveness: whatever was accepted runs, or is shown as what keeps it."""
        until = self._loop.time() + CALM_S
        while True:
            busy = [each for person in people for each in await person.come_to_rest()]
            if not busy:
                return []
            if self._loop.time() > until:
                return [f"I-11: {len(busy)} threads are not at rest after {CALM_S} s: {busy[:3]}"]
            await asyncio.sleep(1.0)

    async def _close(self) -> None:
        for node in self._places:
            if node is not None:
                await node.do(node.app.stop(), 60)
        for node in self._lives:
            await node.bury()
        await self._store.close()


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
