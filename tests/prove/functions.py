"""Functions: agents of the suite's own, for what the agent `script` is too well-behaved to do."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from laneway.agent import AgentFailed, TurnInput
from laneway.agents.function import Function


async def null(turn: TurnInput) -> AsyncIterator[str]:
    """The least that an agent can do."""
    yield "ok"


async def busy(turn: TurnInput) -> AsyncIterator[str]:
    """Blocks the event loop, as no agent may, for as many seconds as the message says."""
    yield "now"
    until = time.monotonic() + float(turn.text)
    while time.monotonic() < until:
        pass
    yield " done"


def sleeper(turn: TurnInput) -> Iterator[str]:
    """A sync agent that blocks its own thread."""
    yield "now"
    time.sleep(float(turn.text))
    yield " done"


async def garbage(turn: TurnInput) -> AsyncIterator[str]:
    """Says what no backend should: control characters, lone surrogates, NULs, bytes that are not text."""
    yield "a\x00b\ud800c\u2028d\x85e\x0bf\r\ng\x1b[31m"
    no_text: Any = b"bytes"
    yield no_text


async def flood(turn: TurnInput) -> AsyncIterator[str]:
    """Says a hundred megabytes."""
    for _ in range(int(turn.text)):
        yield "x" * 1_000_000


async def stall(turn: TurnInput) -> AsyncIterator[str]:
    """Says something, and then nothing, for ever."""
    yield "one moment"
    await asyncio.Event().wait()


async def vanish(turn: TurnInput) -> AsyncIterator[str]:
    """Ends without having said anything."""
    return
    yield


async def explode(turn: TurnInput) -> AsyncIterator[str]:
    """Raises, in the middle of a word, an error whose text is hostile."""
    yield "hal"
    raise RuntimeError("f\r\nid: 7\ndata: {}\n\n\x00")


async def refuse(turn: TurnInput) -> AsyncIterator[str]:
    """Fails, politely."""
    raise AgentFailed("no")
    yield


async def stubborn(turn: TurnInput) -> AsyncIterator[str]:
    """Goes on speaking after it was told to stop, as long as anybody listens."""
    for number in range(10_000):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)
        yield f" {number}"


async def words(turn: TurnInput) -> AsyncIterator[str]:
    """Says what it was told to, and nothing else."""
    yield turn.text


MEGABYTE = 2**20
BRIM_S = 1.0


async def glutton(turn: TurnInput) -> AsyncIterator[str]:
    """Wants more memory than there is, at once."""
    yield "now"
    bytearray(2**44)


async def hoarder(turn: TurnInput) -> AsyncIterator[str]:
    """Takes all the memory there is, bit by bit, and lets others run meanwhile."""
    kept: list[bytearray] = []
    while True:
        kept.append(bytearray(MEGABYTE))
        if len(kept) % 16 == 0:
            yield "."


def brimful(turn: TurnInput) -> Iterator[str]:
    """A sync agent that takes all the memory there is, and keeps it for a second in which others find none."""
    yield "now"
    kept: list[bytearray] = []
    for size in (MEGABYTE, MEGABYTE // 16):
        with contextlib.suppress(MemoryError):
            while True:
                kept.append(bytearray(size))
    time.sleep(BRIM_S)
    raise MemoryError


FUNCTIONS: dict[str, Function] = {
    each.__name__: each
    for each in (
        null,
        busy,
        sleeper,
        garbage,
        flood,
        stall,
        vanish,
        explode,
        refuse,
        stubborn,
        words,
        glutton,
        hoarder,
        brimful,
    )
}
