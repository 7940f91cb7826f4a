"""F-1: the server is killed at random times under load. Nothing acknowledged is lost, and nothing happens twice."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from tests.prove.harness.servers import Server
from tests.prove.harness.traffic import Listener, Member, at_rest
from tests.prove.harness.world import World, world
from tests.prove.scenario import Report

USERS = tuple(f"user{number}" for number in range(8))
THREADS = 25
LIVES = 10
"""Kills of one database; then everything comes to rest, and a new one is taken."""
COLD_EVERY = 10
"""Each so many starts is `laneway serve` itself; the others are forks of a process that has it imported."""
PAUSE_S = 0.12


def run(seed: int, kills: int) -> Report:
    report = Report()
    tally = Tally()
    for first in range(0, kills, LIVES):
        asyncio.run(_lives(f"{seed}/{first}", min(LIVES, kills - first), tally, report))
        if not report.passed:
            break
    report.figures = {
        "kills": tally.kills, "accepted": tally.accepted, "unknown": tally.unknown, "resumed_streams": tally.resumed,
        "compared_events": tally.compared, "at_rest_ms": round(1000 * max(tally.at_rest_s, default=0)),
    }  # fmt: skip
    return report


@dataclass
class Tally:
    kills: int = 0
    accepted: int = 0
    unknown: int = 0
    resumed: int = 0
    compared: int = 0
    at_rest_s: list[float] = field(default_factory=list[float])


async def _lives(seed: str, kills: int, tally: Tally, report: Report) -> None:
    async with world(seed, USERS) as here:
        server = await _start(here, tally.kills)
        members = [Member(here, name, THREADS, PAUSE_S) for name in USERS]
        async with asyncio.TaskGroup() as settling:
            for member in members:
                settling.create_task(member.settle())
        listeners = [Listener(here, member.client, session) for member in members for session in member.sessions]
        tasks = [asyncio.create_task(each.live()) for each in members]
        tasks += [asyncio.create_task(each.listen()) for each in listeners]
        for _ in range(kills):
            await asyncio.sleep(here.random.uniform(0.05, 3.0))
            await server.kill()
            tally.kills += 1
            report.findings += [f"after kill {tally.kills}: {each}" for each in await asyncio.to_thread(here.audit)]
            if not report.passed:
                break
            server = await _start(here, tally.kills)
        await _end(tasks)
        if report.passed:
            report.findings += await _at_the_end(here, members, listeners, tally)
        await server.kill()
        here.judge(report)
        tally.accepted += sum(post.fate == "ok" for post in here.history.posts)
        tally.unknown += sum(post.fate == "unknown" for post in here.history.posts)
        tally.resumed += sum(each.resumed for each in listeners)
        tally.compared += len(here.history.frames)


async def _start(here: World, number: int) -> Server:
    return await (here.serve_cold() if number % COLD_EVERY == 0 else here.serve())


async def _at_the_end(here: World, members: list[Member], listeners: list[Listener], tally: Tally) -> list[str]:
    """Liveness: the faults stop, and everything drains. Then each stream is read again, from its beginning."""
    started = time.monotonic()
    findings = await at_rest(members)
    findings += [problem for member in members for problem in member.problems]
    tally.at_rest_s.append(time.monotonic() - started)
    for listener in listeners:
        again = Listener(here, listener.client, listener.session)
        await again.read_to_end()
        findings += listener.problems + again.problems
    return findings + await asyncio.to_thread(here.audit, is_quiet=True)


async def _end(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
