"""F-4: SIGTERM with many streams open and many turns running. It ends soon, no turn is lost, every reader can go on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.prove.harness.http import Client, Connection, Cut
from tests.prove.harness.sse import Reader
from tests.prove.harness.world import patiently, quiet, world
from tests.prove.scenario import Report

TURNS = 50
DRAIN_S = 1.0
AFTER_DRAIN_S = 5.0


def run(seed: int, streams: int) -> Report:
    return asyncio.run(_run(seed, streams))


async def _run(seed: int, streams: int) -> Report:
    report = Report()
    async with world(seed) as here:
        limits = {"streams_per_user": 0}
        server = await here.serve({"drain_s": DRAIN_S, "limits": limits})
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        readers = [_Open(client, session) for _ in range(streams)]
        for each in readers:
            await each.open()
        threads = await _start_turns(client, session)
        reading = [asyncio.create_task(each.read()) for each in readers]
        took = await server.stop()
        report.expect(took <= DRAIN_S + AFTER_DRAIN_S, f"F-4: it took {took:.1f} s to end")
        await asyncio.wait(reading, timeout=5)
        report.expect(all(each.has_ended for each in readers), "F-4: a stream was cut off instead of ended")
        report.findings += [f"after SIGTERM: {each}" for each in here.audit()]
        server = await here.serve({"limits": limits})
        released = await _check_resumed(client, threads, report)
        await _check_readers(client, session, readers, report)
        await server.kill()
        here.judge(report)
    report.figures = {"streams": streams, "turns": TURNS, "released_turns": released, "ended_in_s": round(took, 2)}
    return report


async def _start_turns(client: Client, session: str) -> list[str]:
    """Half of them end within the drain, half do not; and each has one more message behind it."""
    body = {"session_id": session, "agent_id": "script"}
    threads = [(await client.post("/threads", body))["id"] for _ in range(TURNS)]
    texts = ("stream 3 5\nsleep 4\nsay done", "stream 20 20")
    await asyncio.gather(
        *(client.post(f"/threads/{each}/messages", {"message": texts[n % 2]}) for n, each in enumerate(threads))
    )
    await patiently(lambda: _all_run(client, threads))
    return threads


async def _all_run(client: Client, threads: list[str]) -> None:
    running = {each["id"] for each in await client.get("/threads?status=running&limit=100")}
    if len(running & set(threads[::2])) < TURNS // 2:
        raise Cut("not all turns have begun")


async def _check_resumed(client: Client, threads: list[str], report: Report) -> int:
    """Every turn is complete in the end; those that were released have had one more attempt, and none has failed."""
    await quiet(client)
    released = 0
    for thread in threads:
        for turn in await client.get(f"/threads/{thread}/turns"):
            released += turn["attempt"] > 1
            report.expect(turn["status"] == "completed", f"F-4: turn {turn['id']} is {turn['status']}")
            report.expect(turn["attempt"] <= 2, f"F-4: turn {turn['id']} took {turn['attempt']} attempts")
    report.expect(released > 0, "F-4: no turn was running when the drain was over: the scenario proves nothing")
    return released


@dataclass
class _Open:
    """One open stream, and what came over it."""

    client: Client
    session: str
    connection: Connection = field(init=False)
    cursor: int = 0
    has_ended: bool = False

    async def open(self) -> None:
        self.connection, status = await self.client.stream(f"/sessions/{self.session}/events")
        assert status == 200

    async def read(self) -> None:
        """To the end: a proper one has the last chunk of the body."""
        reader = Reader()
        while chunk := await self.connection.more():
            for told in reader.feed(chunk):
                self.cursor = int(told.id)
        self.has_ended = self.connection.is_complete


async def _check_readers(client: Client, session: str, readers: list[_Open], report: Report) -> None:
    """Each reader goes on from its last id without a gap."""
    whole = [told async for told in _told(client, session, 0)]
    for cursor in {each.cursor for each in readers}:
        rest = [told async for told in _told(client, session, cursor)]
        report.expect(rest == [each for each in whole if each[0] > cursor], f"I-20: a gap after {cursor}")


async def _told(client: Client, session: str, after: int) -> AsyncIterator[tuple[int, bytes]]:
    reader = Reader()
    async for chunk in client.chunks(f"/sessions/{session}/events?follow=0", after):
        for told in reader.feed(chunk):
            yield int(told.id), told.data
