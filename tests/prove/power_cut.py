"""S-1: the power goes while the SQLite store writes. Nothing that was acknowledged may be lost, nothing be half done.

    python -m tests.prove.power_cut --seed 1 --rounds 5000

A round is one life of the store: it opens what the last cut left, writes in groups, and loses power at some operation.
Each 512-byte sector that was not synced then keeps its new content, its old one, or a part of each. The control runs
with `synchronous = NORMAL`, which acknowledges before the disk has it: the auditor must catch that.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import apsw

from laneway.stores.sqlite.database import Database
from laneway.stores.sqlite.writer import Committer
from tests.prove.faulty_disk import FaultyDisk
from tests.prove.store_history import History

NAME = "laneway.db"
LIVES = 5
"""Rounds that go on with the files of the one before them, crashes during recovery included."""
OPERATIONS = (30, 300, 3000)
"""A cut comes at one of the first so many writes, truncations and syncs: few hit the recovery, many hit checkpoints."""


def run(seed: int, rounds: int, synchronous: str = "FULL") -> dict[str, object]:
    """Cut the power `rounds` times; returns what was found, with the seeds that show it again."""
    report = {"seed": seed, "cuts": 0, "acknowledged": 0, "while_opening": 0, "after_all_writes": 0}
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="laneway-power-") as place:
        fresh = fresh_directory(Path(place))
        for first in range(0, rounds, LIVES):
            lives = Lives(random.Random(f"{seed}/{first}"), Path(place), fresh, synchronous)
            found = lives.live(min(LIVES, rounds - first))
            problems += [f"seed {seed}/{first}: {each}" for each in found]
            report = {key: value + lives.counts.get(key, 0) for key, value in report.items()} | {"seed": seed}
    return {**report, "synchronous": synchronous, "problems": len(problems), "examples": problems[:5]}


class Lives:
    """One store that loses power again and again, with one history over all of its lives."""

    def __init__(self, randomness: random.Random, place: Path, fresh: Path, synchronous: str) -> None:
        self._random = randomness
        self._synchronous = synchronous
        self._history = History(randomness)
        self._directory = place / "life"
        self._spare = place / "after"
        self.counts = {"cuts": 0, "acknowledged": 0, "while_opening": 0, "after_all_writes": 0}
        shutil.rmtree(self._directory, ignore_errors=True)
        shutil.copytree(fresh, self._directory)

    def live(self, lives: int) -> list[str]:
        """Live and die so often; returns what the audits found."""
        with Database(self._directory / NAME) as database:
            setup = self._history.setup()
            Committer(database).commit(setup)
        for _ in range(lives):
            disk = FaultyDisk("power")
            disk.power_on(self._directory, self._random, self._random.randint(1, self._random.choice(OPERATIONS)))
            self._write_until_the_power_goes(disk)
            self._replace_files(disk.cut_power())
            disk.unregister()
            self.counts["cuts"] += 1
            self.counts["acknowledged"] = self._history.acknowledged
            if found := self._audit():
                return found
        return []

    def _write_until_the_power_goes(self, disk: FaultyDisk) -> None:
        # The files of a dead machine are closed by nobody: what closing them would write is refused.
        with suppress(apsw.Error), ExitStack() as opened:
            try:
                database = Database(self._directory / NAME, disk.name)
            except apsw.Error:
                self.counts["while_opening"] += 1
                return
            opened.callback(database.writer.close)
            opened.callback(disk.cut_power)
            database.writer.execute(f"PRAGMA synchronous = {self._synchronous}")
            committer = Committer(database)
            for _ in range(12):
                self._write_group(committer)
                if disk.image is not None:
                    return
            self.counts["after_all_writes"] += 1

    def _write_group(self, committer: Committer) -> None:
        group = self._history.group()
        outcomes = committer.commit([work for work, _ in group])
        self._history.take_down([tell for _, tell in group], outcomes)
        mode = self._random.choice(("", "", "", "", "PASSIVE", "TRUNCATE"))
        if mode:
            committer.run_alone(lambda connection: connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall())

    def _replace_files(self, image: dict[str, bytes]) -> None:
        shutil.rmtree(self._spare, ignore_errors=True)
        self._spare.mkdir()
        for path, content in image.items():
            (self._spare / Path(path).name).write_bytes(content)
        shutil.rmtree(self._directory)
        self._spare.rename(self._directory)

    def _audit(self) -> list[str]:
        """Audit a copy, so that the next life has to recover by itself."""
        shutil.copytree(self._directory, self._spare)
        try:
            with Database(self._spare / NAME) as database:
                return self._history.audit(database.writer)
        except apsw.Error as error:
            return [f"cannot be opened: {error}"]
        finally:
            shutil.rmtree(self._spare)


def fresh_directory(place: Path) -> Path:
    """A directory with a new database, to be copied: making the schema each time would take most of the time."""
    fresh = place / "fresh"
    fresh.mkdir()
    with Database(fresh / NAME):
        pass
    return fresh


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5000)
    arguments = parser.parse_args()
    report = run(arguments.seed, arguments.rounds)
    control = run(arguments.seed, max(arguments.rounds // 20, 20), "NORMAL")
    print(json.dumps({"power_cut": report, "control": control}, indent=2))
    return 0 if not report["problems"] and control["problems"] else 1


if __name__ == "__main__":
    sys.exit(main())
