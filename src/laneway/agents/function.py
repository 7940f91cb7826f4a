"""Function: an agent made of a Python function, sync or async, that returns its answer or yields it piece by piece."""

import asyncio
import contextvars
import inspect
import threading
import traceback
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast, overload

from laneway.agent import (
    AgentEvent,
    AgentFailed,
    AgentProfile,
    Capabilities,
    Consumed,
    Reasoning,
    ResumePoint,
    Text,
    TurnInput,
)

Piece = str | AgentEvent | None
"""What a function may return or yield; None says nothing."""
Answer = Piece | Awaitable[Piece] | Iterator[Piece] | AsyncIterator[Piece]
Function = Callable[[TurnInput], Answer]

AHEAD = 64
"""How many pieces a sync generator may be ahead of its reader before it has to wait."""


class FunctionAgent:
    """Answers with a function of the turn.

    An async function or generator runs on the event loop and must not block it; a sync one runs on a thread of its own.
    A cancelled sync generator ends at its next `yield`; a cancelled sync function is left behind, its result unused.
    """

    def __init__(
        self,
        name: str,
        function: Function,
        *,
        title: str = "",
        description: str = "",
        tools: tuple[str, ...] | None = None,
        timeout_s: float = 1800.0,
    ) -> None:
        self._function = function
        self._profile = AgentProfile(
            name,
            title or name.replace("_", " ").capitalize(),
            description or (inspect.getdoc(function) or "").partition("\n")[0],
            "function",
            Capabilities(tools=True),
            tools,
            timeout_s,
            config_hash=f"function:{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', name)}",
        )

    @property
    def profile(self) -> AgentProfile:
        return self._profile

    def availability(self) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing outlives a turn."""

    async def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        pieces = _on_loop(self._function(turn)) if _is_async(self._function) else _on_thread(self._function, turn)
        async with aclosing(pieces):
            async for piece in pieces:
                if (event := _event(piece)) is not None:
                    yield event
                # A generator that never waits would otherwise hold up every other lane.
                await asyncio.sleep(0)


@overload
def agent(function: Function, /) -> FunctionAgent: ...


@overload
def agent(
    *,
    name: str = "",
    title: str = "",
    description: str = "",
    tools: tuple[str, ...] | None = None,
    timeout_s: float = 1800.0,
) -> Callable[[Function], FunctionAgent]: ...


def agent(
    function: Function | None = None,
    /,
    *,
    name: str = "",
    title: str = "",
    description: str = "",
    tools: tuple[str, ...] | None = None,
    timeout_s: float = 1800.0,
) -> FunctionAgent | Callable[[Function], FunctionAgent]:
    """Make an agent of a function, as `@agent` or `@agent(name=…, title=…)`. Its name defaults to the function's."""

    def made(function: Function) -> FunctionAgent:
        named = name or getattr(function, "__name__", "function")
        return FunctionAgent(named, function, title=title, description=description, tools=tools, timeout_s=timeout_s)

    return made if function is None else made(function)


def _event(piece: object) -> AgentEvent | None:
    match piece:
        case None | "":
            return None
        case str():
            return Text(piece)
        case Text() | Reasoning() | Consumed() | ResumePoint():
            return piece
        case _:
            kind = type(piece).__name__
            raise AgentFailed(f"The function gave a {kind} where text or an agent event belongs.", "bad_answer")


def _is_async(function: Function) -> bool:
    # An object may be callable through an async `__call__`, which inspect does not see on the object itself.
    call: object = getattr(function, "__call__", None)  # noqa: B004 - not asked whether it is there, but what it is
    return any(
        inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
        for each in (inspect.unwrap(function), call)
    )


# --- on the event loop -----------------------------------------------------------------------------------------------


async def _on_loop(answer: Answer) -> AsyncGenerator[object, None]:
    """The pieces of an answer that is made on the event loop."""
    if inspect.isasyncgen(answer):
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                yield piece
    elif isinstance(answer, AsyncIterator):
        async for piece in answer:
            yield piece
    elif inspect.isawaitable(answer):
        yield await answer
    else:
        yield answer


# --- on a thread -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _End:
    """The function is done: it failed with `error`, or left an async answer behind for the loop."""

    error: Exception | None = None
    left: Answer = None


async def _on_thread(function: Function, turn: TurnInput) -> AsyncGenerator[object, None]:
    """The pieces of an answer that is made on a thread of its own."""
    worker = _Worker(function, turn)
    try:
        while not isinstance(piece := await worker.take(), _End):
            yield piece
    finally:
        worker.stop()
    if piece.error is not None:
        raise piece.error
    async with aclosing(_on_loop(piece.left)) as pieces:
        async for each in pieces:
            yield each


class _Worker:
    """One sync function on a thread, its pieces handed to the event loop in order, at most `AHEAD` of them unread.

    The thread is a daemon: one that hangs for ever must not keep the process from ending.
    """

    def __init__(self, function: Function, turn: TurnInput) -> None:
        self._function = function
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._ready: deque[object] = deque()
        self._arrived = asyncio.Event()
        self._room = threading.Semaphore(AHEAD)
        self._stopped = False
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._work,), name="function-agent", daemon=True).start()

    async def take(self) -> object:
        """The next piece; waits for it."""
        while not self._ready:
            self._arrived.clear()
            await self._arrived.wait()
        self._room.release()
        return self._ready.popleft()

    def stop(self) -> None:
        """Let the thread end at its next piece."""
        self._stopped = True
        self._room.release()

    def _work(self) -> None:
        try:
            end = _End(left=self._answer())
        except MemoryError as error:
            # The frames that it came through hold what filled the memory, and to tell of it takes some.
            traceback.clear_frames(error.__traceback__)
            end = _End(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again where the turn waits
            end = _End(error)
        except BaseException as error:  # noqa: BLE001 - raised on the loop, a sys.exit() would end the whole server
            end = _End(AgentFailed(f"The function ended its thread: {type(error).__name__}.", "agent_crashed"))
        self._hand_over(end)

    def _answer(self) -> Answer:
        """Hand over what the function gives; return what only the event loop can finish."""
        answer = self._function(self._turn)
        if inspect.isawaitable(answer) or isinstance(answer, AsyncIterator):
            return cast("Answer", answer)  # narrowed beyond what the union can say
        if not isinstance(answer, Iterator):
            self._hand_over(answer)
            return None
        for piece in answer:
            if not self._hand_over(piece):
                _close(answer)
                break
        return None

    def _hand_over(self, piece: object) -> bool:
        """Give the loop one piece; False when nobody reads any more."""
        if not self._stopped:
            self._room.acquire()
        if self._stopped:
            return False
        try:
            self._loop.call_soon_threadsafe(self._arrive, piece)
        except RuntimeError:  # the loop was closed meanwhile
            return False
        return True

    def _arrive(self, piece: object) -> None:
        self._ready.append(piece)
        self._arrived.set()


def _close(answer: Iterator[Piece]) -> None:
    if inspect.isgenerator(answer):
        answer.close()
