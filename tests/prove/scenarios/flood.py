"""L-6: one user floods a thread, and has a thousand threads that want to run. Everybody else is served in time."""

import asyncio
import time
from collections import Counter

from tests.prove.harness.http import Answer, Client
from tests.prove.harness.world import quiet, world
from tests.prove.scenario import Report

FAIR_S = 2.0
POSTS = 400


def run(seed: int, threads: int) -> Report:
    return asyncio.run(_run(seed, threads))


async def _run(seed: int, threads: int) -> Report:
    report = Report()
    async with world(seed, ("greedy", "modest")) as here:
        server = await here.serve()
        greedy, modest = here.client("greedy"), here.client("modest")
        session = (await greedy.post("/sessions", {"mode": "autonomous"}))["id"]
        await _flood_one(greedy, session, report)
        busy = await _many(greedy, session, threads)
        waits = await _others_turns(modest)
        worst = max(waits)
        report.expect(worst <= FAIR_S, f"I-15: beside {threads} runnable threads another user waited {worst:.1f} s")
        report.figures |= {"threads": threads, "other_user_waited_ms": round(worst * 1000), "accepted_threads": busy}
        report.findings += await quiet(greedy, timeout_s=120)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


async def _flood_one(client: Client, session: str, report: Report) -> None:
    """Four hundred messages at once for a thread whose queue holds a hundred: 429 with a time, and nothing dropped."""
    settings = {"paused": True}
    thread = (await client.post("/threads", {"session_id": session, "settings": settings}))["id"]
    path = f"/threads/{thread}/messages"
    answers: list[Answer] = list(
        await asyncio.gather(*(client.ask("POST", path, {"message": f"say {number}"}) for number in range(POSTS)))
    )
    statuses = Counter(answer.status for answer in answers)
    report.expect(statuses == {202: 100, 429: POSTS - 100}, f"I-7: the flood was answered with {dict(statuses)}")
    report.expect(
        all(answer.headers.get("retry-after") for answer in answers if answer.status == 429),
        "I-7: a 429 does not say when to come back",
    )
    queue = await client.get(f"/threads/{thread}/queue")
    report.expect(len(queue["items"]) == 100, f"I-7: {len(queue['items'])} messages wait, and 100 were accepted")
    await client.post(f"/threads/{thread}/queue/clear")


async def _many(client: Client, session: str, count: int) -> int:
    """Threads that all want to run; each runs for a little while."""
    body = {"session_id": session, "agent_id": "script", "initial_message": "sleep 0.5\nsay done"}
    accepted = 0
    for first in range(0, count, 50):
        answers = await asyncio.gather(*(client.ask("POST", "/threads", body) for _ in range(min(50, count - first))))
        accepted += sum(answer.status == 201 for answer in answers)
    return accepted


async def _others_turns(client: Client) -> list[float]:
    """How long another user waits for first turns."""
    waits: list[float] = []
    for _ in range(5):
        started = time.monotonic()
        thread = await client.post("/threads", {"agent_id": "script", "initial_message": "say hello"})
        while not await client.get(f"/threads/{thread['id']}/turns"):  # noqa: ASYNC110 - asks another process
            await asyncio.sleep(0.005)
        waits.append(time.monotonic() - started)
    return waits
