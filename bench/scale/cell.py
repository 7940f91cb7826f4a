"""Cell: one Postgres with the processes beside it: how much of each of its parts a load takes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.scale.costs import Costs
from bench.scale.day import Load

FLUSHES_PER_S = 25.0
"""1000 / flush_ms: a process commits the text of all its turns together, and rings once, so often at most."""
HEARTBEAT_S = 2.0
"""A third of a lease."""


@dataclass(frozen=True)
class Use:
    """How much of a cell is in use; 1 is all of it."""

    processes: int
    parts: Mapping[str, float]

    @property
    def fullest(self) -> tuple[str, float]:
        """The part that breaks first."""
        name = max(self.parts, key=lambda part: self.parts[part])
        return name, self.parts[name]


def use_of(costs: Costs, load: Load, share: float, minute: int) -> Use:
    """What a cell with a share of the load does in a minute, with as many processes as its work takes."""
    turns = load.turns_at(minute) * share
    starts = turns / load.turn_s
    pieces = turns * load.speaking * load.pieces_per_s
    streams = turns * load.readers_per_turn + load.idle_streams * share
    work = (starts * costs.turn_cpu_ms + pieces * load.readers_per_turn * costs.row_cpu_ms) / 1000
    # A process has one interpreter; a third of it stays free for what comes in bursts.
    processes = max(2, math.ceil(work / 0.66))
    flushes = min(pieces, processes * FLUSHES_PER_S)
    rings = flushes + 3 * starts
    asked = {
        "turns": starts * costs.turn_database_ms,
        "text in progress": pieces * costs.row_database_ms,
        "polls, sweeps, heartbeats": processes * (2 + 1 / HEARTBEAT_S) * costs.poll_ms,
    }
    most = max(asked, key=lambda name: asked[name])
    return Use(
        processes,
        {
            f"database: {most}": sum(asked.values()) / 1000 / costs.database_cores,
            "doorbells heard": rings * costs.ring_cpu_ms / 1000,
            "connections": processes * costs.connections_per_process / costs.connections_per_database,
            "memory of a process": streams / processes * costs.stream_kib / 1024 / costs.process_mib,
        },
    )
