"""Loop: an asyncio event loop with virtual time. A seed decides every delay; places of it can be frozen and killed.

It opens no socket, starts no thread and never waits: when nothing can run now, time moves to the next timer. What runs
in a *place* (a simulated process) can be set aside, as SIGSTOP and SIGKILL do it, between any two steps.
"""

import asyncio
import heapq
import itertools
import random
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

QUICK_S = (0.0001, 0.002)
SLOW_S = (0.002, 0.04)
VERY_SLOW_S = (0.05, 0.6)
LATE_S = 0.001
"""A timer may wake so much later than it was asked to."""


class Deadlock(Exception):
    """Nothing can run any more, and the simulation is not over."""


class TooLong(Exception):
    """The simulation took more steps than it may: something spins."""


@dataclass(eq=False)
class Place:
    """One simulated process. What is set aside while it stands still runs when it goes on, and never if it does not."""

    name: str
    is_still: bool = False
    aside: list[asyncio.Handle] = field(default_factory=list[asyncio.Handle])
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list["asyncio.Task[Any]"])

    def context(self) -> Context:
        """A context that belongs to this place: what is started in it, and by what was, runs here."""
        context = copy_context()
        context.run(_PLACE.set, self)
        return context


_PLACE: ContextVar[Place | None] = ContextVar("place", default=None)


class SimulatedLoop(asyncio.AbstractEventLoop):
    """As much of an event loop as tasks, futures, timers and executors need."""

    def __init__(self, seed: int, max_steps: int) -> None:
        self.random = random.Random(seed)
        self.faults: list[str] = []
        """What nobody caught."""
        self.steps = 0
        self._max_steps = max_steps
        self._now = 0.0
        self._ready: deque[tuple[asyncio.Handle, Place | None]] = deque()
        self._timers: list[tuple[float, int, asyncio.Handle, Place | None]] = []
        self._numbers = itertools.count()

    # --- running -------------------------------------------------------------------------------------------------

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run until `main` is done."""
        events._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
            return task.result()
        finally:
            events._set_running_loop(None)

    def _step(self) -> None:
        if not self._ready:
            self._advance()
        handle, place = self._ready.popleft()
        if handle.cancelled():
            return
        if place is not None and place.is_still:
            place.aside.append(handle)
            return
        self.steps += 1
        if self.steps > self._max_steps:
            raise TooLong(f"{self.steps} steps by {self._now:.1f} s")
        handle._run()

    def _advance(self) -> None:
        if not self._timers:
            raise Deadlock(f"nothing can run at {self._now:.3f} s")
        self._now = max(self._now, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._now:
            _, _, handle, place = heapq.heappop(self._timers)
            self._ready.append((handle, place))

    # --- places --------------------------------------------------------------------------------------------------

    def stop_place(self, place: Place) -> None:
        """From now on nothing of it runs: SIGSTOP, or SIGKILL when it never goes on."""
        place.is_still = True

    def go_on(self, place: Place) -> None:
        """SIGCONT: what was set aside runs now, in its order."""
        place.is_still = False
        self._ready.extend((handle, place) for handle in place.aside)
        place.aside.clear()

    def delay(self) -> float:
        """How long something takes that leaves the loop: mostly little, sometimes very long."""
        chance = self.random.random()
        bounds = QUICK_S if chance < 0.8 else SLOW_S if chance < 0.98 else VERY_SLOW_S
        return self.random.uniform(*bounds)

    # --- what asyncio asks of a loop -----------------------------------------------------------------------------

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:
        context = copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append((handle, context.get(_PLACE)))
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        # Another thread says so: that takes its time.
        return self.call_later(self.delay(), callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        context = copy_context() if context is None else context
        when += self.random.uniform(0, LATE_S)
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle, context.get(_PLACE)))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when its time comes."""

    def create_future(self) -> "asyncio.Future[Any]":
        return _Future(next(self._numbers), self)

    def create_task(  # pyright: ignore[reportIncompatibleMethodOverride] - typeshed's has one keyword more
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[T]":
        context = copy_context() if context is None else context
        task = _Task(next(self._numbers), coro, self, name, context)
        if (place := context.get(_PLACE)) is not None:
            place.tasks.append(task)
        return task

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        """Run it here, at some later moment; the answer takes its time, too."""
        future = self.create_future()
        self.call_later(self.delay(), self._execute, future, func, args)
        return future

    def _execute(self, future: "asyncio.Future[T]", func: Callable[..., T], args: tuple[Any, ...]) -> None:
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - whatever it raises belongs to who waits for it
            self.call_later(self.delay(), _fail, future, error)
        else:
            self.call_later(self.delay(), _succeed, future, result)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")


def _succeed(future: "asyncio.Future[T]", result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


class _Future(asyncio.Future[Any]):
    """A set of futures has the same order in every run: theirs is not that of their addresses."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class _Task(asyncio.Task[T]):
    """The same for tasks."""

    def __init__(
        self, number: int, coro: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, name: str | None,
        context: Context,
    ) -> None:  # fmt: skip
        self._number = number
        super().__init__(coro, loop=loop, name=name or f"task {number}", context=context)

    def __hash__(self) -> int:
        return self._number
