"""F-10, N-3: servers are replaced one by one, or the database dies again while they recover. Nothing is lost."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from tests.prove.harness.cluster import Cluster, cluster
from tests.prove.harness.patient import Patient
from tests.prove.harness.traffic import Listener
from tests.prove.harness.world import quiet
from tests.prove.scenario import Report

SERVERS = 4
"""Places for servers, of which two are taken."""
THREADS = 8
REST_S = 60.0
Fault = Callable[[Cluster, int], Awaitable[None]]


def run(seed: int, rounds: int) -> Report:
    """F-10: a new server starts while an old one drains, under load."""
    return asyncio.run(_run(seed, rounds, _replace))


def run_relapse(seed: int, rounds: int) -> Report:
    """N-3: the database dies, comes back, and dies again a moment into everybody's recovery."""
    return asyncio.run(_run(seed, rounds, _relapse))


async def _run(seed: int, rounds: int, fault: Fault) -> Report:
    report = Report()
    async with cluster(seed, 2, flags={"drain_s": 1.0}, places=SERVERS) as here:
        patient = Patient(here.client(), here.here.history, "user")
        session = (await patient.sure("POST", "/sessions", {"mode": "autonomous"})).json["id"]
        body = {"session_id": session, "agent_id": "script"}
        threads = [(await patient.sure("POST", "/threads", body)).json["id"] for _ in range(THREADS)]
        listener = Listener(here.here, here.client(), session)
        over = asyncio.Event()
        speaking = asyncio.create_task(_speak(here, patient, threads, over))
        listening = asyncio.create_task(listener.listen())
        started = time.monotonic()
        for number in range(rounds):
            await fault(here, number)
        took = time.monotonic() - started
        # Not in the middle of a request: what it asks for might be done when everything seems to be at rest.
        over.set()
        await speaking
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        report.findings += await _at_rest(here)
        await _catch_up(listener)
        report.findings += patient.problems + listener.problems
        report.findings += await asyncio.to_thread(here.here.audit, is_quiet=True)
        # The engine tells of each poll that the outage cost it.
        here.here.judge(report, expected="dbos:")
        posts = here.here.history.posts
        report.figures = {
            "rounds": rounds, "seconds_a_round": round(took / max(rounds, 1), 1),
            "turns": sum(post.fate == "ok" for post in posts), "resumed_streams": listener.resumed,
            "compared_events": len(here.here.history.frames),
        }  # fmt: skip
    return report


async def _replace(here: Cluster, number: int) -> None:
    """The old one drains while the new one starts."""
    old, new = number % SERVERS, (number + 2) % SERVERS
    await asyncio.gather(here.stop(old), here.start(new))


async def _relapse(here: Cluster, number: int) -> None:
    """Twice within some tenths of a second, and every third time a server dies with it."""
    await asyncio.sleep(here.here.random.uniform(0.3, 1.0))
    victim = sorted(here.living)[0]
    if number % 3 == 0:
        await here.kill(victim)
    await here.postgres.stop()
    await here.postgres.start()
    await asyncio.sleep(here.here.random.uniform(0.0, 0.4))
    await here.postgres.stop()
    await here.postgres.start()
    if number % 3 == 0:
        await here.start(victim)


async def _speak(here: Cluster, patient: Patient, threads: list[str], over: asyncio.Event) -> None:
    chance = here.here.random
    while not over.is_set():
        text = chance.choice(("say hello", "stream 20 20", 'tool note.add {"text": "n", "key": "k"}', "sleep 1"))
        await patient.post(chance.choice(threads), text)
        await asyncio.sleep(chance.uniform(0, 0.2))


async def _at_rest(here: Cluster) -> list[str]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REST_S):
            return await quiet(here.client(), REST_S)
    return [f"I-11: nobody answers within {REST_S:.0f} s after calm"]


async def _catch_up(listener: Listener) -> None:
    async with asyncio.timeout(REST_S):
        await listener.read_to_end()
