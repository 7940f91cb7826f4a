"""Failpoints: places around commits, rings, dispatches, reads and answers at which a process can be made to die.

Production code has no hooks: its real parts are subclassed and counted here. A place's name says what happens there and
to what, such as `committed:turn.started`; the names come from the events of the commit, so a new one needs nothing.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from laneway.buses.local import LocalBus
from laneway.domain.changes import Decision, Need, View
from laneway.domain.event import Delta
from laneway.domain.principal import Principal
from laneway.engine import ReadyThread
from laneway.engines.local import LocalEngine
from laneway.store import Committed, LogRead, Retention, SearchEntry
from laneway.stores.sqlite.store import SQLiteStore
from laneway.stores.sqlite.writer import Committer, Outcome, Work

DIED = 137


class Failpoints:
    """Counts the places that this process passes, and ends it at the n-th pass of one of them."""

    def __init__(self, die_at: str = "", hit: int = 1, census: Path | None = None) -> None:
        self._die_at = die_at
        self._hit = hit
        self._census = census
        self._passed: Counter[str] = Counter()
        self.in_commit: list[str] = []
        """What the commit that is being made is called; the writer's thread alone uses it."""

    def at(self, name: str) -> None:
        """Pass a place. The process ends here without a word, as a crash does, when it was told to."""
        self._passed[name] += 1
        if self._census is not None:
            with self._census.open("a", encoding="utf-8") as told:
                told.write(name + "\n")
        if name == self._die_at and self._passed[name] == self._hit:
            os._exit(DIED)


POINTS = Failpoints()
"""The points of this process; `arm` sets them before anything is built."""


def arm(die_at: str, hit: int, census: Path | None) -> None:
    """Say where this process dies."""
    POINTS.__init__(die_at, hit, census)


def called(types: Iterable[str]) -> str:
    """What a commit is called: the kinds of its events, each once, in order; `quiet` when it tells none."""
    return "+".join(dict.fromkeys(types)) or "quiet"


class FailingStore(SQLiteStore):
    """The real store, with a place before and after everything that it does."""

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        def decide_here(view: View) -> Decision:
            made = decide(view)
            name = called(event.data.type for event in made.changes.events)
            POINTS.at(f"decided:{name}")
            POINTS.in_commit.append(name)
            return made

        committed = await super().transact(principal, needs, decide_here)
        POINTS.at(f"told:{called(event.type for event in committed.events)}")
        return committed

    async def append(self, deltas: Sequence[Delta]) -> tuple[str, ...]:
        POINTS.at("before:append")
        refused = await super().append(deltas)
        POINTS.at("after:append")
        return refused

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        read = await super().read_log(log, after, limit, thread_id)
        POINTS.at("read:log")
        return read

    async def erase(self, limit: int = 500) -> bool:
        # Few rows at a time, so that dying in the middle of an erasure is possible at all.
        left = await super().erase(min(limit, 3))
        if left:
            POINTS.at("erasing")
        return left

    async def compact(self, retention: Retention) -> int:
        POINTS.at("before:compact")
        pruned = await super().compact(retention)
        POINTS.at("after:compact")
        return pruned

    async def index(self, entries: Sequence[SearchEntry], position: int) -> int:
        if entries:
            POINTS.at("before:index")
        moved = await super().index(entries, position)
        if entries:
            POINTS.at("after:index")
        return moved

    async def open(self) -> None:
        POINTS.at("before:open")
        await super().open()
        POINTS.at("after:open")

    async def close(self) -> None:
        POINTS.at("before:close")
        await super().close()


class FailingCommitter(Committer):
    """The real committer, with a place before COMMIT and one after it, when nobody has been told yet."""

    def commit(self, group: Sequence[Work[object]]) -> list[Outcome[object]]:
        POINTS.in_commit.clear()
        outcomes = super().commit([*group, _before_commit])[:-1]
        for name in POINTS.in_commit:
            POINTS.at(f"committed:{name}")
        return outcomes

    def tidy(self, is_idle: bool) -> None:
        super().tidy(is_idle)
        POINTS.at("after:tidy")


def _before_commit(connection: object) -> None:
    """The last command of a group: everything is written, nothing is committed."""
    for name in POINTS.in_commit:
        POINTS.at(f"written:{name}")


class FailingBus(LocalBus):
    """The real bus, with a place before and after a ring."""

    def ring(self, topics: Iterable[str]) -> None:
        POINTS.at("before:ring")
        super().ring(topics)
        POINTS.at("after:ring")


class FailingEngine(LocalEngine):
    """The real engine, with places around a dispatch and when it stops."""

    def dispatch(self, ready: ReadyThread) -> None:
        POINTS.at("before:dispatch")
        super().dispatch(ready)
        POINTS.at("after:dispatch")

    async def stop(self, drain_s: float) -> None:
        POINTS.at("before:drain")
        await super().stop(drain_s)
        POINTS.at("after:drain")


class FailingAnswers:
    """The real API, with a place before an answer leaves and one after it has left."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._inner(scope, receive, send)
            return

        async def passing(message: Message) -> None:
            if message["type"] == "http.response.start":
                POINTS.at("before:answer")
            await send(message)
            if message["type"] == "http.response.body":
                # Give the answer a chance to reach the socket before the process dies.
                await asyncio.sleep(0)
                POINTS.at("after:answer")

        await self._inner(scope, receive, passing)
