"""Runner: runs each scenario in a process of its own, within its bounds, and gathers what they report."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.prove.harness import world
from tests.prove.harness.http import BUDGET
from tests.prove.harness.loopback import stay_on_this_machine
from tests.prove.harness.postgres import postgres
from tests.prove.harness.process import die_with_parent
from tests.prove.scenario import Report, Scenario, Store, Tier

ROOT = Path(__file__).resolve().parents[2]
WATCH_S = 1.0


@dataclass(frozen=True)
class Outcome:
    """A scenario with how it went."""

    scenario: Scenario
    seed: int
    size: int
    seconds: float
    requests: int
    report: Report

    def as_json(self) -> dict[str, Any]:
        found = asdict(self.report)
        # Reports are kept in the repository, which knows of no folder of anybody's.
        found["findings"] = [each.replace(f"{ROOT}/", "") for each in self.report.findings]
        return {
            "id": self.scenario.id, "title": self.scenario.title, "seed": self.seed, "size": self.size,
            "unit": self.scenario.unit, "passed": self.report.passed, "seconds": round(self.seconds, 1),
            "requests": self.requests, **found,
        }  # fmt: skip


def run_here(scenario: Scenario, seed: int, size: int, plant: str = "", database_url: str = "") -> dict[str, Any]:
    """Run a scenario in this process: what the runner's children do."""
    stay_on_this_machine()
    BUDGET.limit = scenario.max_requests
    world.DATABASE_URL = database_url
    if plant:
        _plant(plant)
    module, _, function = scenario.module.partition(":")
    try:
        report: Report = getattr(import_module(f"tests.prove.{module}"), function or "run")(seed, size)
    except Exception:  # noqa: BLE001 - whatever goes wrong in a scenario is its result, and is told as such
        report = Report([f"the scenario broke: {line}" for line in traceback.format_exc().splitlines()[-12:]])
    return {"report": asdict(report), "requests": BUDGET.spent}


def _plant(name: str) -> None:
    """Put a known bug into every server that this process starts, or into the process itself."""
    from tests.prove import planted  # noqa: PLC0415 - imports the whole server

    if planted.BUGS[name].is_here:
        planted.BUGS[name].plant()
    else:
        world.PLANTED = name


async def run_all(
    scenarios: Sequence[Scenario], tier: Tier, seed: int, size: int | None, told: Callable[[Outcome], None], jobs: int,
    store: Store,
) -> None:  # fmt: skip
    """Run scenarios at the size of a tier; those that measure time run alone, after the others."""
    async with postgres() if store == "postgres" else contextlib.nullcontext() as server:
        await _run_all(scenarios, tier, seed, size, told, jobs, store, server.url if server else "")


async def _run_all(
    scenarios: Sequence[Scenario], tier: Tier, seed: int, size: int | None, told: Callable[[Outcome], None], jobs: int,
    store: Store, database_url: str,
) -> None:  # fmt: skip
    places = asyncio.Semaphore(jobs)

    async def one(scenario: Scenario) -> None:
        async with places:
            outcome = await run_apart(scenario, seed, size or scenario.sizes[tier], database_url=database_url)
        told(outcome)

    # The longest first, so that no core waits at the end for one of them.
    shared = sorted((each for each in scenarios if not each.is_timed), key=lambda each: -each.max_seconds)
    async with asyncio.TaskGroup() as tasks:
        for scenario in shared:
            tasks.create_task(one(scenario))
    for scenario in scenarios:
        if scenario.is_timed:
            await one(scenario)


async def run_apart(scenario: Scenario, seed: int, size: int, plant: str = "", database_url: str = "") -> Outcome:
    """Run a scenario in a process of its own."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="prove-run-") as folder:
        result = Path(folder) / "result.json"
        # A fixed order of sets: a seed has to give the same run each time.
        environment = {**os.environ, "TMPDIR": folder, "PYTHONHASHSEED": "0"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.prove", "--inside", scenario.id, "--seed", str(seed), "--size", str(size),
            "--json", str(result), "--plant", plant, "--database-url", database_url, stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, cwd=ROOT, env=environment, start_new_session=True,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        said, stopped = await _watch(process, scenario, Path(folder))
        seconds = time.monotonic() - started
        if result.exists():
            told = json.loads(result.read_bytes())
            report = Report(**told["report"])
        else:
            told = {"requests": 0}
            reason = stopped or f"it ended with {process.returncode}"
            report = Report(
                [f"the scenario did not finish: {reason}", *said.decode(errors="replace").splitlines()[-15:]]
            )
        if not report.passed and not plant:
            report.folder = _keep(Path(folder), scenario.id)
    return Outcome(scenario, seed, size, seconds, told["requests"], report)


async def _watch(process: asyncio.subprocess.Process, scenario: Scenario, folder: Path) -> tuple[bytes, str]:
    """Wait for the end, or bring it about when a bound is passed. The group is the scenario's own."""
    assert process.stderr is not None
    reading = asyncio.create_task(process.stderr.read())
    until = time.monotonic() + scenario.max_seconds
    stopped = ""
    while not stopped:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), WATCH_S)
            break
        if time.monotonic() > until:
            stopped = f"it took more than {scenario.max_seconds} s"
        elif (used := await asyncio.to_thread(_disk_mb, folder)) > scenario.max_disk_mb:
            stopped = f"it used {used} MB of disk, more than {scenario.max_disk_mb}"
    if stopped:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(reading, 10), stopped
    return b"", stopped


def _disk_mb(folder: Path) -> int:
    total = 0
    # os.walk passes over what goes away under it.
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total // 2**20


def _keep(folder: Path, id: str) -> str:
    """Move the evidence of a failure to where it stays, and say where that is."""
    kept = Path(tempfile.mkdtemp(prefix=f"prove-failed-{id}-"))
    for path in folder.iterdir():
        path.rename(kept / path.name)
    return str(kept)
