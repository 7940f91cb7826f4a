"""F-5, I-11: a server freezes past its lease and wakes up, or dies. Others take over, and nothing stale is taken."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from laneway.stores.postgres.connection import connect
from tests.prove.harness.cluster import Anywhere, Cluster, cluster
from tests.prove.harness.crowd import p99
from tests.prove.harness.patient import Patient
from tests.prove.harness.world import busy_threads
from tests.prove.scenario import Report

LIVES = 100
"""Strikes on one database; then a new one is taken."""
TAKEOVER_S = 12.0
"""A turn whose server died runs again within so much, on leases of six seconds."""
REST_S = 120.0
LOOK_S = 0.2
UNFINISHED = ("queued", "running", "waiting", "needs_review", "paused")


@dataclass(frozen=True)
class Plan:
    """How servers are struck."""

    servers: int
    at_once: int
    """How many of them, at most, in one round; each counts as one."""
    threads: int
    lease_s: float
    freezes: bool
    """They freeze and go on; otherwise they die."""


MOST_AT_ONCE, SURVIVORS = 7, 3
SESSIONS = 4
STEPS = 4
KILLS = Plan(servers=3, at_once=1, threads=6, lease_s=6.0, freezes=False)


@dataclass
class Tally:
    strikes: int = 0
    rounds: int = 0
    turns: int = 0
    taken_over: int = 0
    refused: int = 0
    latencies: list[float] = field(default_factory=list[float])


def run(seed: int, freezes: int) -> Report:
    """F-5: freeze servers in the middle of their turns until others have them, and let them go on."""
    at_once = min(MOST_AT_ONCE, max(1, freezes // 2))
    return _run(seed, freezes, Plan(at_once + SURVIVORS, at_once, threads=3 * at_once, lease_s=1.5, freezes=True))


def run_takeover(seed: int, kills: int) -> Report:
    """I-11: kill a server in the middle of its turns; how long until others have them."""
    report = _run(seed, kills, KILLS)
    slowest = float(report.figures["takeover_p99_s"])
    report.expect(slowest <= TAKEOVER_S, f"I-11: taking over took {slowest:.1f} s")
    return report


def _run(seed: int, strikes: int, plan: Plan) -> Report:
    report, tally = Report(), Tally()
    while tally.strikes < strikes and report.passed:
        until = min(tally.strikes + LIVES, strikes)
        asyncio.run(_lives(f"{seed}/{tally.strikes}", until, plan, tally, report))
    latencies = sorted(tally.latencies) or [0.0]
    report.figures = {
        "strikes": tally.strikes, "rounds": tally.rounds, "turns": tally.turns, "taken_over": tally.taken_over,
        "stale_attempts_refused": tally.refused, "lease_s": plan.lease_s,
        "takeover_p50_s": round(latencies[len(latencies) // 2], 2), "takeover_p99_s": round(p99(latencies), 2),
    }  # fmt: skip
    report.expect(tally.taken_over > 0, "F-5: no turn was taken over: nothing was tried")
    return report


async def _lives(seed: str, until: int, plan: Plan, tally: Tally, report: Report) -> None:
    async with cluster(seed, plan.servers, flags={"lease_s": plan.lease_s, "max_attempts": 20}) as here:
        user = _User(here)
        await user.settle(plan.threads)
        while tally.strikes < until and report.passed:
            await user.post()
            await asyncio.sleep(here.here.random.uniform(0.05, 1.0))
            await _strike(here, plan, min(plan.at_once, until - tally.strikes), tally)
            tally.rounds += 1
            report.findings += await user.at_rest()
        report.findings += user.problems
        report.findings += await asyncio.to_thread(here.here.audit, is_quiet=True)
        report.findings += await _planes(here, user)
        here.here.judge(report)
        tally.turns += sum(post.fate == "ok" for post in here.here.history.posts)
        log = here.here.log.read_text(encoding="utf-8", errors="replace")
        tally.refused += log.count('"code": "stale_fence"')


async def _strike(here: Cluster, plan: Plan, at_most: int, tally: Tally) -> None:
    """Freeze or kill the servers that run most; wait until their turns are others', and bring them back."""
    running = await _running(here)
    async with asyncio.TaskGroup() as striking:
        for number, _ in Counter(running.values()).most_common(at_most):
            tally.strikes += 1
            turns = [turn for turn, of in running.items() if of == number]
            striking.create_task(_strike_one(here, plan, number, turns, tally))


async def _strike_one(here: Cluster, plan: Plan, number: int, turns: Sequence[str], tally: Tally) -> None:
    pid, started = here.living[number].process.pid, time.time()
    if plan.freezes:
        here.freeze(number)
        await asyncio.sleep(plan.lease_s * here.here.random.uniform(2, 5))
    else:
        await here.kill(number)
    taken = await _taken_over(here, turns, pid, 4 * plan.lease_s + 10)
    tally.taken_over += len(taken)
    tally.latencies += [max(0.0, at - started) for at in taken]
    if plan.freezes:
        here.thaw(number)
    else:
        await here.start(number)


async def _running(here: Cluster) -> dict[str, int]:
    """The turns that run now, each with the number of its server."""
    pids = {server.process.pid: number for number, server in here.living.items()}
    rows = await _rows(here, "SELECT body FROM \"turn\" WHERE status = 'running'")
    turns = [msgspec.json.decode(body) for (body,) in rows]
    return {turn["id"]: pids[pid] for turn in turns if turn.get("node") and (pid := _pid(turn["node"])) in pids}


def _pid(node: str) -> int:
    return int(node.split(":")[1])


async def _taken_over(here: Cluster, turns: Sequence[str], pid: int, patience_s: float) -> list[float]:
    """Wait until each of these turns is another server's or over; when they were resumed, by the database's clock."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        rows = await _rows(here, 'SELECT body FROM "turn" WHERE id = ANY (?::text[])', (list(turns),))
        left = [turn for (body,) in rows if _is_left(turn := msgspec.json.decode(body), pid)]
        if not left:
            break
        await asyncio.sleep(LOOK_S)
    resumed = await _rows(here, "SELECT body FROM event WHERE type = 'turn.resumed'")
    told: dict[str, str] = {}
    for (body,) in resumed:
        event = msgspec.json.decode(b"{" + body)
        told[event["turn_id"]] = event["at"]
    return [datetime.fromisoformat(told[turn]).timestamp() for turn in turns if turn in told]


def _is_left(turn: dict[str, Any], pid: int) -> bool:
    if turn["status"] not in ("running", "waiting"):
        return False
    return not turn.get("node") or _pid(turn["node"]) == pid or turn["attempt"] == 1


async def _rows(here: Cluster, sql: str, bindings: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    connection = await connect(str(here.here.database))
    try:
        return await connection.fetch(sql, bindings)
    finally:
        await connection.close()


class _User:
    """One user with some threads, each of which writes on every plane that a turn can write on."""

    def __init__(self, here: Cluster) -> None:
        self.client: Anywhere = here.client()
        self.notes: list[str] = []
        self._patient = Patient(self.client, here.here.history, "user")
        self._random: random.Random = here.here.random
        self._threads: list[str] = []

    @property
    def problems(self) -> list[str]:
        return self._patient.problems

    async def settle(self, threads: int) -> None:
        sessions = [
            (await self._patient.sure("POST", "/sessions", {"mode": "autonomous"})).json for _ in range(SESSIONS)
        ]
        for number in range(threads):
            session = sessions[number % SESSIONS]["id"]
            body = {"session_id": session, "agent_id": "script", "settings": {"resume": True}}
            self._threads.append((await self._patient.sure("POST", "/threads", body)).json["id"])

    async def post(self) -> None:
        """Give every thread a turn that takes a second or two."""
        async with asyncio.TaskGroup() as posting:
            for thread in self._threads:
                posting.create_task(self._patient.post(thread, self._script()))

    def _script(self) -> str:
        """Text, notes, state, timers, resume ids, and now and then an effect that must happen once."""
        lines: list[str] = []
        for step in range(STEPS):
            label = f"{self._random.getrandbits(64):x}"
            self.notes.append(label)
            lines += [
                f"stream {self._random.randint(2, 12)} 12",
                f"sleep {self._random.uniform(0, 0.6):.2f}",
                f'tool note.add {{"text": "{label}"}}',
                f'tool state.put {{"key": "{step}", "value": "{label}"}}',
                f"resume-id {label}",
            ]
            if self._random.random() < 0.1:
                lines.append(f"effect once {label}")
            if self._random.random() < 0.1:
                lines.append(f'tool timer.create {{"text": "{label}", "every": 86400}}')
        return "\n".join(lines)

    async def at_rest(self) -> list[str]:
        """Settle what is in doubt, as not to be repeated, and wait for the end of everything."""
        until = time.monotonic() + REST_S
        while True:
            doubtful = await self._patient.sure("GET", "/threads?status=needs_review&limit=20")
            for thread in doubtful.json:
                action = {"action": self._random.choice(("skip", "mark_done"))}
                await self._patient.ask("POST", f"/turns/{thread['active_turn_id']}/review", action)
            paused = await self._patient.sure("GET", "/threads?status=paused&limit=20")
            for thread in paused.json:
                await self._patient.ask("POST", f"/threads/{thread['id']}/queue/resume")
            busy = await busy_threads(self.client, UNFINISHED)
            if not busy:
                return []
            if time.monotonic() > until:
                return [f"I-11: {len(busy)} threads are not at rest after {REST_S:.0f} s: {busy[:3]}"]
            await asyncio.sleep(0.1)


async def _planes(here: Cluster, user: _User) -> list[str]:
    """Notes, keys and timers are commits beside their call's result: each is there exactly as often as it was made."""
    findings: list[str] = []
    notes = Counter(msgspec.json.decode(body)["text"] for (body,) in await _rows(here, "SELECT body FROM note"))
    findings += [f"I-10: the note {text} is there {count} times" for text, count in notes.items() if count > 1]
    timers = Counter(msgspec.json.decode(body)["text"] for (body,) in await _rows(here, "SELECT body FROM timer"))
    findings += [f"I-10: the timer {text} is there {count} times" for text, count in timers.items() if count > 1]
    returned = await _returned(here, "note.add")
    lost = returned - len(notes)
    if lost:
        findings.append(f"I-17: {returned} calls added a note, and {len(notes)} are there")
    return findings[:5]


async def _returned(here: Cluster, tool: str) -> int:
    rows = await _rows(here, "SELECT body FROM item WHERE thread_id IS NOT NULL")
    calls = [item["call"] for (body,) in rows if (item := msgspec.json.decode(body)).get("call")]
    return sum(call["name"] == tool and call["state"] == "returned" for call in calls)
