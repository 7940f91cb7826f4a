"""L-4 and N-5: readers that leave and come back anywhere, and hints that are lost, doubled or out of order."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from tests.prove.harness.http import Client, Cut
from tests.prove.harness.sse import Reader, Told
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report

THREADS = 6
READERS = 24
POLL_S = 1.0
TOGETHER = 5
LATE_S = 2 * POLL_S + 0.5
"""A poll a second, over the logs that have readers, stands in for a hint that was lost."""


def run(seed: int, reconnects: int) -> Report:
    """L-4: readers of threads, of the session and of the user, with a kill in the middle."""
    return asyncio.run(_rejoin(seed, reconnects))


async def _rejoin(seed: int, reconnects: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve()
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        body = {"session_id": session, "agent_id": "script"}
        threads = [(await client.post("/threads", body))["id"] for _ in range(THREADS)]
        places = ["/events", f"/sessions/{session}/events", *(f"/threads/{thread}/events" for thread in threads)]
        readers = [_Rejoining(here, places[n % len(places)], reconnects // READERS) for n in range(READERS)]
        speaking = asyncio.create_task(_speak(client, threads))
        reading = [asyncio.create_task(each.read()) for each in readers]
        await asyncio.sleep(1.0)
        await server.kill()
        server = await here.serve()
        await asyncio.gather(*reading)
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        report.findings += await quiet(client)
        for place in places:
            await _compare(client, place, [each for each in readers if each.place == place], report)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    report.figures = {"readers": READERS, "reconnects": sum(each.joined for each in readers)}
    return report


async def _speak(client: Client, threads: Sequence[str]) -> None:
    while True:
        for thread in threads:
            try:
                await client.ask("POST", f"/threads/{thread}/messages", {"message": "stream 15 5\ntool note.add {}"})
            except Cut:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.02)


class _Rejoining:
    """A reader that leaves after some events and comes back with the last id it saw, or an earlier one."""

    def __init__(self, here: World, place: str, times: int) -> None:
        self._client = here.client()
        self._random = random.Random(here.random.random())
        self._times = times
        self.place = place
        self.joined = 0
        self.order: list[str] = []
        self.seen: dict[str, bytes] = {}
        self.problems: list[str] = []

    async def read(self) -> None:
        while self.joined < self._times:
            after = self._random.choice(["0", *self.order[-30:], *self.order[-1:] * 30])
            try:
                async with asyncio.timeout(2):
                    await self._join(after)
            except (Cut, TimeoutError):
                await asyncio.sleep(0.02)

    async def _join(self, after: str) -> None:
        wanted, reader, got = self._random.randrange(1, 40), Reader(), 0
        async for chunk in self._client.chunks(self.place, after):
            self.joined += got == 0
            for told in reader.feed(chunk):
                got += 1
                self._take(told)
            if got >= wanted:
                return

    def _take(self, told: Told) -> None:
        if self.seen.setdefault(told.id, told.data) != told.data:
            self.problems.append(f"I-20: {self.place} {told.id} has other bytes after a reconnect")
        if not self.order or _key(told.id) > _key(self.order[-1]):
            self.order.append(told.id)
        if self.place.startswith("/threads/") and told.body["thread_id"] not in self.place:
            self.problems.append(f"I-23: {self.place} was told of {told.body['thread_id']}")


def _key(cursor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cursor.split("."))


async def _compare(client: Client, place: str, readers: Sequence[_Rejoining], report: Report) -> None:
    """What each reader has seen, up to the last of it, is the whole log up to there, in order and byte for byte."""
    reader = Reader()
    whole = [told async for chunk in client.chunks(f"{place}?follow=0", "0") for told in reader.feed(chunk)]
    for each in readers:
        report.findings += each.problems[:3]
        last = _key(each.order[-1]) if each.order else (0,)
        expected = [(told.id, told.data) for told in whole if _key(told.id) <= last]
        seen = [(id, each.seen[id]) for id in sorted(each.seen, key=_key)]
        report.expect(seen == expected, f"I-20: a reader of {place} saw {len(seen)} events of {len(expected)}")


# --- N-5 -------------------------------------------------------------------------------------------------------------


def run_lying(seed: int, turns: int) -> Report:
    """N-5: a bus that loses, doubles and delays rings, and an engine that is not told. Nothing is wrong, only later."""
    return asyncio.run(_lying(seed, turns))


async def _lying(seed: int, turns: int) -> Report:
    report = Report()
    late: dict[str, float] = defaultdict(float)
    async with world(seed) as here:
        server = await here.serve(lies=seed % 1000 + 1)
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        body = {"session_id": session, "agent_id": "script"}
        threads = [(await client.post("/threads", body))["id"] for _ in range(THREADS)]
        hearing = asyncio.create_task(_hear(client, session, late))
        for number in range(turns):
            await client.post(f"/threads/{threads[number % THREADS]}/messages", {"message": "stream 3 5"})
            await asyncio.sleep(0.02)
            if number % TOGETHER == TOGETHER - 1:
                await _check_all_told(client, session, late, report)
            if not report.passed:
                break
        else:
            await _check_cancel(client, threads[0], report)
        report.findings += await quiet(client)
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        worst = max(late.values(), default=0)
        report.expect(worst <= LATE_S, f"N-5: an event came {worst:.1f} s late")
        report.figures = {"turns": turns, "events": len(late), "latest_s": round(worst, 2)}
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


async def _hear(client: Client, session: str, late: dict[str, float]) -> None:
    reader = Reader()
    async for chunk in client.chunks(f"/sessions/{session}/events", "0"):
        for told in reader.feed(chunk):
            late[told.id] = time.time() - datetime.fromisoformat(told.body["at"]).timestamp()


async def _check_all_told(client: Client, session: str, late: dict[str, float], report: Report) -> None:
    """After some turns nothing more happens: no later ring can make up for one that was lost."""
    report.findings += await quiet(client, LATE_S + 1)
    until = time.monotonic() + LATE_S
    while (missing := await _tail(client, session) - len(late)) and time.monotonic() < until:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)
    report.expect(missing == 0, f"N-5: {missing} events were not told within {LATE_S} s")


async def _tail(client: Client, session: str) -> int:
    return int((await client.ask("GET", f"/sessions/{session}/state")).headers["laneway-offset"])


async def _check_cancel(client: Client, thread: str, report: Report) -> None:
    """A cancel whose ring was lost is found by the sweep."""
    await client.post(f"/threads/{thread}/messages", {"message": "sleep 30"})
    until = time.monotonic() + LATE_S
    while (await client.get(f"/threads/{thread}"))["status"] != "running":
        if time.monotonic() > until:
            report.findings.append(f"I-6: a message did not start a turn within {LATE_S} s")
            return
        await asyncio.sleep(0.02)
    started = time.monotonic()
    await client.ask("POST", f"/threads/{thread}/cancel")
    while (await client.get(f"/threads/{thread}"))["status"] == "running":  # noqa: ASYNC110 - asks another process
        await asyncio.sleep(0.02)
    took = time.monotonic() - started
    report.expect(took <= LATE_S, f"I-16: a cancel took {took:.1f} s")
