"""`python -m bench.scale [RESULT.json]`: plays a day; says how many cells it takes, and what breaks first."""

import sys
from dataclasses import replace
from pathlib import Path

from bench.scale.cell import Use, use_of
from bench.scale.costs import RESULTS, Costs, has_costs, read_costs
from bench.scale.day import MINUTES, Load, shares

MANY = tuple(2**power for power in range(9))
NOON = 15 * 60


def main() -> None:
    """Play the day with the costs of a result; without a name, of the newest that has them."""
    print(report(Path(sys.argv[1]) if len(sys.argv) > 1 else newest()))


def newest() -> Path:
    """The newest committed result that has every cost."""
    return max(filter(has_costs, RESULTS.glob("*.json")))


def report(path: Path) -> str:
    """The day over more and more cells, and how much one cell carries."""
    costs, load = read_costs(path), Load()
    lines = [f"{'cells':>5}  {'processes each':>14}  {'fullest part':36}  {'used':>6}  {'minutes over':>12}"]
    for cells in MANY:
        worst, over = play(costs, load, cells)
        name, used = worst.fullest
        lines.append(f"{cells:5}  {worst.processes:14}  {name:36}  {used:6.2f}  {over:12}")
    largest = largest_load(costs, load, cells=1)
    name, _ = _at_peak(costs, load, largest + 1).fullest
    return "\n".join([*lines, "", f"One cell carries {largest:,} turns at once. With one more it lacks: {name}."])


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
    scaled = replace(load, peak_turns=turns, idle_streams=round(load.idle_streams * turns / load.peak_turns))
    return use_of(costs, scaled, max(shares(load.users, cells)), NOON)


if __name__ == "__main__":
    main()
