"""Accepting, idle turns, turns a second, and how soon the next queued turn starts."""

import asyncio
import time
from datetime import datetime
from itertools import pairwise
from typing import Any

from bench.figure import Figure
from bench.stage import Stage, stage, watching
from tests.prove.harness.http import expect
from tests.prove.harness.sse import Told

ENDS = ("turn.completed", "turn.failed")


async def accept(is_quick: bool) -> list[Figure]:
    """POST → 202, durable: alone, and beside seven others."""
    count = 400 if is_quick else 2000
    async with stage(limits={"queue_per_user": 0}) as here:
        session = await here.session()
        threads = [await here.thread(session, settings={"paused": True}) for _ in range(max(8, count // 50))]
        await _post_all(here, threads[:4], 100)
        alone = await _post_all(here, threads, count // 2)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(_post_all(here, threads[n::8], count // 16)) for n in range(8)]
        crowded = [value for each in beside for value in each.result()]
    return [
        Figure("accept", "POST to 202, one client", "ms", alone, {"p50": 3, "p99": 10}),
        Figure("accept", "POST to 202, eight clients at once", "ms", crowded),
    ]


async def _post_all(here: Stage, threads: list[str], count: int) -> list[float]:
    values: list[float] = []
    for number in range(count):
        path = f"/threads/{threads[number % len(threads)]}/messages"
        answer = expect(
            await here.client.ask("POST", path, {"message": f"message {number}"}, key=f"{path}{number}"), 202
        )
        values.append(answer.seconds * 1000)
    return values


async def idle_turn(is_quick: bool) -> list[Figure]:
    """POST → finished, as a stream shows it, one turn at a time."""
    count = 200 if is_quick else 1000
    values: list[float] = []
    async with stage() as here:
        session = await here.session()
        threads = [await here.thread(session) for _ in range(10)]
        turns = Turns()
        async with watching(here, f"/sessions/{session}/events", turns.told):
            for number in range(count + 20):
                started = time.perf_counter()
                ended = await turns.run(here, threads[number % 10])
                values.append((ended - started) * 1000)
    return [Figure("idle turn", "POST to turn.completed on a stream", "ms", values[20:], {"p50": 8, "p99": 25})]


class Turns:
    """Runs turns and learns from the stream when they end."""

    def __init__(self) -> None:
        self._ends: dict[str, asyncio.Future[float]] = {}
        self.ended = 0

    def told(self, event: Told) -> None:
        if event.event in ENDS:
            self.ended += 1
            waiting = self._ends.pop(event.body["thread_id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(time.perf_counter())

    async def run(self, here: Stage, thread: str) -> float:
        """Post, and return when the turn's end came."""
        self._ends[thread] = ended = asyncio.get_running_loop().create_future()
        expect(await here.client.ask("POST", f"/threads/{thread}/messages", {"message": "go"}), 202)
        return await ended


async def throughput(is_quick: bool) -> list[Figure]:
    """Fifty threads: each posts again as soon as its turn has ended; then turns that wait already."""
    seconds = 3.0 if is_quick else 10.0
    async with stage(limits={"queue_per_user": 0}) as here:
        session = await here.session()
        threads = [await here.thread(session) for _ in range(50)]
        turns = Turns()
        async with watching(here, f"/sessions/{session}/events", turns.told):
            asking = [asyncio.create_task(_again_and_again(turns, here, thread)) for thread in threads]
            await asyncio.sleep(1.0)
            cpu_s, ended = here.cpu_s, turns.ended
            rates = [await _rate(turns, seconds / 5) for _ in range(5)]
            cost = (here.cpu_s - cpu_s) / (turns.ended - ended)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        waiting = await _waiting_turns(here, 10 if is_quick else 40)
    return [
        Figure("turns a second", "processor time of the server for a turn", "ms", [cost * 1000]),
        Figure("turns a second", "50 threads, posted over HTTP one by one", "turns/s", rates, {"p50": 400}, "at least"),
        Figure(
            "turns a second", "50 threads whose turns wait already", "turns/s", [waiting], {"value": 400}, "at least"
        ),
    ]


async def _again_and_again(turns: Turns, here: Stage, thread: str) -> None:
    while True:
        await turns.run(here, thread)


async def _rate(turns: Turns, seconds: float) -> float:
    before, started = turns.ended, time.perf_counter()
    await asyncio.sleep(seconds)
    return (turns.ended - before) / (time.perf_counter() - started)


async def _waiting_turns(here: Stage, each: int) -> float:
    """Fill fifty paused queues, release them, and see how fast they empty; the events say when."""
    session = await here.session()
    settings = {"queue_mode": "one_at_a_time", "paused": True}
    threads = [await here.thread(session, settings=settings) for _ in range(50)]
    for thread in threads:
        for number in range(each):
            await here.client.ask("POST", f"/threads/{thread}/messages", {"message": str(number)})
    times: list[float] = []
    done = asyncio.Event()

    def told(event: Told) -> None:
        if event.event in ENDS:
            times.append(_at(event.body))
            if len(times) == 50 * each:
                done.set()

    async with watching(here, f"/sessions/{session}/events", told):
        for thread in threads:
            await here.client.ask("POST", f"/threads/{thread}/queue/resume")
        await asyncio.wait_for(done.wait(), 120)
    # Without the first tenth, in which the queues are still being released.
    steady = sorted(times)[len(times) // 10 :]
    return (len(steady) - 1) / (steady[-1] - steady[0])


async def next_turn(is_quick: bool) -> list[Figure]:
    """From the end of a turn to the start of the next one in its queue, by the times of their events."""
    count = 100 if is_quick else 400
    async with stage(limits={"queue_per_thread": 0}) as here:
        session = await here.session()
        thread = await here.thread(session, settings={"queue_mode": "one_at_a_time", "paused": True})
        for number in range(count):
            await here.client.ask("POST", f"/threads/{thread}/messages", {"message": str(number)})
        done, moments = asyncio.Event(), list[tuple[str, float]]()

        def told(event: Told) -> None:
            if event.event in ("turn.started", "turn.completed"):
                moments.append((event.event, _at(event.body)))
                if sum(kind == "turn.completed" for kind, _ in moments[-1:]) and len(moments) >= 2 * count:
                    done.set()

        async with watching(here, f"/threads/{thread}/events", told):
            await here.client.ask("POST", f"/threads/{thread}/queue/resume")
            await asyncio.wait_for(done.wait(), 120)
    gaps = [
        (start - end) * 1000
        for (before, end), (after, start) in pairwise(moments)
        if (before, after) == ("turn.completed", "turn.started")
    ]
    return [Figure("next queued turn", "start after the end of the previous", "ms", gaps, {"p50": 3})]


def _at(body: dict[str, Any]) -> float:
    return datetime.fromisoformat(body["at"]).timestamp()
