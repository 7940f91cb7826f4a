"""X-3: whether something is there cannot be told by how long it takes to say that it is not."""

import asyncio
from collections.abc import Sequence
from math import erfc, sqrt

from tests.prove.harness.http import Client
from tests.prove.harness.world import World, world
from tests.prove.scenario import Report

MISSING = "0" * 12 + "4" + "0" * 3 + "8" + "0" * 15
SIGNIFICANT = 0.01
"""Below this chance of a difference by luck, for all routes together, the difference counts as seen."""


def run(seed: int, samples: int) -> Report:
    return asyncio.run(_run(seed, samples))


async def _run(seed: int, samples: int) -> Report:
    report = Report()
    async with world(seed, ("ada", "bob")) as here:
        server = await here.serve()
        ada, bob = here.client("ada"), here.client("bob")
        paths = await _paths(ada)
        for name, path in paths.items():
            chance = await _chance(here, bob, path, samples)
            if chance < SIGNIFICANT / len(paths):
                # One in a hundred runs looks like this by luck; a difference that is there is there again.
                chance = await _chance(here, bob, path, samples)
            report.figures[f"p {name}"] = round(chance, 4)
            report.expect(chance >= SIGNIFICANT / len(paths), f"X-3: the time of {name} tells a foreign one apart")
        report.figures["samples"] = samples
        await server.stop()
        here.judge(report)
    return report


async def _paths(ada: Client) -> dict[str, str]:
    """Something of each sort: a thread and a session are looked up in other ways than what belongs to them."""
    session = (await ada.post("/sessions", {"title": "x"}))["id"]
    thread = (await ada.post("/threads", {"session_id": session, "agent_id": "script"}))["id"]
    held = (await ada.post(f"/threads/{thread}/messages", {"message": "x", "hold": True}))["item_id"]
    return {
        "a session": f"/sessions/{session}",
        "a thread": f"/threads/{thread}",
        "a transcript": f"/threads/{thread}/messages",
        "a receipt": f"/queue-items/{held}",
    }


async def _chance(here: World, bob: Client, path: str, samples: int) -> float:
    """How likely a difference as large as the one that is measured is without there being one."""
    kind = path.split("/")[2][:4]
    absent = f"/{path.split('/')[1]}/{kind}{MISSING}" + path[len(path.split("/")[1]) + 2 + len(kind) + 32 :]
    foreign: list[float] = []
    missing: list[float] = []
    for _ in range(samples // 20):
        await bob.ask("GET", absent)
    for _ in range(samples):
        # In pairs, each time in another order: whatever the machine does meanwhile, it does to both.
        for times, asked in here.random.sample(((foreign, path), (missing, absent)), 2):
            answer = await bob.ask("GET", asked)
            assert answer.status == 404, (asked, answer.status)
            times.append(answer.seconds)
    return mann_whitney(foreign, missing)


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """The p of the rank test that neither of two samples tends to be larger: two-sided, by its normal approximation."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = 0.0
    at = 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        # Equal values share the mean of the ranks that they take together.
        ranks += sum(is_one for _, is_one in ranked[at:end]) * (at + 1 + end) / 2
        at = end
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(z) / sqrt(2))
