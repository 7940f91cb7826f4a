"""Prove: `python -m tests.prove` runs the fault and abuse suite against real server processes on this machine."""

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apsw

from tests.prove.runner import Outcome, run_all, run_here
from tests.prove.scenario import Scenario, Store, Tier
from tests.prove.table import BY_ID, SCENARIOS

LIBRARIES = ("laneway", "apsw", "httptools", "msgspec", "starlette", "uvicorn", "uvloop")


def main() -> int:
    """Run what was asked for; 1 when anything failed."""
    asked = _arguments()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(2**32)
    if asked.inside:
        told = run_here(BY_ID[asked.inside], seed, asked.size, asked.plant, asked.database_url)
        asked.json.write_text(json.dumps(told), encoding="utf-8")
        return 0
    if asked.list:
        return _list()
    if asked.planted:
        from tests.prove.controls import run_controls  # noqa: PLC0415 - imports every scenario

        return run_controls(seed, asked.only, asked.jobs, asked.json)
    chosen = [each for each in _chosen(asked.only) if asked.tier in each.sizes and asked.store in each.stores]
    started = time.monotonic()
    again = f"--store {asked.store} --only ID --seed {seed}"
    print(f"tier {asked.tier} on {asked.store}, seed {seed}; what fails can be run again with {again}\n", flush=True)
    outcomes: list[Outcome] = []

    def tell(outcome: Outcome) -> None:
        _tell(outcome)
        outcomes.append(outcome)
        if asked.json:
            # After each, so that a run that is ended early has told what it found.
            whole = _whole(asked.tier, asked.store, seed, outcomes) | {"ran": len(outcomes), "of": len(chosen)}
            asked.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")

    asyncio.run(run_all(chosen, asked.tier, seed, asked.size, tell, asked.jobs, asked.store))
    failed = [outcome.scenario.id for outcome in outcomes if not outcome.report.passed]
    print(f"\n{len(outcomes)} scenarios in {time.monotonic() - started:.0f} s: ", end="")
    print(f"failed: {', '.join(failed)}" if failed else "everything held")
    return 1 if failed or not outcomes else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev prove", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--tier", choices=("quick", "nightly", "release"), default="quick", help="how much (quick)")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite", help="on which (sqlite)")
    parser.add_argument("--only", default="", metavar="IDS", help="these scenarios, as in F-1,N-1")
    parser.add_argument("--seed", type=int, help="repeat a run; without it, a new one is drawn and printed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a report with seeds and versions")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="scenarios side by side")
    parser.add_argument("--planted", action="store_true", help="plant known bugs and see that each is caught")
    parser.add_argument("--list", action="store_true", help="say which scenarios there are")
    parser.add_argument("--inside", choices=sorted(BY_ID), help=argparse.SUPPRESS)
    parser.add_argument("--plant", default="", help=argparse.SUPPRESS)
    parser.add_argument("--database-url", default="", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help="how much, instead of the tier's number")
    return parser.parse_args()


def _chosen(only: str) -> Sequence[Scenario]:
    if not only:
        return SCENARIOS
    unknown = [id for id in only.split(",") if id not in BY_ID]
    if unknown:
        sys.exit(f"there is no scenario {unknown[0]}; --list says which there are")
    return [BY_ID[id] for id in only.split(",")]


def _list() -> int:
    for scenario in SCENARIOS:
        sizes = ", ".join(f"{tier} {size:,}" for tier, size in scenario.sizes.items())
        print(f"{scenario.id:5} {scenario.title} ({scenario.unit}: {sizes}) on {' and '.join(scenario.stores)}")
    return 0


def _tell(outcome: Outcome) -> None:
    report = outcome.report
    figures = ", ".join(f"{name} {_shown(value)}" for name, value in report.figures.items())
    verdict = "held  " if report.passed else "FAILED"
    size = f"{outcome.size:,} {outcome.scenario.unit}"
    print(f"{outcome.scenario.id:5} {verdict} {outcome.seconds:6.1f} s  {outcome.scenario.title}: {size}; {figures}")
    if report.note:
        print(f"      note: {report.note}")
    for finding in report.findings[:12]:
        print(f"      {finding}")
    if report.folder:
        print(f"      evidence: {report.folder}")
    sys.stdout.flush()


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def _whole(tier: Tier, store: Store, seed: int, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "tier": tier, "store": store, "seed": seed, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(), "python": platform.python_version(), "sqlite": apsw.sqlite_lib_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "passed": all(outcome.report.passed for outcome in outcomes),
        "scenarios": [outcome.as_json() for outcome in outcomes],
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
