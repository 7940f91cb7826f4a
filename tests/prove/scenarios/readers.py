"""L-1, L-3, L-5: many idle readers, readers that reset at once, readers that all come back after a restart."""

import asyncio
import random
import time

from tests.prove.harness.crowd import open_streams, p99, raw, reset
from tests.prove.harness.http import Client, Connection, Cut
from tests.prove.harness.sse import Reader
from tests.prove.harness.world import patiently, world
from tests.prove.scenario import Report
from tests.prove.scenarios.cuts import streams_open

MANY = {"limits": {"streams_per_user": 0, "streams": 10_500}}
MEMORY_MIB = 400
OTHERS_MS = 50
STAMPEDE_S = 15
RETURN_S = 2.0


# --- L-1 -------------------------------------------------------------------------------------------------------------


def run_idle(seed: int, streams: int) -> Report:
    """L-1: idle readers cost memory within bounds, and nobody else much time."""
    return asyncio.run(_idle(seed, streams))


async def _idle(seed: int, streams: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve(MANY)
        client = here.client()
        threads = await new_threads(client, 20)
        # Some at once, so that the store has all the connections it will ever keep.
        await asyncio.gather(*(client.ask("GET", f"/threads/{threads[number % 20]}") for number in range(64)))
        client.close()
        await _ask(client, threads, 200)
        before_kib, before_fds = server.process.rss_kib, server.process.descriptors
        held = await open_streams(client, [f"/threads/{threads[n % 20]}/events" for n in range(streams)])
        with_kib = server.process.rss_kib
        others = await _ask(client, threads, 400)
        for each in held:
            each.abort()
        await patiently(lambda: none_open(client))
        await asyncio.sleep(0.5)
        left = server.process.descriptors - before_fds
        report.figures = {
            "streams": streams, "rss_mib": with_kib // 1024, "kib_each": round((with_kib - before_kib) / streams, 1),
            "others_p99_ms": round(p99(others), 1), "rss_after_mib": server.process.rss_kib // 1024,
        }  # fmt: skip
        report.expect(with_kib / 1024 <= MEMORY_MIB, f"L-1: {with_kib / 1024:.0f} MiB with {streams} streams")
        report.expect(p99(others) <= OTHERS_MS, f"L-1: other requests took {p99(others):.0f} ms")
        report.expect(left <= max(5, before_fds // 20), f"I-58: {left} descriptors more than before")
        await server.kill()
        here.judge(report)
    return report


async def new_threads(client: Client, count: int, agent: str = "script") -> list[str]:
    """Threads of a new session."""
    session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
    body = {"session_id": session, "agent_id": agent}
    return [(await client.post("/threads", body))["id"] for _ in range(count)]


async def _ask(client: Client, threads: list[str], count: int) -> list[float]:
    values: list[float] = []
    for number in range(count):
        values.append((await client.ask("GET", f"/threads/{threads[number % len(threads)]}")).seconds * 1000)
    return values


async def none_open(client: Client, but: int = 0) -> None:
    """Raise `Cut`, which `patiently` waits out, while the server counts streams that nobody holds."""
    if await streams_open(client) > but:
        raise Cut("streams are still open")


# --- L-3 -------------------------------------------------------------------------------------------------------------


HEARD_EVERY = 10


def run_resets(seed: int, resets: int) -> Report:
    """L-3: connections that are reset before, while and just after a stream's answer begins leave nothing behind."""
    return asyncio.run(_resets(seed, resets))


async def _resets(seed: int, resets: int) -> Report:
    report = Report()
    randomness = random.Random(seed)
    async with world(seed) as here:
        # With the usual bound of fifty streams a user, a place that leaks is missed soon.
        server = await here.serve()
        client = here.client()
        (thread,) = await new_threads(client, 1)
        request = client.request("GET", f"/threads/{thread}/events")
        before_fds = server.process.descriptors
        for number in range(resets):
            sock = raw(client)
            # Some hear the beginning of the answer: however slow the machine is, these had a place.
            heard = number % HEARD_EVERY == 0
            is_whole = heard or randomness.random() < 0.8
            sock.sendall(request if is_whole else request[: randomness.randrange(len(request))])
            if heard:
                await asyncio.to_thread(sock.recv, 1)
            elif (pause := randomness.choice((0.0, 0.0, 0.001, 0.01))) > 0:
                await asyncio.sleep(pause)
            reset(sock)
        try:
            await patiently(lambda: none_open(client))
        except Cut:
            report.findings.append(f"I-26: {await streams_open(client):.0f} streams are counted, and none is open")
        connection, status = await client.stream(f"/threads/{thread}/events")
        report.expect(status == 200, f"I-26: a new stream was answered with {status}")
        connection.abort()
        await asyncio.sleep(0.3)
        left = server.process.descriptors - before_fds
        report.expect(left <= 5, f"I-58: {left} descriptors more than before")
        report.figures = {"resets": resets, "descriptors_left": left}
        await server.kill()
        here.judge(report)
    return report


# --- L-5 -------------------------------------------------------------------------------------------------------------


def run_stampede(seed: int, streams: int) -> Report:
    """L-5: everybody comes back within two seconds of a restart, each with a cursor."""
    return asyncio.run(_stampede(seed, streams))


async def _stampede(seed: int, streams: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve(MANY)
        client = here.client()
        threads = await new_threads(client, 20)
        for thread in threads:
            await client.post(f"/threads/{thread}/messages", {"message": "stream 20 1"})
        calm = [await _turn_s(client, threads[0]) for _ in range(20)]
        await server.kill()
        client.close()
        server = await here.serve(MANY)
        started = time.monotonic()
        paths = [f"/threads/{threads[n % 20]}/events?after={n % 5}" for n in range(streams)]
        opening = asyncio.create_task(open_streams(client, paths, patience_s=STAMPEDE_S))
        busy = [await _turn_s(client, threads[number % 20]) for number in range(20)]
        held = await opening
        served_s = await _all_served(held) + time.monotonic() - started
        ratio = p99(busy) / p99(calm)
        report.figures = {
            "streams": streams, "served_in_s": round(served_s, 1), "turn_p99_ms": round(p99(busy) * 1000),
            "calm_p99_ms": round(p99(calm) * 1000),
        }  # fmt: skip
        report.expect(served_s <= STAMPEDE_S, f"L-5: it took {served_s:.1f} s to serve {streams} readers")
        report.expect(p99(busy) < 0.5 or ratio < 3, f"L-5: turns took {ratio:.1f} times as long meanwhile")
        for each in held:
            each.abort()
        await server.kill()
        here.judge(report)
    return report


async def _turn_s(client: Client, thread: str) -> float:
    """From POST until the thread is idle again."""
    started = time.monotonic()
    await client.post(f"/threads/{thread}/messages", {"message": "say hello"})
    while (await client.get(f"/threads/{thread}"))["status"] != "idle":  # noqa: ASYNC110 - asks another process
        await asyncio.sleep(0.005)
    return time.monotonic() - started


async def _all_served(held: list[Connection]) -> float:
    """Wait until each has had an event; returns how long that took from now."""
    started = time.monotonic()

    async def first(connection: Connection) -> None:
        reader = Reader()
        while chunk := await connection.more():
            if reader.feed(chunk):
                return

    async with asyncio.timeout(STAMPEDE_S):
        await asyncio.gather(*(first(each) for each in held))
    return time.monotonic() - started
