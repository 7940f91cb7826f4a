"""F-7: agents that take all the memory their process may have. Their own turns fail; everybody else's end well."""

import asyncio
import contextlib
import time
from typing import Any

from tests.prove.harness.http import Cut
from tests.prove.harness.patient import Patient
from tests.prove.harness.servers import Server
from tests.prove.harness.world import World, busy_threads, world
from tests.prove.scenario import Report

CULPRITS = ("glutton", "hoarder", "brimful")
HEADROOM_MB = 1000
"""What the server may take beyond what it has at its start: the stacks of its threads are in there, too."""
THREADS = 4
RECOVERED_S = 10.0
"""So long after a culprit's end, others' turns end again within the same time."""
REST_S = 60.0
KEPT_MB = 250


def run(seed: int, rounds: int) -> Report:
    return asyncio.run(_run(seed, rounds))


async def _run(seed: int, rounds: int) -> Report:
    report = Report()
    async with world(seed) as here:
        keeper = _Keeper(here)
        await keeper.start()
        patient = Patient(here.client(), here.history, "ada")
        session = (await patient.sure("POST", "/sessions", {"mode": "autonomous"})).json["id"]
        threads = [await _thread(patient, session, "null") for _ in range(THREADS)]
        before = keeper.rss_mb
        others = asyncio.create_task(_speak(patient, threads))
        for _ in range(rounds):
            for agent in CULPRITS:
                culprit = await _thread(patient, session, agent)
                await patient.post(culprit, "go")
                await _check_end(patient, culprit, agent, report)
                await _check_recovered(patient, threads[0], report)
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)
        report.findings += await _rest(here)
        for thread in threads:
            report.findings += await _check_others(patient, thread)
        report.figures = {
            "rounds": rounds, "culprits": rounds * len(CULPRITS), "others_turns": len(here.history.posts),
            "deaths": keeper.deaths, "rss_before_mb": before, "rss_after_mb": keeper.rss_mb,
        }  # fmt: skip
        grown = keeper.rss_mb - before
        report.expect(grown <= KEPT_MB, f"I-58: {grown} MB more than before are taken when all is over")
        await keeper.stop()
        report.findings += patient.problems + here.audit(is_quiet=True)
        # While the memory is full a library can start no thread of its own either.
        here.judge(report, expected=("agent crashed", "thread ended"))
    return report


class _Keeper:
    """Starts the server again when it dies, as whoever looks after a server does."""

    def __init__(self, here: World) -> None:
        self.deaths = 0
        self._here = here
        self._task: asyncio.Task[None] | None = None

    @property
    def rss_mb(self) -> int:
        return self._server.process.rss_kib // 1024

    async def start(self) -> None:
        self._server = await self._serve()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._server.stop()

    async def _keep(self) -> None:
        while True:
            await self._server.process.gone(3600)
            self.deaths += 1
            self._server = await self._serve()

    async def _serve(self) -> Server:
        return await self._here.serve(functions=(*CULPRITS, "null"), memory_mb=HEADROOM_MB)


async def _thread(patient: Patient, session: str, agent: str) -> str:
    body = {"session_id": session, "agent_id": agent, "settings": {"queue_mode": "one_at_a_time"}}
    return (await patient.sure("POST", "/threads", body)).json["id"]


async def _speak(patient: Patient, threads: list[str]) -> None:
    while True:
        for thread in threads:
            await patient.post(thread, "go on")
            await asyncio.sleep(0.03)


async def _check_end(patient: Patient, thread: str, agent: str, report: Report) -> None:
    """The culprit's own turn fails, and says why."""
    turn = await _ended(patient, thread)
    report.expect(turn.get("status") == "failed", f"F-7: the turn of {agent} is {turn.get('status', 'not ended')}")


async def _ended(patient: Patient, thread: str) -> dict[str, Any]:
    """The thread's newest turn, when it has ended; empty when it does not."""
    until = time.monotonic() + REST_S
    while time.monotonic() < until:
        turns: list[dict[str, Any]] = (await patient.sure("GET", f"/threads/{thread}/turns")).json
        if turns and turns[0]["finished_at"]:
            return turns[0]
        await asyncio.sleep(0.05)
    return {}


async def _check_recovered(patient: Patient, thread: str, report: Report) -> None:
    started = time.monotonic()
    await patient.post(thread, "and now")
    while (await patient.sure("GET", f"/threads/{thread}")).json["status"] != "idle":
        if time.monotonic() - started > RECOVERED_S:
            report.findings.append(f"F-7: {RECOVERED_S:.0f} s later another's turns do not end")
            return
        await asyncio.sleep(0.05)


async def _rest(here: World) -> list[str]:
    busy = ["nobody has looked"]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REST_S):
            while busy:
                await asyncio.sleep(0.2)
                with contextlib.suppress(Cut):
                    busy = await busy_threads(here.client(), ("queued", "running", "paused", "needs_review"))
    return [f"I-14: {len(busy)} threads are not at rest after {REST_S:.0f} s: {busy[:3]}"] if busy else []


async def _check_others(patient: Patient, thread: str) -> list[str]:
    """I-14: no turn of anybody else failed."""
    turns = (await patient.sure("GET", f"/threads/{thread}/turns?limit=100")).json
    bad = [turn for turn in turns if turn["status"] != "completed"]
    return [f"I-14: a turn beside them is {bad[0]['status']}: {bad[0]['error']}"] if bad else []
