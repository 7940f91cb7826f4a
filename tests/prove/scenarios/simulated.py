"""F-11: the real code on a loop with virtual time. A seed decides every delay, death and act, again and again."""

import logging
import tempfile
from pathlib import Path

import structlog

from tests.prove.power_cut import fresh_directory
from tests.prove.scenario import Report
from tests.prove.simulation.play import Played, play

REPLAYS = 3


def run(seed: int, seeds: int) -> Report:
    """Play `seeds` seeds from the given one on; a failing one is played again, and has to fail in the same way.

    The first is played twice in any case: that seeds had ceased to give the same run would show only when it matters.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    report = Report()
    steps = commits = kills = freezes = played = 0
    # A disk in memory, where there is one: what syncs do is another scenario's.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        folder, fresh = Path(place) / "data", fresh_directory(Path(place))
        for each in range(seed, seed + seeds):
            once = play(each, folder, fresh)
            played, steps, commits = played + 1, steps + once.steps, commits + once.commits
            kills, freezes = kills + once.kills, freezes + once.freezes
            if each == seed and not _is_same(once, play(each, folder, fresh)):
                report.findings.append(f"seed {each} gave two different runs: what it finds could not be found again")
            if once.findings:
                report.findings += [f"seed {each}: {finding}" for finding in once.findings[:5]]
                report.findings.append(_again(once, folder, fresh))
                break
    report.figures = {
        "seeds": played, "steps": steps, "commits": commits, "commits_a_seed": round(commits / max(played, 1)),
        "kills": kills, "freezes": freezes,
    }  # fmt: skip
    return report


def _again(once: Played, folder: Path, fresh: Path) -> str:
    same = sum(_is_same(once, play(once.seed, folder, fresh)) for _ in range(REPLAYS))
    return f"replayed {same} of {REPLAYS}: ./dev prove --only F-11 --seed {once.seed} --size 1"


def _is_same(once: Played, again: Played) -> bool:
    return (once.findings, once.digest) == (again.findings, again.digest)
