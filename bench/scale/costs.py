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
    """Processor time of a server for a turn that is posted over HTTP, on Postgres."""
    turn_database_ms: float
    """Processor time of Postgres for the same turn."""
    row_database_ms: float
    """Processor time of Postgres for a row of text in progress, a hundred of them a commit."""
    stream_kib: float
    """Memory of an open stream."""
    row_cpu_ms: float = 0.05
    """Processor time of a server to tell a piece of text to a reader (assumed: 20,000 frames/s a process)."""
    ring_cpu_ms: float = 0.02
    """Processor time of a server to hear a ring (assumed)."""
    poll_ms: float = 1.0
    """What a poll, a sweep or a heartbeat takes of the database (assumed: one short statement on an index)."""
    database_cores: float = 32.0
    """Cores of the database's machine (assumed)."""
    connections_per_process: int = 18
    """16 of the pool, one to listen, one for the heartbeat."""
    connections_per_database: int = 500
    process_mib: float = 4096.0
    """Memory that a process may take (assumed)."""


def read_costs(path: Path) -> Costs:
    """Take what a committed result holds; a missing figure is an error, never a guess."""
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return Costs(
        turn_cpu_ms=_value(figures, "postgres", "processor time of the server for a turn"),
        turn_database_ms=_value(figures, "postgres", "processor time of Postgres for a turn"),
        row_database_ms=_value(figures, "postgres", "processor time of Postgres for a row of text"),
        stream_kib=_value(figures, "idle streams", "memory of each"),
    )


def has_costs(path: Path) -> bool:
    """Whether a result holds every cost; most are of other rows of the benchmark."""
    try:
        read_costs(path)
    except ValueError:
        return False
    return True


def _value(figures: list[Mapping[str, Any]], row: str, name: str) -> float:
    (found,) = (each for each in figures if (each["row"], each["name"]) == (row, name))
    return float(found["value"] if "value" in found else found["p50"])
