"""L-2: readers that stop reading, or take a byte a second, lose their streams in time; the others notice nothing."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.prove.harness.crowd import p99, raw
from tests.prove.harness.http import Client, Connection, Cut
from tests.prove.harness.sse import Reader
from tests.prove.harness.world import patiently, quiet, world
from tests.prove.scenario import Report
from tests.prove.scenarios.cuts import streams_open

EVICTED_S = 45.0
"""A write that stalls is ended after 30 s; before that, what the kernel's buffers still take must have filled up."""
OTHERS_MS = 250
MEMORY_MIB = 300
LOUD = "x" * 60_000


def run(seed: int, readers: int) -> Report:
    return asyncio.run(_run(seed, readers))


async def _run(seed: int, readers: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve({"limits": {"streams_per_user": 0}}, functions=("words",))
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        loud, calm = [
            (await client.post("/threads", {"session_id": session, "agent_id": "words"}))["id"] for _ in range(2)
        ]
        stalled = [raw(client, 4096) for _ in range(readers)]
        for each in stalled:
            each.sendall(client.request("GET", f"/threads/{loud}/events"))
        healthy, _ = await client.stream(f"/threads/{calm}/events")
        await patiently(lambda: _open(client, readers + 1))
        delays: list[float] = []
        tasks = [
            asyncio.create_task(_hear(healthy, delays)),
            asyncio.create_task(_trickle(stalled[: readers // 2])),
            asyncio.create_task(_talk(client, calm, "hello", 0.1)),
            asyncio.create_task(_talk(client, loud, LOUD, 0.2)),
        ]
        evicted_s = await _evicted(client)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        peak = server.process.peak_rss_kib / 1024
        late = p99(delays) * 1000
        report.figures = {
            "readers": readers, "evicted_after_s": round(evicted_s, 1), "others_p99_ms": round(late),
            "peak_mib": round(peak),
        }  # fmt: skip
        report.expect(evicted_s < EVICTED_S, f"I-25: after {evicted_s:.0f} s stalled readers still had their streams")
        report.expect(late <= OTHERS_MS, f"I-25: beside stalled readers others heard {late:.0f} ms late")
        report.expect(peak <= MEMORY_MIB, f"I-58: stalled readers took the server to {peak:.0f} MiB")
        for each in stalled:
            each.close()
        healthy.abort()
        report.findings += await quiet(client)
        await server.stop()
        report.findings += here.audit()
        here.judge(report)
    return report


async def _open(client: Client, count: int) -> None:
    if await streams_open(client) != count:
        raise Cut("not all streams are open yet")


async def _talk(client: Client, thread: str, text: str, pause_s: float) -> None:
    while True:
        await client.ask("POST", f"/threads/{thread}/messages", {"message": text})
        await asyncio.sleep(pause_s)


async def _hear(connection: Connection, delays: list[float]) -> None:
    """How late each event comes, by the time that it carries."""
    reader = Reader()
    while chunk := await connection.more():
        now = datetime.now(UTC)
        delays += [(now - datetime.fromisoformat(told.body["at"])).total_seconds() for told in reader.feed(chunk)]


async def _trickle(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.setblocking(False)
    while True:
        for each in sockets:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                each.recv(1)
        await asyncio.sleep(1)


async def _evicted(client: Client) -> float:
    """How long it took until only the healthy reader was left."""
    started = time.monotonic()
    await asyncio.sleep(1)
    while time.monotonic() - started < EVICTED_S:
        with contextlib.suppress(Cut):
            if await streams_open(client) <= 1:
                break
        await asyncio.sleep(0.25)
    return time.monotonic() - started
