"""F-2 and F-3: the process dies at each place that it passes. It always restarts into a state that passes the audit."""

import asyncio
import contextlib
import random
import shutil
from collections import Counter
from typing import Any

from tests.prove.failpoints import DIED
from tests.prove.harness.servers import Died
from tests.prove.harness.tour import Tour
from tests.prove.harness.traffic import Listener
from tests.prove.harness.world import World, patiently, quiet, world
from tests.prove.scenario import Report

AT_ONCE = 3
"""Cases side by side: most of a case is waiting."""
CASE_S = 60
STARTS = 4
"""F-3: after a crash in each of three recoveries, the fourth start has to converge."""


def run(seed: int, hits: int) -> Report:
    """Die at the first and at some later hits of each failpoint."""
    return asyncio.run(_sweep(seed, hits))


def run_in_recovery(seed: int, points: int) -> Report:
    """Die while recovering from a death, three deep."""
    return asyncio.run(_sweep_recoveries(seed, points))


# --- F-2 -------------------------------------------------------------------------------------------------------------


async def _sweep(seed: int, hits: int) -> Report:
    report = Report()
    randomness = random.Random(seed)
    async with world(seed) as template:
        passed = await _census(template, report)
        cases = [(name, hit) for name, count in passed.items() for hit in _chosen(count, hits, randomness)]
        randomness.shuffle(cases)
        sweep = _Sweep(template, report)
        await sweep.run(cases)
        # Side by side, commits meet in other groups than in the census: what was missed gets a second chance.
        await sweep.run([(name, 1) for name in passed.keys() - sweep.died_at])
        report.figures = {
            "failpoints": len(passed), "died_at": len(sweep.died_at), "cases": sweep.cases, "deaths": sweep.deaths,
        }  # fmt: skip
        missed = passed.keys() - sweep.died_at
        report.expect(len(missed) <= len(passed) // 10, f"no death at {len(missed)} places: {sorted(missed)[:5]}")
        report.expect(len(passed) >= 60, f"the tour passes {len(passed)} places; it has to pass 60")
        template.judge(report)
    return report


def _chosen(count: int, hits: int, randomness: random.Random) -> list[int]:
    """The first hit, then others at random."""
    later = range(2, count + 1)
    return [1, *sorted(randomness.sample(later, min(hits - 1, len(later))))]


async def _census(template: World, report: Report) -> Counter[str]:
    """Make the tour once, undisturbed, and count the places that the server passes."""
    here = _copy(template, "census")
    census = here.folder / "passed"
    server = await here.serve(census=str(census))
    tour = Tour(here)
    await tour.make()
    report.findings += tour.problems + await quiet(here.client())
    await server.stop()
    report.findings += [f"in the census: {each}" for each in here.audit(is_quiet=True)]
    return Counter(census.read_text(encoding="utf-8").split())


class _Sweep:
    """Runs the cases, some side by side."""

    def __init__(self, template: World, report: Report) -> None:
        self._template = template
        self._report = report
        self._started = 0
        self.cases = 0
        self.deaths = 0
        self.died_at: set[str] = set()

    async def run(self, cases: list[tuple[str, int]]) -> None:
        left = iter(enumerate(cases, self._started))
        self._started += len(cases)

        async def work() -> None:
            for number, (name, hit) in left:
                if len(self._report.findings) < 10:
                    await self._case(f"case-{number}", name, hit)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(work())

    async def _case(self, id: str, name: str, hit: int) -> None:
        here = _copy(self._template, id)
        keeping = asyncio.create_task(self._keep_alive(here, name, hit))
        try:
            async with asyncio.timeout(CASE_S):
                findings = await _tour(here)
        except TimeoutError:
            findings = ["I-11: the tour did not come to its end"]
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
        await self._stop(here, name)
        findings += here.audit(is_quiet=True) + here.complaints()
        self.cases += 1
        if findings:
            here.history.save(here.folder / "posts.jsonl")
            self._report.findings += [f"{name}, hit {hit} ({id}): {finding}" for finding in findings[:4]]
        else:
            shutil.rmtree(here.folder)

    async def _keep_alive(self, here: World, name: str, hit: int) -> None:
        """Serve; after the death, serve again without a failpoint."""
        order: dict[str, Any] = {"die_at": name, "hit": hit}
        while True:
            try:
                server = await here.serve(**order)
                await server.died(3600)
                self._note(name, await here.exit_code(server))
            except Died as early:
                self._note(name, early.code)
            order = {}

    async def _stop(self, here: World, name: str) -> None:
        """End the last server as an operator would; what dies while stopping is audited, too."""
        if (server := here.newest) is not None:
            await server.stop(20)
            self._note(name, await here.exit_code(server))

    def _note(self, name: str, code: int | None) -> None:
        if code == DIED:
            self.deaths += 1
            self.died_at.add(name)


async def _tour(here: World) -> list[str]:
    """Make the tour, let everything come to rest, and read the whole stream."""
    tour = Tour(here)
    await tour.make()
    findings = tour.problems + await patiently(lambda: quiet(here.client()))
    listener = Listener(here, here.client(), tour.session)
    await patiently(listener.read_to_end)
    return findings + listener.problems


def _copy(template: World, id: str) -> World:
    """A world of its own that starts where the template is."""
    folder = template.folder / id
    folder.mkdir()
    copied = World(folder, template.warm, id)
    copied.keys = template.keys
    shutil.copytree(template.data, copied.data)
    return copied


# --- F-3 -------------------------------------------------------------------------------------------------------------


async def _sweep_recoveries(seed: int, points: int) -> Report:
    report = Report()
    randomness = random.Random(seed)
    starts: Counter[int] = Counter()
    async with world(seed) as template:
        await _leave_much_to_recover(template)
        passed = await _census_of_recovery(template)
        names = sorted(passed)
        for number in range(points):
            here = _copy(template, f"case-{number}")
            starts[await _recover(here, [randomness.choice(names) for _ in range(STARTS - 1)], report)] += 1
            if not report.passed:
                break
            shutil.rmtree(here.folder)
        report.figures = {"cases": sum(starts.values()), "places": len(names)}
        report.figures |= {f"after_{count}_deaths": cases for count, cases in sorted(starts.items())}
        template.judge(report)
    return report


async def _leave_much_to_recover(template: World) -> None:
    """Kill a server with turns in every state: running, waiting, queued behind, in doubt."""
    server = await template.serve()
    client = template.client()
    session = await client.post("/sessions", {"mode": "autonomous"})
    asking = await client.post("/sessions", {"mode": "copilot"})
    texts = ("stream 200 20", "sleep 5", "effect once a\nsleep 5", 'tool note.add {"text": "n"}\nsleep 5', "block 3")
    for text in texts:
        thread = await client.post("/threads", {"session_id": session["id"], "initial_message": text})
        await client.post(f"/threads/{thread['id']}/messages", {"message": "say next"})
    waiting = await client.post("/threads", {"session_id": asking["id"], "initial_message": "ask may I"})
    await client.post(f"/threads/{waiting['id']}/messages", {"message": "say later"})
    gone = await client.post("/threads", {"session_id": session["id"], "initial_message": "stream 200 1"})
    await asyncio.sleep(0.3)
    await client.ask("DELETE", f"/threads/{gone['id']}")
    await server.kill()


async def _census_of_recovery(template: World) -> Counter[str]:
    here = _copy(template, "census")
    census = here.folder / "passed"
    server = await here.serve(census=str(census))
    await asyncio.sleep(1.0)
    await server.kill()
    return Counter(census.read_text(encoding="utf-8").split())


async def _recover(here: World, places: list[str], report: Report) -> int:
    """Start, die at each of the places in turn, and start once more; returns how often it died."""
    deaths = 0
    for place in places:
        try:
            server = await here.serve(die_at=place)
            with contextlib.suppress(TimeoutError):
                await server.died(1.5)
                deaths += 1
                continue
            await server.kill()
        except Died:
            deaths += 1
        report.findings += [f"died at {places}: {each}" for each in here.audit()]
    server = await here.serve()
    client = here.client()
    report.findings += [f"died at {places}: {each}" for each in await _settled(here)]
    await client.ask("GET", "/me")
    await server.stop(30)
    report.findings += [f"died at {places}: {each}" for each in here.audit()]
    return deaths


async def _settled(here: World) -> list[str]:
    """After the last start everything runs on: what slept ends, what asked still asks, what is in doubt is shown."""
    return await quiet(here.client(), timeout_s=40)
