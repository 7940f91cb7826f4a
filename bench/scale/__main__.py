"""`python -m bench.scale RESULT.json`: plays a day and says how many cells it takes, and what breaks first."""

import sys
from pathlib import Path

from bench.scale.cell import Use, use_of
from bench.scale.costs import RESULTS, Costs, read_costs
from bench.scale.day import MINUTES, Load, shares

MANY = tuple(2**power for power in range(11))


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else sorted(RESULTS.glob("*.json"))[-1]
    costs, load = read_costs(path), Load()
    print(f"costs of {path.name}: {costs}")
    print(f"{load}\n")
    print(f"{'cells':>6} {'processes':>10}  {'fullest part':28} {'used':>8}  {'minutes over':>12}")
    for cells in MANY:
        worst, over = play(costs, load, cells)
        name, used = worst.fullest
        print(f"{cells:6} {worst.processes:10}  {name:28} {used:8.2f}  {over:12}")
    largest = largest_load(costs, load, cells=1)
    print(f"\none cell carries {largest:,} turns at once; then: {_at_peak(costs, load, largest).fullest[0]}")


def play(costs: Costs, load: Load, cells: int) -> tuple[Use, int]:
    """The fullest cell at its fullest minute, and the minutes of the day in which one is asked for more than it has."""
    share = max(shares(load.users, cells))
    uses = [use_of(costs, load, share, minute) for minute in range(MINUTES)]
    return max(uses, key=lambda use: use.fullest[1]), sum(use.fullest[1] > 1 for use in uses)


def largest_load(costs: Costs, load: Load, cells: int) -> int:
    """The most turns at once, at the peak of the day, that leave no part of any cell over its measure."""
    low, high = 0, 10_000_000
    while low < high:
        middle = (low + high + 1) // 2
        if _at_peak(costs, load, middle, cells).fullest[1] <= 1:
            low = middle
        else:
            high = middle - 1
    return low


def _at_peak(costs: Costs, load: Load, turns: int, cells: int = 1) -> Use:
    scaled = Load(
        load.threads, load.users, turns, load.turn_s, load.pieces_per_s, load.speaking, load.readers_per_turn,
        round(load.idle_streams * turns / load.peak_turns),
    )  # fmt: skip
    return use_of(costs, scaled, max(shares(load.users, cells)), 15 * 60)


if __name__ == "__main__":
    main()
