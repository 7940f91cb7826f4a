"""Tokens on their way to a reader, and reading what was missed."""

import asyncio
import hashlib
import time

from bench.figure import Figure
from bench.stage import Stage, stage, watching
from tests.prove.harness.sse import Reader, Told

FLUSH_MS = 40


async def tokens(is_quick: bool) -> list[Figure]:
    """From the moment an agent says a token to the moment its reader has it."""
    turns = 30 if is_quick else 150
    async with stage(flush_ms=FLUSH_MS) as here:
        first = await _latencies(here, "1 30", turns)
        dense = await _latencies(here, "200 5", 3 if is_quick else 10)
    return [
        Figure("tokens", "first token to the reader", "ms", [each[0] for each in first], {"p50": 10}),
        Figure(
            "tokens", "dense tokens, one in 5 ms", "ms", [value for each in dense for value in each[1:]],
            {"p50": FLUSH_MS / 2 + 10},
        ),
    ]  # fmt: skip


async def _latencies(here: Stage, text: str, turns: int) -> list[list[float]]:
    """Of each turn, how late each of its tokens came."""
    session = await here.session()
    thread = await here.thread(session, "stamped")
    late: list[list[float]] = []
    ended = asyncio.Event()

    def told(event: Told) -> None:
        now = time.time_ns()
        match event.event:
            case "turn.started":
                late.append([])
            case "item.delta":
                late[-1] += [(now - int(stamp)) / 1e6 for stamp in event.body["data"]["text"].split()]
            case "item.completed":
                item = event.body["data"]["item"]
                if item["role"] == "assistant":
                    # What the deltas have not told comes with the whole.
                    late[-1] += [(now - int(stamp)) / 1e6 for stamp in item["text"].split()[len(late[-1]) :]]
            case "turn.completed":
                ended.set()
            case _:
                pass

    async with watching(here, f"/threads/{thread}/events", told):
        for _ in range(turns):
            ended.clear()
            await here.client.post(f"/threads/{thread}/messages", {"message": text})
            await asyncio.wait_for(ended.wait(), 60)
    return late


async def resume(is_quick: bool) -> list[Figure]:
    """Read ten thousand events from the beginning, before and after a restart: how long, and the same bytes."""
    count = 2_000 if is_quick else 10_000
    async with stage(limits={"queue_per_user": 0}) as here:
        session = await here.session()
        await _tell(here, session, count)
        await _read(here, session)
        reads = [await _read(here, session) for _ in range(5)]
        await here.stop()
        await here.start()
        await _read(here, session)
        reads += [await _read(here, session) for _ in range(5)]
    scale = count / 10_000
    same = len({digest for _, digest, _ in reads}) == 1
    told = f"{min(number for _, _, number in reads):,} events, {'the same bytes each time' if same else 'BYTES DIFFER'}"
    values = [seconds * 1000 for seconds, _, _ in reads]
    return [Figure("resume", f"{count:,} events from the beginning", "ms", values, {"p50": 150 * scale}, note=told)]


async def _tell(here: Stage, session: str, count: int) -> None:
    """Run turns until the session's log is long enough."""
    threads = [await here.thread(session) for _ in range(20)]
    told = 0
    while told < count:
        await asyncio.gather(
            *(here.client.post(f"/threads/{thread}/messages", {"message": "go on"}) for thread in threads)
        )
        await asyncio.sleep(0.1)
        state = await here.client.ask("GET", f"/sessions/{session}/state")
        told = int(state.headers["laneway-offset"])
    while await here.client.get(f"/threads?session_id={session}&status=running"):  # noqa: ASYNC110 - asks another process
        await asyncio.sleep(0.05)


async def _read(here: Stage, session: str) -> tuple[float, str, int]:
    """How long it took, a digest of the bytes, and how many events there were."""
    started = time.perf_counter()
    whole = [chunk async for chunk in here.client.chunks(f"/sessions/{session}/events?follow=0&after=0")]
    seconds = time.perf_counter() - started
    events = Reader().feed(b"".join(whole))
    return seconds, hashlib.sha256(b"".join(each.data for each in events)).hexdigest(), len(events)
