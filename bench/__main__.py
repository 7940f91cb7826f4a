"""Bench: `python -m bench` measures what DESIGN promises against a real server process over real HTTP."""

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apsw

from bench.figure import Figure
from bench.rows import cluster, crowd, growth, page, streams, transfer, turns, volume
from tests.prove.harness.loopback import stay_on_this_machine

ROWS: dict[str, Callable[[bool], Awaitable[list[Figure]]]] = {
    "accept": turns.accept,
    "idle-turn": turns.idle_turn,
    "throughput": turns.throughput,
    "next-turn": turns.next_turn,
    "tokens": streams.tokens,
    "resume": streams.resume,
    "volume": volume.lists_and_search,
    "crowd": crowd.idle_streams,
    "growth": growth.turns_of_a_long_thread,
    "restart": growth.after_a_kill,
    "postgres": cluster.on_postgres,
    "import": transfer.import_and_export,
    "page": page.in_a_browser,
}


def main() -> None:
    """Measure what was asked for, and show it."""
    asked = _arguments()
    stay_on_this_machine()
    chosen = asked.only.split(",") if asked.only else list(ROWS)
    figures: list[Figure] = []
    print(f"{'':42} {'goal':>22} {'measured':>40}")
    for name in chosen:
        started = time.monotonic()
        measured = asyncio.run(_measured(ROWS[name], asked.quick))
        for figure in measured:
            _show(figure)
        figures += measured
        print(f"{'':42} ({name} took {time.monotonic() - started:.0f} s)", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(_whole(figures, asked.quick), indent=2) + "\n", encoding="utf-8")


async def _measured(row: Callable[[bool], Awaitable[list[Figure]]], is_quick: bool) -> list[Figure]:
    return await row(is_quick)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--only", default="", metavar="ROWS", help=f"some of: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes; goals that depend on them are scaled")
    return parser.parse_args()


def _show(figure: Figure) -> None:
    goals = ", ".join(f"{name} {_sign(figure)} {goal:g}" for name, goal in figure.goals.items())
    told = ", ".join(f"{name} {value:,.3g}" for name, value in figure.statistics.items())
    mark = {True: " ", False: "!", None: " "}[figure.reached]
    print(f"{mark} {figure.row}: {figure.name}"[:64].ljust(64), f"{goals:>22}", f"{told:>36} {figure.unit}")
    if figure.note:
        print(f"      {figure.note}")


def _sign(figure: Figure) -> str:
    return "≥" if figure.compare == "at least" else "≤"


def _whole(figures: Sequence[Figure], is_quick: bool) -> dict[str, Any]:
    names = ("laneway", "apsw", "httptools", "msgspec", "starlette", "uvicorn", "uvloop")
    return {
        "at": time.strftime("%Y-%m-%d", time.gmtime()), "quick": is_quick, "cores": os.cpu_count(),
        "python": platform.python_version(), "sqlite": apsw.sqlite_lib_version(),
        "versions": {name: version(name) for name in names},
        "figures": [figure.as_json() for figure in figures],
    }  # fmt: skip


if __name__ == "__main__":
    main()
