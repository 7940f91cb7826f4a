"""Costs: what one step costs and what one part can do, as the benchmark has measured it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True)
class Costs:
    """Measured, but for those that say they are assumed."""

    turn_cpu_ms: float
    """Processor time of a server for a turn that is posted over HTTP."""
    stream_kib: float
    """Memory of an open stream."""
    turns_per_database: float
    """Turns a second, three commits each, that one Postgres and enough processes beside it take."""
    rows_per_database: float
    """Rows of text in progress that one Postgres takes in a second, a hundred a commit."""
    row_cpu_ms: float = 0.05
    """Processor time of a server to tell a piece of text to its readers (assumed from 30,000 frames/s a process)."""
    ring_cpu_ms: float = 0.02
    """Processor time of a server to hear a ring (assumed)."""
    poll_ms: float = 1.0
    """What a poll, a sweep or a heartbeat takes of the database (assumed: one short statement on an index)."""
    cores_per_process: float = 1.0
    """A process has one interpreter: what runs beside it writes to sockets and disks."""
    connections_per_process: int = 18
    """16 of the pool, one to listen, one for the heartbeat."""
    connections_per_database: int = 500


def read_costs(path: Path) -> Costs:
    """Take what a committed result holds; a missing figure is an error, never a guess."""
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return Costs(
        turn_cpu_ms=_value(figures, "turns a second", "processor time of the server for a turn"),
        stream_kib=_value(figures, "idle streams", "memory of each"),
        turns_per_database=_value(figures, "postgres", "50 threads, 1 process"),
        rows_per_database=_value(figures, "postgres", "rows of text, a hundred a commit"),
    )


def _value(figures: list[Mapping[str, Any]], row: str, name: str) -> float:
    (found,) = (each for each in figures if (each["row"], each["name"]) == (row, name))
    return float(found["value"] if "value" in found else found["p50"])
