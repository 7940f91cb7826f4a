"""Controls: plants each known bug and runs the scenario that has to find it. A bug that is not found is a failure."""

import asyncio
import contextlib
import json
import time
from pathlib import Path

from tests.prove.harness.postgres import postgres
from tests.prove.planted import BUGS, Bug
from tests.prove.runner import Outcome, run_apart
from tests.prove.table import BY_ID


def run_controls(seed: int, only: str, jobs: int, json_file: Path | None) -> int:
    """Run every control; 1 when a bug stayed hidden."""
    chosen = {name: BUGS[name] for name in (only.split(",") if only else BUGS)}
    print(f"{len(chosen)} planted bugs, seed {seed}\n", flush=True)
    started = time.monotonic()
    outcomes = asyncio.run(_run_all(chosen, seed, jobs))
    took = time.monotonic() - started
    hidden = [name for name, outcome in outcomes.items() if not _caught_by(chosen[name], outcome)]
    print(
        f"\n{len(chosen) - len(hidden)} of {len(chosen)} were caught in {took:.0f} s"
        + (f", not: {', '.join(hidden)}" if hidden else "")
    )
    if json_file:
        told = {
            name: {"what": chosen[name].what, "caught": name not in hidden, **outcome.as_json()}
            for name, outcome in outcomes.items()
        }
        whole = {"seed": seed, "seconds": round(took), "caught": len(chosen) - len(hidden), "bugs": told}
        json_file.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return 1 if hidden else 0


async def _run_all(chosen: dict[str, Bug], seed: int, jobs: int) -> dict[str, Outcome]:
    needed = any(bug.store == "postgres" for bug in chosen.values())
    async with postgres() if needed else contextlib.nullcontext() as server:
        return await _run_on(chosen, seed, jobs, server.url if server else "")


async def _run_on(chosen: dict[str, Bug], seed: int, jobs: int, database_url: str) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    places = asyncio.Semaphore(jobs)

    async def one(name: str, bug: Bug) -> None:
        async with places:
            url = database_url if bug.store == "postgres" else ""
            outcomes[name] = await run_apart(BY_ID[bug.scenario], seed, bug.size, plant=name, database_url=url)
        _tell(name, bug, outcomes[name])

    async with asyncio.TaskGroup() as tasks:
        for name, bug in chosen.items():
            tasks.create_task(one(name, bug))
    return outcomes


def _caught_by(bug: Bug, outcome: Outcome) -> str:
    """The finding that gives the bug away; empty when none does."""
    for finding in outcome.report.findings:
        if any(f"{invariant}:" in finding for invariant in bug.invariants):
            return finding
    return ""


def _tell(name: str, bug: Bug, outcome: Outcome) -> None:
    finding = _caught_by(bug, outcome)
    verdict = "caught" if finding else "HIDDEN"
    print(f"{verdict} {name:18} {outcome.seconds:5.1f} s  {bug.scenario}: {bug.what}")
    for line in [finding] if finding else outcome.report.findings[:5]:
        print(f"       {line[:200]}")
