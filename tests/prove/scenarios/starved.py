"""F-6 and F-9: agents that block, babble, vanish, explode or ignore their end. Only their own turn suffers."""

import asyncio
import time
from typing import Any

from tests.prove.harness.http import Client, expect
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report

LEASE_S = 1.0
ISOLATION_MS = 250
"""How long anybody else's turn may take while one agent misbehaves, at the 99th percentile, on two busy cores."""
MEMORY_MIB = 400
STALL_S = 40


def run_blocking(seed: int, leases: int) -> Report:
    """F-6: a tool, a sync agent and an async agent that block for several leases."""
    return asyncio.run(_blocking(seed, leases))


async def _blocking(seed: int, leases: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve({"lease_s": LEASE_S}, functions=("sleeper", "busy", "null"))
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        blocked_s = leases * LEASE_S
        for agent, text, may_slow in (
            ("script", f"block {blocked_s}", False), ("sleeper", str(blocked_s), False), ("busy", str(blocked_s), True),
        ):  # fmt: skip
            culprit = await _thread(client, session, agent)
            await client.post(f"/threads/{culprit}/messages", {"message": text})
            p99 = await _others(client, session, blocked_s)
            report.figures[f"{agent}_p99_ms"] = round(p99)
            report.expect(may_slow or p99 <= ISOLATION_MS, f"I-14: beside a blocking {agent} others took {p99:.0f} ms")
            report.findings += await quiet(client)
            turn = (await client.get(f"/threads/{culprit}/turns"))[0]
            fine = (turn["status"], turn["attempt"]) == ("completed", 1)
            report.expect(fine, f"I-11: the turn of {agent} is {turn['status']} after {turn['attempt']} attempts")
        said = here.log.read_text(encoding="utf-8", errors="replace")
        report.expect("busy" in said or "event loop" in said, "nothing names who blocked the event loop")
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


async def _thread(client: Client, session: str, agent: str) -> str:
    return (await client.post("/threads", {"session_id": session, "agent_id": agent}))["id"]


async def _others(client: Client, session: str, seconds: float) -> float:
    """The 99th percentile of other threads' turns, from POST to the end, in milliseconds."""
    threads = [await _thread(client, session, "null") for _ in range(4)]
    until = time.monotonic() + seconds
    values: list[float] = []
    while time.monotonic() < until:
        thread = threads[len(values) % 4]
        started = time.monotonic()
        await client.post(f"/threads/{thread}/messages", {"message": "go"})
        while (await client.get(f"/threads/{thread}"))["status"] != "idle":  # noqa: ASYNC110 - asks another process
            await asyncio.sleep(0.002)
        values.append((time.monotonic() - started) * 1000)
    return sorted(values)[int(len(values) * 0.99) - 1] if len(values) > 1 else values[0]


# --- F-9 -------------------------------------------------------------------------------------------------------------


def run_backends(seed: int, megabytes: int) -> Report:
    """F-9: every way in which a backend can break its contract."""
    return asyncio.run(_backends(seed, megabytes))


async def _backends(seed: int, megabytes: int) -> Report:
    report = Report()
    ends = {
        "garbage": ("failed", "bad_answer"), "vanish": ("completed", ""), "explode": ("failed", "agent_crashed"),
        "refuse": ("failed", "agent_failed"), "flood": ("failed", "output_limit"),
    }  # fmt: skip
    async with world(seed) as here:
        server = await here.serve(functions=(*ends, "stall", "stubborn", "null"))
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        for agent, (status, error) in ends.items():
            turn = await _run_to_its_end(client, session, agent, str(megabytes))
            told = (str(turn["status"]), str(turn["error"]["class"]) if turn["error"] else "")
            report.expect(told == (status, error), f"F-9: {agent} ended as {told}, not {(status, error)}")
            report.figures[agent] = "/".join(filter(None, told))
        await _stop_what_will_not(client, session, report)
        peak = server.process.peak_rss_kib / 1024
        report.figures["peak_mib"] = round(peak)
        report.expect(peak <= MEMORY_MIB, f"I-58: {megabytes} MB of answer took {peak:.0f} MiB of memory")
        await _still_serves(here, client, session, report)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report, expected="agent crashed")
    return report


async def _run_to_its_end(client: Client, session: str, agent: str, text: str) -> dict[str, Any]:
    thread = await _thread(client, session, agent)
    await client.post(f"/threads/{thread}/messages", {"message": text})
    until = time.monotonic() + STALL_S
    while time.monotonic() < until:
        turns: list[dict[str, Any]] = await client.get(f"/threads/{thread}/turns")
        if turns and turns[0]["finished_at"]:
            return turns[0]
        await asyncio.sleep(0.02)
    return {"status": f"still running after {STALL_S} s", "error": None}


async def _stop_what_will_not(client: Client, session: str, report: Report) -> None:
    """A stalled agent ends when it is told to; one that ignores that loses its turn, and its words are not kept."""
    for agent in ("stall", "stubborn"):
        thread = await _thread(client, session, agent)
        await client.post(f"/threads/{thread}/messages", {"message": "go"})
        await asyncio.sleep(0.3)
        started = time.monotonic()
        expect(await client.ask("POST", f"/threads/{thread}/cancel"), 202)
        while (turn := (await client.get(f"/threads/{thread}/turns"))[0])["finished_at"] is None:  # noqa: ASYNC110 - asks another process
            await asyncio.sleep(0.02)
        took = time.monotonic() - started
        report.figures[f"{agent}_stopped_ms"] = round(took * 1000)
        report.expect(
            turn["status"] == "cancelled" and took < 4, f"I-16: {agent} is {turn['status']} after {took:.1f} s"
        )
        await client.post(f"/threads/{thread}/messages", {"message": "again", "delivery": "queue"})
        await asyncio.sleep(0.5)
        await client.ask("POST", f"/threads/{thread}/cancel")
    await asyncio.sleep(2.5)


async def _still_serves(here: World, client: Client, session: str, report: Report) -> None:
    turn = await _run_to_its_end(client, session, "null", "go")
    report.expect(turn["status"] == "completed", f"I-14: afterwards a turn is {turn['status']}")
    report.findings += await quiet(here.client())
