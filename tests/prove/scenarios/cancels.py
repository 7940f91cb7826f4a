"""I-16: stops at random moments of a turn: before it starts, between two calls, in the middle of one, after its end."""

import asyncio
import time
from typing import Any

from tests.prove.harness.http import Client
from tests.prove.harness.world import quiet, world
from tests.prove.scenario import Report

BOUND_S = 2.5
SCRIPT = "\n".join(f'stream 4 3\ntool note.add {{"text": "{number}"}}' for number in range(40))


def run(seed: int, stops: int) -> Report:
    return asyncio.run(_run(seed, stops))


async def _run(seed: int, stops: int) -> Report:
    report = Report()
    slowest = 0.0
    counted: dict[str, int] = {}
    async with world(seed) as here:
        server = await here.serve()
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        thread = (await client.post("/threads", {"session_id": session, "agent_id": "script"}))["id"]
        for number in range(stops):
            text = SCRIPT if number % 4 else "say short"
            sent = await client.post(f"/threads/{thread}/messages", {"message": text})
            await asyncio.sleep(here.random.choice((0, 0, 0.001, 0.005, here.random.uniform(0, 0.4))))
            slowest = max(slowest, await _stop(client, thread, sent["item_id"], report))
            ended = await _turn_of(client, sent["item_id"])
            counted[ended] = counted.get(ended, 0) + 1
            await _next_is_untouched(client, thread, report)
        report.expect(slowest <= BOUND_S, f"I-16: a stop took {slowest:.1f} s")
        report.figures = {"stops": stops, "slowest_ms": round(slowest * 1000), **counted}
        report.findings += await quiet(client)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


async def _stop(client: Client, thread: str, item: str, report: Report) -> float:
    """Stop, and watch that no call is recorded from then on."""
    started = time.monotonic()
    answer = await client.ask("POST", f"/threads/{thread}/cancel")
    report.expect(answer.status == 202, f"I-16: a cancel was answered with {answer.status}")
    calls = await _calls(client, thread, item)
    while time.monotonic() - started < BOUND_S:
        if (await client.get(f"/threads/{thread}"))["active_turn_id"] is None:
            break
        await asyncio.sleep(0.005)
    took = time.monotonic() - started
    # The queue is paused when something waited; what waits is the message whose turn had not begun.
    await client.post(f"/threads/{thread}/queue/clear")
    await client.post(f"/threads/{thread}/queue/resume")
    report.expect(await _calls(client, thread, item) <= calls, "I-16: a call was made after the stop was acknowledged")
    return took


async def _calls(client: Client, thread: str, item: str) -> int:
    """How many calls the turn of an item has made."""
    turn = (await client.get(f"/queue-items/{item}"))["turn_id"]
    if turn is None:
        return 0
    messages: list[dict[str, Any]] = await client.get(f"/threads/{thread}/messages?turn_id={turn}&role=tool&limit=100")
    return len(messages)


async def _turn_of(client: Client, item: str) -> str:
    receipt = await client.get(f"/queue-items/{item}")
    if receipt["turn_id"] is None:
        return str(receipt["state"])
    return str((await client.get(f"/turns/{receipt['turn_id']}"))["status"])


async def _next_is_untouched(client: Client, thread: str, report: Report) -> None:
    """A stop is never applied to the turn after it."""
    sent = await client.post(f"/threads/{thread}/messages", {"message": "say next"})
    while (await client.get(f"/threads/{thread}"))["status"] != "idle":  # noqa: ASYNC110 - asks another process
        await asyncio.sleep(0.005)
    ended = await _turn_of(client, sent["item_id"])
    report.expect(ended == "completed", f"I-16: the turn after a stopped one is {ended}")
