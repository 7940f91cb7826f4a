"""Engine: the contract of liveness: which process runs a ready thread, how many at once, again after a death.

An engine guarantees nothing about safety: a turn that is begun twice is refused by the store's fence.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from laneway.domain.node import Living


@dataclass(frozen=True, slots=True)
class ReadyThread:
    """A thread whose next turn may begin, or whose cut-off turn may be taken up."""

    thread_id: str
    session_id: str
    owner: str
    lane_group: str = ""
    """Threads of one group share a cap: the alert threads of a session."""


class Slot(Protocol):
    """A running turn's place among those that run at once."""

    def release(self) -> None:
        """Give the place back while the turn waits for a person or a child."""
        ...

    async def regain(self) -> None:
        """Wait, fairly, for a place again."""
        ...


RunTurn = Callable[[ReadyThread, Slot], Awaitable[bool]]
"""Runs the thread's next turn to its end; False when there was nothing to run. Never raises but on cancellation."""


class Places(Protocol):
    """Where turns run in this process: each thread once at a time, no more at once than there are places, fairly."""

    async def open(self, run_turn: RunTurn) -> None:
        """Begin to run what has been let in."""
        ...

    async def close(self, drain_s: float) -> None:
        """Let nothing in, wait `drain_s` for what runs, then cancel it. Safe to call twice."""
        ...

    def let_in(self, ready: ReadyThread) -> bool:
        """Let a thread run as soon as it has a place, and look again if it runs; False while it waits for one."""
        ...

    async def begun(self, thread_id: str) -> None:
        """Return when the thread waits no longer: it has its place, or there was none to wait for."""
        ...


class Engine(Protocol):
    """Runs ready threads through `run_turn`, fairly."""

    async def start(self, run_turn: RunTurn) -> None:
        """Begin to run what is dispatched."""
        ...

    async def stop(self, drain_s: float) -> None:
        """Take nothing new, wait `drain_s` for what runs, then cancel it: those turns are released, not failed."""
        ...

    def dispatch(self, ready: ReadyThread) -> None:
        """Say, after the commit, that a thread is ready. Idempotent; a lost one is found by the sweep."""
        ...

    async def requeue(self, nodes: Living) -> None:
        """Hand over again what was handed to nodes that do not live. The sweep calls it."""
        ...
