"""T-2: many timers fall due within a minute while servers are killed. Each is raised once, and in time."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from laneway.domain.instant import seconds_between
from laneway.runtime.timers import LATE_S
from tests.prove.audit import audit_snapshot, look
from tests.prove.checks.snapshot import Body, Snapshot
from tests.prove.harness.http import Client, Cut, expect
from tests.prove.harness.ports import free_port
from tests.prove.harness.servers import Server
from tests.prove.harness.world import World, busy_threads, world
from tests.prove.scenario import Report

SESSIONS = 10
AT_ONCE = 16
"""Timers that are set side by side."""
TIMERS_A_S = 50
MOST_S, LEAST_S = 60.0, 6.0
REST_S = 60.0
"""What is left when the last may be due: so long, and as long again as all of them take."""
UNBOUNDED = {"alerts_per_minute": 0, "timers_per_session": 0, "queue_per_user": 0, "threads_per_user": 0}


def run(seed: int, timers: int) -> Report:
    return asyncio.run(_run(seed, timers))


async def _run(seed: int, timers: int) -> Report:
    report = Report()
    async with world(seed) as here:
        # Those of one Postgres share the timers, and may raise none twice.
        ports = (here.port,) if isinstance(here.database, Path) else (here.port, free_port())
        servers = [await _serve(here, port) for port in ports]
        span_s = min(MOST_S, max(LEAST_S, timers / TIMERS_A_S))
        client = here.client()
        sessions = [(await client.post("/sessions", {"mode": "autonomous"}))["id"] for _ in range(SESSIONS)]
        first_at = await _set_timers(here, sessions, timers, span_s)
        await asyncio.sleep((first_at - datetime.now(UTC)).total_seconds())
        kills = await _kill(here, servers, span_s)
        report.findings += await _at_rest(client, sessions, timers)
        for server in servers:
            await server.stop()
        snapshot = await asyncio.to_thread(look, here.database)
        report.findings += map(str, audit_snapshot(snapshot, here.history, is_quiet=True))
        late = _check(snapshot, timers, report)
        here.judge(report)
    report.figures = {
        "timers": timers, "within_s": round(span_s), "kills": kills, "late_p50_s": round(late[len(late) // 2], 2),
        "late_p99_s": round(late[int(len(late) * 0.99)], 2), "latest_s": round(late[-1], 2),
    }  # fmt: skip
    return report


async def _serve(here: World, port: int) -> Server:
    return await here.serve({"port": port, "limits": UNBOUNDED})


async def _set_timers(here: World, sessions: Sequence[str], timers: int, span_s: float) -> datetime:
    """Set all of them, none of which may fall due before the last is set; returns when the first may."""
    first_at = datetime.now(UTC) + timedelta(seconds=3 + timers / TIMERS_A_S)
    client, left = here.client(), iter(range(timers))

    async def some() -> None:
        for number in left:
            at = first_at + timedelta(seconds=here.random.uniform(0, span_s))
            body = {"text": f"say {number}", "at": at.isoformat()}
            expect(await client.ask("POST", f"/sessions/{sessions[number % SESSIONS]}/timers", body), 201)

    async with asyncio.TaskGroup() as setting:
        for _ in range(AT_ONCE):
            setting.create_task(some())
    return first_at


async def _kill(here: World, servers: list[Server], span_s: float) -> int:
    """Kill one server every one to three seconds, and start it again at once."""
    kills, until = 0, asyncio.get_running_loop().time() + span_s
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(here.random.uniform(1, 3))
        number = kills % len(servers)
        await servers[number].kill()
        servers[number] = await _serve(here, servers[number].port)
        kills += 1
    return kills


async def _at_rest(client: Client, sessions: Sequence[str], timers: int) -> list[str]:
    """Wait until as many alerts as timers have been raised, and answered."""
    raised, busy = 0, list[str]()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REST_S + timers / TIMERS_A_S):
            while raised < timers or busy:
                await asyncio.sleep(0.5)
                with contextlib.suppress(Cut):
                    raised = sum([await _raised(client, session) for session in sessions])
                    busy = await busy_threads(client, ("queued", "running"))
    left = raised < timers or busy
    return [f"I-37: {raised} of {timers} alerts in the end, and at work: {busy[:3]}"] if left else []


async def _raised(client: Client, session: str) -> int:
    return int((await client.ask("GET", f"/sessions/{session}/alerts?limit=1")).headers["x-total-count"])


def _check(snapshot: Snapshot, timers: int, report: Report) -> list[float]:
    """I-36, I-37: each was raised once, not early, not too late, and with a thread of its own; returns how late."""
    firings: list[Body] = list(snapshot.records["firing"].values())
    made = Counter(firing["source"] for firing in firings)
    threads = Counter(firing["thread_id"] for firing in firings)
    report.expect(set(made.values()) <= {1}, f"I-36: raised more than once: {made.most_common(3)}")
    report.expect(len(made) == timers, f"I-37: {len(made)} of {timers} timers were raised")
    report.expect(set(threads.values()) <= {1}, f"I-36: alerts share a thread: {threads.most_common(3)}")
    late = sorted(seconds_between(firing["occurrence"], firing["at"]) for firing in firings) or [0.0]
    report.expect(late[0] >= 0, f"I-37: a timer was raised {-late[0]:.3f} s early")
    report.expect(late[-1] <= LATE_S, f"I-37: a timer was raised {late[-1]:.0f} s late")
    return late
