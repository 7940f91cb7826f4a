"""Postgres: what is accepted and run on one database by one, two and four processes, and what they tell each other."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime

from bench.cluster import cluster
from bench.figure import Figure
from bench.rows.turns import Turns
from bench.stage import Stage, watching
from laneway.domain.kinds import TURN
from laneway.domain.principal import SYSTEM
from laneway.runtime.system_clock import SystemClock
from laneway.store import StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.testing.store_suite.samples import delta, putting, turn
from tests.prove.harness.http import expect
from tests.prove.harness.postgres import Postgres
from tests.prove.harness.sse import Told

ROW = "postgres"


async def on_postgres(is_quick: bool) -> list[Figure]:
    """Everything, beside the same figures of SQLite in the other rows."""
    seconds = 3.0 if is_quick else 8.0
    async with cluster(1, limits={"queue_per_user": 0}) as (servers, database):
        figures = [
            *await _accepted(servers[0], 100 if is_quick else 500),
            *await _idle_turns(servers[0], 50 if is_quick else 200),
            (await _turns_a_second(servers, database, seconds, sessions=1))[0],
            *await _turns_a_second(servers, database, seconds),
            *await _rows_a_second(servers[0], database, seconds),
        ]
    for count in (2,) if is_quick else (2, 4):
        async with cluster(count, limits={"queue_per_user": 0}) as (servers, database):
            figures += (await _turns_a_second(servers, database, seconds))[:1]
            if count == 2:
                figures.append(await _across(servers, 50 if is_quick else 200))
    return figures


async def _accepted(here: Stage, count: int) -> list[Figure]:
    session = await here.session()
    thread = await here.thread(session, settings={"paused": True})
    fresh = [await here.thread(session, settings={"paused": True}) for _ in range(count // 50)] or [thread]
    values: list[float] = []
    for number in range(count):
        path = f"/threads/{fresh[number % len(fresh)]}/messages"
        values.append(expect(await here.client.ask("POST", path, {"message": "x"}), 202).seconds * 1000)
    return [Figure(ROW, "POST to 202, one client", "ms", values[count // 10 :])]


async def _idle_turns(here: Stage, count: int) -> list[Figure]:
    """POST to finished, and how much of it was the way from the commit to a runner."""
    session = await here.session()
    threads = [await here.thread(session) for _ in range(10)]
    turns, times = Turns(), dict[str, dict[str, float]]()

    def told(event: Told) -> None:
        turns.told(event)
        if event.event in ("queue.item_added", "turn.started"):
            times.setdefault(event.event, {})[event.body["thread_id"]] = _at(event.body["at"])

    finished: list[float] = []
    dispatched: list[float] = []
    async with watching(here, f"/sessions/{session}/events", told):
        for number in range(count + 10):
            thread = threads[number % 10]
            started = time.perf_counter()
            finished.append((await turns.run(here, thread) - started) * 1000)
            dispatched.append((times["turn.started"][thread] - times["queue.item_added"][thread]) * 1000)
    return [
        Figure(ROW, "POST to turn.completed on a stream", "ms", finished[10:]),
        Figure(ROW, "dispatch: accepted to claimed", "ms", dispatched[10:]),
    ]


async def _turns_a_second(servers: list[Stage], database: Postgres, seconds: float, sessions: int = 10) -> list[Figure]:
    """Fifty threads, posted in turn to every process. Commits of one session stand in line: its log has one end."""
    places = [await servers[0].session() for _ in range(sessions)]
    threads = [await servers[0].thread(places[number % sessions]) for number in range(50)]
    turns = Turns()
    async with watching(servers[0], "/events", turns.told):
        asking = [
            asyncio.create_task(_again_and_again(turns, servers[number % len(servers)], thread))
            for number, thread in enumerate(threads)
        ]
        await asyncio.sleep(2.0)
        rates: list[float] = []
        first, server_s, database_s = turns.ended, servers[0].cpu_s, database.cpu_s
        for _ in range(4):
            before, started = turns.ended, time.perf_counter()
            await asyncio.sleep(seconds / 4)
            rates.append((turns.ended - before) / (time.perf_counter() - started))
        each = max(1, turns.ended - first)
        costs = (servers[0].cpu_s - server_s) / each * 1000, (database.cpu_s - database_s) / each * 1000
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    of_sessions = f"{sessions} sessions" if sessions > 1 else "one session"
    name = f"50 threads of {of_sessions}, {len(servers)} process{'es' if len(servers) > 1 else ''}"
    goals = {"p50": 50.0 * len(servers)}
    return [
        Figure(ROW, name, "turns/s", rates, goals, "at least"),
        Figure(ROW, "processor time of the server for a turn", "ms", [costs[0]]),
        Figure(ROW, "processor time of Postgres for a turn", "ms", [costs[1]]),
    ]


async def _again_and_again(turns: Turns, here: Stage, thread: str) -> None:
    while True:
        await turns.run(here, thread)


async def _rows_a_second(here: Stage, database: Postgres, seconds: float) -> list[Figure]:
    """Text of many turns in one commit, as a process flushes it, by the store alone."""
    assert here.database_url is not None
    store = PostgresStore(here.database_url, SystemClock(), StoreOptions())
    await store.open()
    running = [(TURN, turn(f"trn_b{number}", f"thr_b{number}")) for number in range(100)]
    await store.transact(SYSTEM, (), putting(*running))
    rows, started, database_s = 0, time.perf_counter(), database.cpu_s
    while time.perf_counter() - started < seconds:
        deltas = [
            replace(delta("some words of an answer"), thread_id=f"thr_b{number}", turn_id=f"trn_b{number}")
            for number in range(100)
        ]
        assert await store.append(deltas) == ()
        rows += len(deltas)
    rate, each_ms = rows / (time.perf_counter() - started), (database.cpu_s - database_s) / rows * 1000
    await store.close()
    return [
        Figure(ROW, "rows of text, a hundred a commit, one connection", "rows/s", [rate]),
        Figure(ROW, "processor time of Postgres for a row of text", "ms", [each_ms]),
    ]


async def _across(servers: list[Stage], count: int) -> Figure:
    """Posted at one process until it is read from a stream of another."""
    session = await servers[0].session()
    thread = await servers[0].thread(session, settings={"paused": True})
    heard = asyncio.Queue[float]()

    def told(event: Told) -> None:
        if event.event == "queue.item_added":
            heard.put_nowait(time.perf_counter())

    values: list[float] = []
    async with watching(servers[1], f"/threads/{thread}/events", told):
        for _ in range(min(count, 90)):
            started = time.perf_counter()
            await servers[0].client.ask("POST", f"/threads/{thread}/messages", {"message": "x"})
            values.append((await asyncio.wait_for(heard.get(), 10) - started) * 1000)
    return Figure(ROW, "POST at one process to a stream of another", "ms", values)


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
