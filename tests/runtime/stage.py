"""Stage: agents that a test plays by hand, and the fixtures that put them on a whole Laneway in memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from laneway.agent import Agent, AgentEvent, AgentProfile, Capabilities, Text, TurnInput
from laneway.domain.instant import Instant
from laneway.testing import app
from laneway.testing.app import GUARD_S, MakeStore, TestApp, TestOptions
from laneway.testing.owner import Told

Play = Callable[[TurnInput], AsyncIterator[AgentEvent]]

TERMINAL = {"turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted", "turn.superseded"}
START: Instant = "2026-01-01T00:00:00.000000Z"


@dataclass
class Ground:
    """What the apps of the present test stand on: SQLite in memory, or what a fixture puts here."""

    store: MakeStore | None = None


GROUND = Ground()


@asynccontextmanager
async def running(
    *agents: Agent, options: TestOptions | None = None, data_dir: Path | None = None
) -> AsyncGenerator[TestApp]:
    """A started test app on the ground of the present test; with a `data_dir`, on SQLite in any case."""
    chosen = replace(options or TestOptions(), store=None if data_dir else GROUND.store)
    async with app.running(*agents, options=chosen, data_dir=data_dir) as running:
        yield running


class Played:
    """An agent made of an async generator, with whatever profile a test needs."""

    def __init__(
        self, name: str, play: Play, *, steer: bool = False, waits_across_restarts: bool = True,
        recovery: Literal["replay", "continue"] = "replay", timeout_s: float = 1800.0,
    ) -> None:  # fmt: skip
        self._play = play
        self._profile = AgentProfile(
            name, name.capitalize(), "Played by a test.", "played", Capabilities(steer=steer, tools=True),
            timeout_s=timeout_s, recovery=recovery, waits_across_restarts=waits_across_restarts,
        )  # fmt: skip

    @property
    def profile(self) -> AgentProfile:
        return self._profile

    def availability(self) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing outlives a turn."""

    async def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        async for event in self._play(turn):
            yield event


class Gates:
    """An agent that says `begin TEXT`, waits until it is let, and says ` end TEXT`."""

    def __init__(self, name: str = "gated", *, steer: bool = False) -> None:
        self.agent = Played(name, self._play, steer=steer)
        self.runs: list[TurnInput] = []
        """What each run was given, in the order in which they began to wait."""
        self.cut: list[str] = []
        """The threads whose runs were stopped at the gate."""
        self._open: dict[str, asyncio.Event] = {}
        self._arrived = asyncio.Event()

    def given(self, thread_id: str) -> list[tuple[str, ...]]:
        """The texts of each batch of a thread."""
        return [texts_of(run) for run in self.runs if run.thread_id == thread_id]

    async def reached(self, thread_id: str, runs: int = 1) -> TurnInput:
        """Wait until that many runs of a thread have come to the gate; return the last of them."""
        async with asyncio.timeout(GUARD_S):
            while len(here := [run for run in self.runs if run.thread_id == thread_id]) < runs:
                self._arrived.clear()
                await self._arrived.wait()
        return here[runs - 1]

    def let(self, thread_id: str) -> None:
        """Open the gate for the run that waits there; later ones wait again."""
        self._gate(thread_id).set()

    def _gate(self, thread_id: str) -> asyncio.Event:
        return self._open.setdefault(thread_id, asyncio.Event())

    async def _play(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"begin {turn.text}")
        self.runs.append(turn)
        self._arrived.set()
        try:
            await self._gate(turn.thread_id).wait()
        except asyncio.CancelledError:
            self.cut.append(turn.thread_id)
            raise
        self._open.pop(turn.thread_id, None)
        yield Text(f" end {turn.text}")


def texts_of(turn: TurnInput) -> tuple[str, ...]:
    """The texts of a run's batch."""
    return tuple(message.text for message in turn.batch)


async def echo(turn: TurnInput) -> AsyncIterator[AgentEvent]:
    """Say everything that the batch says."""
    yield Text(" + ".join(texts_of(turn)))


def types(events: Sequence[Told]) -> list[str]:
    """What was told, in order."""
    return [event.type for event in events]


def ends(events: Sequence[Told]) -> list[str]:
    """The terminal events, in order."""
    return [event.type for event in events if event.type in TERMINAL]
