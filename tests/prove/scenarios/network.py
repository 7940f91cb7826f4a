"""N-4: connections to the database are slow, reset, half open or silent, inside commits, too. No message suffers."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from tests.prove.harness.cluster import Anywhere, Cluster, cluster
from tests.prove.harness.http import Client, Cut
from tests.prove.harness.network import Network, network
from tests.prove.harness.patient import Patient
from tests.prove.harness.traffic import UNFINISHED
from tests.prove.harness.world import busy_threads
from tests.prove.scenario import Report

SERVERS, WORKERS = 2, 1
USERS = ("ada", "bob", "cyd", "dan")
THREADS = 4
DELAYS_S = (0.02, 0.2, 2.0)
COMMITS_CUT = 0.02
CALM_S = 60.0
"""Everything that was accepted is at rest so long after the network has healed. What was silent then stays so."""
AT_ONCE = 40
"""Requests to one server: more than it may have connections, so that each of them has to be sound."""
ANSWERED_S = 10.0


def run(seed: int, turns: int) -> Report:
    """Post `turns` messages, each under a key of its own, until each is answered."""
    report = Report()
    asyncio.run(_run(seed, turns, report))
    return report


async def _run(seed: int, turns: int, report: Report) -> None:
    async with cluster(seed, 0, USERS, places=SERVERS) as here, network(here.postgres.port, here.here.random) as wires:
        direct = str(here.here.database)
        here.flags = {"database_url": direct.replace(f":{here.postgres.port}/", f":{wires.port}/")}
        await asyncio.gather(*(here.start(number) for number in range(SERVERS + WORKERS)))
        users = [_User(here, name) for name in USERS]
        await asyncio.gather(*(user.settle() for user in users))
        storm = asyncio.create_task(_storm(here, wires))
        started = time.monotonic()
        await asyncio.gather(*(user.post(turns // len(USERS)) for user in users))
        accepted_s = time.monotonic() - started
        storm.cancel()
        await asyncio.gather(storm, return_exceptions=True)
        wires.weather.delay_s = wires.weather.commits_cut = 0.0
        calm = time.monotonic()
        report.findings += await _stranded(users)
        calm_s = time.monotonic() - calm
        slowest_s = await _answer_all(here, report)
        report.findings += [problem for user in users for problem in user.problems]
        report.findings += await asyncio.to_thread(here.here.audit, is_quiet=True)
        # The engine tells of each poll that the network cost it.
        here.here.judge(report, expected="dbos:")
        weather = wires.weather
        report.figures = {
            "turns": sum(post.fate == "ok" for post in here.here.history.posts), "accepted_in_s": round(accepted_s),
            "resets": weather.resets, "silenced": weather.silenced, "half_open": weather.halved,
            "reset_before_a_commit": weather.cut_before, "reset_after_a_commit": weather.cut_after,
            "at_rest_after_s": round(calm_s, 1), "slowest_answer_s": round(slowest_s, 2),
        }  # fmt: skip
        report.expect(weather.cut_after > 0, "N-4: no commit was left in doubt: nothing was tried")


async def _storm(here: Cluster, wires: Network) -> None:
    chance, weather = here.here.random, wires.weather
    weather.commits_cut = COMMITS_CUT
    while True:
        await asyncio.sleep(chance.uniform(0.2, 2))
        match chance.randrange(4):
            case 0:
                for wire in wires.some(0.3):
                    wire.reset()
            case 1:
                for wire in wires.some(0.1):
                    wire.silence()
            case 2:
                for wire in wires.some(0.1):
                    wire.halve()
            case _:
                weather.delay_s = chance.choice(DELAYS_S)
                await asyncio.sleep(chance.uniform(0.5, 3))
                weather.delay_s = 0.0


class _User:
    """One user, who posts again and again, each message under its key until it is answered."""

    def __init__(self, here: Cluster, name: str) -> None:
        self.client: Anywhere = here.client(name)
        self._random = here.here.random
        self._patient = Patient(self.client, here.here.history, name)
        self._threads: list[str] = []

    @property
    def problems(self) -> Sequence[str]:
        return self._patient.problems

    async def settle(self) -> None:
        session = (await self._patient.sure("POST", "/sessions", {"mode": "autonomous"})).json["id"]
        body = {"session_id": session, "agent_id": "script", "settings": {"queue_mode": "one_at_a_time"}}
        for _ in range(THREADS):
            self._threads.append((await self._patient.sure("POST", "/threads", body)).json["id"])

    async def post(self, messages: int) -> None:
        left = messages
        while left:
            text = self._random.choice(("say hello", "stream 5 20", 'tool note.add {"text": "n", "key": "k"}'))
            sent = await self._patient.post(self._random.choice(self._threads), text)
            left -= sent.fate == "ok"
            await asyncio.sleep(self._random.uniform(0, 0.2))


async def _stranded(users: Sequence[_User]) -> list[str]:
    busy = ["nobody has looked"]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CALM_S):
            while busy:
                await asyncio.sleep(0.3)
                with contextlib.suppress(Cut):
                    busy = [each for user in users for each in await busy_threads(user.client, UNFINISHED)]
    return [f"I-11: {len(busy)} threads are not at rest {CALM_S:.0f} s after calm: {busy[:3]}"] if busy else []


async def _answer_all(here: Cluster, report: Report) -> float:
    """I-30: no connection that any server still lends is of no use; returns how long the slowest answer took."""
    slowest = 0.0
    for port in here.ports:
        client = Client("127.0.0.1", port, here.here.keys[USERS[0]])
        started = time.monotonic()
        try:
            async with asyncio.timeout(ANSWERED_S):
                answers = await asyncio.gather(*(client.ask("GET", "/threads?limit=5") for _ in range(AT_ONCE)))
        except TimeoutError:
            report.findings.append(f"I-30: {AT_ONCE} requests at once are not answered within {ANSWERED_S:.0f} s")
        else:
            bad = [answer.status for answer in answers if answer.status != 200]
            report.expect(not bad, f"I-30: after calm, requests were answered with {bad[:5]}")
            slowest = max(slowest, time.monotonic() - started)
        client.close()
    return slowest
