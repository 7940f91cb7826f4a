"""N-2: the database dies every few seconds and so do servers, under load. Nothing is lost, doubled or left lying."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from tests.prove.harness.cluster import Anywhere, Cluster, cluster
from tests.prove.harness.http import Cut
from tests.prove.harness.patient import Patient
from tests.prove.harness.traffic import UNFINISHED, Listener
from tests.prove.harness.world import busy_threads
from tests.prove.scenario import Report

SERVERS = 2
FEW, MANY = 2, 8
LARGE = 1000
"""Workers, and the number of turns from which on there are many."""
AT_ONCE = 5
"""Messages that each user sends side by side, when there are many."""
USERS = tuple(f"user{number}" for number in range(8))
THREADS = 12
PAUSE_S = 0.4
"""Between two messages of a user, when there are few of them: so that there is time for many faults."""
CALM_S = 60.0
"""Everything that was accepted is at rest so long after the last fault."""


@dataclass
class Tally:
    kills: int = 0
    stops: int = 0
    away_s: float = 0.0
    posted: list[float] = field(default_factory=list[float])


def run(seed: int, turns: int) -> Report:
    """Post `turns` messages, each for a turn of its own, through everything that happens."""
    report = Report()
    asyncio.run(_run(seed, turns, report))
    return report


async def _run(seed: int, turns: int, report: Report) -> None:
    tally = Tally()
    workers = MANY if turns >= LARGE else FEW
    async with cluster(seed, SERVERS, USERS, workers=workers) as here:
        users = [_User(here, name, 0.0 if workers == MANY else PAUSE_S) for name in USERS]
        async with asyncio.TaskGroup() as settling:
            for user in users:
                settling.create_task(user.settle())
        listeners = [Listener(here.here, here.client(user.name), user.session) for user in users]
        reading = [asyncio.create_task(each.listen()) for each in listeners]
        faults = [asyncio.create_task(_stop_database(here, tally)), asyncio.create_task(_kill_servers(here, tally))]
        started = time.monotonic()
        async with asyncio.TaskGroup() as posting:
            at_once = AT_ONCE if workers == MANY else 1
            for user in users * at_once:
                posting.create_task(user.post(turns // len(USERS) // at_once))
        accepted_s = time.monotonic() - started
        await _end(faults)
        calm = time.monotonic()
        report.findings += await _stranded(users)
        calm_s = time.monotonic() - calm
        await _end(reading)
        for listener in listeners:
            await _catch_up(listener)
        report.findings += [problem for each in (*users, *listeners) for problem in each.problems]
        report.findings += await asyncio.to_thread(here.here.audit, is_quiet=True)
        # The engine tells of each poll that the outage cost it.
        here.here.judge(report, expected="dbos:")
        posts = here.here.history.posts
        report.figures = {
            "servers": SERVERS, "workers": workers, "turns": sum(post.fate == "ok" for post in posts),
            "accepted_in_s": round(accepted_s),
            "kills": tally.kills, "database_stops": tally.stops, "database_away_s": round(tally.away_s),
            "at_rest_after_s": round(calm_s, 1), "resumed_streams": sum(each.resumed for each in listeners),
            "compared_events": len(here.here.history.frames),
        }  # fmt: skip


class _User:
    """One user, who posts again and again, each message under its key until it is answered."""

    def __init__(self, here: Cluster, name: str, pause_s: float) -> None:
        self.name = name
        self._pause_s = pause_s
        self.client = here.client(name)
        self.session = ""
        self._random = here.here.random
        self._patient = Patient(self.client, here.here.history, name)
        self._threads: list[str] = []

    @property
    def problems(self) -> list[str]:
        return self._patient.problems

    async def settle(self) -> None:
        self.session = (await self._patient.sure("POST", "/sessions", {"mode": "autonomous"})).json["id"]
        body = {"session_id": self.session, "agent_id": "script", "settings": {"queue_mode": "one_at_a_time"}}
        for _ in range(THREADS):
            self._threads.append((await self._patient.sure("POST", "/threads", body)).json["id"])

    async def post(self, messages: int) -> None:
        left = messages
        while left:
            sent = await self._patient.post(self._random.choice(self._threads), self._text())
            # A full queue refuses: then there is time to wait.
            left -= sent.fate == "ok"
            await asyncio.sleep(self._pause_s * self._random.uniform(0, 2))

    def _text(self) -> str:
        label = f"{self.name}-{self._random.getrandbits(64):x}"
        return self._random.choice(
            ("say hello", "say hello", "stream 5 20", f'tool note.add {{"text": "{label}", "key": "k"}}', "sleep 0.2")
        )


async def _stop_database(here: Cluster, tally: Tally) -> None:
    chance = here.here.random
    try:
        while True:
            await asyncio.sleep(chance.uniform(5, 20))
            await here.postgres.stop()
            tally.stops += 1
            away_s = chance.uniform(0, 5)
            tally.away_s += away_s
            await asyncio.sleep(away_s)
            await here.postgres.start()
    finally:
        await here.postgres.start()


async def _kill_servers(here: Cluster, tally: Tally) -> None:
    chance = here.here.random
    dead: set[int] = set()
    try:
        while True:
            await asyncio.sleep(chance.uniform(2, 10))
            number = chance.choice(sorted(here.living))
            dead.add(number)
            await here.kill(number)
            tally.kills += 1
            await asyncio.sleep(chance.uniform(0, 1))
            await here.start(number)
            dead.discard(number)
    finally:
        for number in dead:
            await here.start(number)


async def _stranded(users: list[_User]) -> list[str]:
    until = time.monotonic() + CALM_S
    while True:
        busy = [each for user in users for each in await _busy(user.client)]
        if not busy:
            return []
        if time.monotonic() > until:
            return [f"I-11: {len(busy)} threads are not at rest {CALM_S:.0f} s after calm: {busy[:3]}"]
        await asyncio.sleep(0.3)


async def _busy(client: Anywhere) -> list[str]:
    try:
        return await busy_threads(client, UNFINISHED)
    except Cut:
        return ["nobody answers"]


async def _catch_up(listener: Listener) -> None:
    """What a live reader has not been told yet comes with a reading to the end."""
    for _ in range(20):
        with contextlib.suppress(Cut):
            await listener.read_to_end()
            return
        await asyncio.sleep(0.2)


async def _end(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
