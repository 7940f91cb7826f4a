"""Day: how many turns run in each minute of a day, and to which cell each user's belong."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

MINUTES = 24 * 60


@dataclass(frozen=True)
class Load:
    """Who does what in a day."""

    threads: int = 1_000_000
    users: int = 20_000
    peak_turns: int = 100_000
    """Turns that run at the same moment in the busiest minute."""
    turn_s: float = 20.0
    """How long a turn runs; nearly all of it, its model thinks or speaks."""
    pieces_per_s: float = 5.0
    """Pieces of text a second that a speaking turn stores, of at most 1000 / flush_ms."""
    speaking: float = 0.5
    """The share of its time in which a turn speaks."""
    readers_per_turn: float = 1.0
    idle_streams: int = 50_000
    """Open pages that watch nothing in particular."""

    def turns_at(self, minute: int) -> float:
        """Running turns in a minute: a cosine between a tenth of the peak at 3:00 and all of it at 15:00."""
        wave = (1 - math.cos(2 * math.pi * (minute - 3 * 60) / MINUTES)) / 2
        return self.peak_turns * (0.1 + 0.9 * wave)


def shares(users: int, cells: int) -> Sequence[float]:
    """Each cell's share of the load. A user is in the cell that the hash of their id says; the n-th busiest user does
    1/n of what the busiest one does, up to 200 times the median, where the bounds of a user hold."""
    weights = [min(1 / rank, 200 / (users / 2)) for rank in range(1, users + 1)]
    totals = [0.0] * cells
    for rank, weight in enumerate(weights, start=1):
        totals[cell_of(f"usr_{rank}", cells)] += weight
    return [total / sum(weights) for total in totals]


def cell_of(user_id: str, cells: int) -> int:
    """The cell of a user: the same on every machine, for as long as the number of cells stays."""
    return int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:8], "big") % cells
