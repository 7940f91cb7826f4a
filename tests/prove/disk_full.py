"""S-2 and S-3: the disk refuses a write or a sync, or is full for a while. No acknowledgement may be wrong.

    python -m tests.prove.disk_full --seed 1

S-2 lets the n-th write, or the n-th sync, fail once, for n = 1 and on until a run stays clean. The commit it hits is
refused whole, the next command works, and the audit is clean before and after the store is opened again. S-3 fills a
real, small file system under a running store, and makes room again.
"""

import argparse
import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import apsw

from laneway.domain.errors import Unavailable
from laneway.domain.kinds import NOTE
from laneway.domain.session import Note
from laneway.store import StoreOptions
from laneway.stores.sqlite import SQLiteStore
from laneway.stores.sqlite.database import Database
from laneway.stores.sqlite.writer import Committer
from laneway.testing.clock import START, FakeClock
from laneway.testing.store_suite.case import commit, get, whole_log
from laneway.testing.store_suite.samples import ME, SES, putting, state_changed
from tests.prove.faulty_disk import FaultyDisk, ShortWrite
from tests.prove.power_cut import NAME, fresh_directory
from tests.prove.store_history import History

GROUPS = 6
FAULTS: dict[str, tuple[str, Callable[[], apsw.Error]]] = {
    "write fails": ("write", lambda: apsw.IOError("injected")),
    "write finds the disk full": ("write", lambda: apsw.FullError("injected")),
    "write is cut short": ("write", lambda: ShortWrite("injected")),
    "sync fails": ("sync", lambda: apsw.IOError("injected")),
    "truncation fails": ("truncate", lambda: apsw.IOError("injected")),
}


def run(seed: int, rounds: int = sys.maxsize) -> dict[str, object]:
    """Both faults; `rounds` bounds n, and with it the time."""
    return {"refused_operations": refused_operations(seed, rounds), "full_disk": full_disk(seed)}


# --- S-2 -------------------------------------------------------------------------------------------------------------


def refused_operations(seed: int, rounds: int = sys.maxsize) -> dict[str, object]:
    """Let each single operation fail in turn."""
    problems: list[str] = []
    tried: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="laneway-disk-") as place:
        fresh = fresh_directory(Path(place))
        for fault, (operation, error) in FAULTS.items():
            number = 0
            while number < rounds:
                attempt = Attempt(random.Random(seed), Path(place), fresh)
                problems += [f"{fault}, n = {number + 1}: {each}" for each in attempt.run(operation, number + 1, error)]
                if not attempt.has_failed:
                    break
                number += 1
            tried[fault] = number
    return {"seed": seed, "tried": tried, "problems": len(problems), "examples": problems[:5]}


class Attempt:
    """One run of the same commands with one operation that fails."""

    def __init__(self, randomness: random.Random, place: Path, fresh: Path) -> None:
        self._history = History(randomness)
        self._directory = place / "attempt"
        self.has_failed = False
        shutil.rmtree(self._directory, ignore_errors=True)
        shutil.copytree(fresh, self._directory)

    def run(self, operation: str, number: int, error: Callable[[], apsw.Error]) -> list[str]:
        """Let the number-th operation of that sort fail; returns what is not as it has to be."""
        self._operation, self._left, self._error = operation, number, error
        disk = FaultyDisk("refusing")
        try:
            with Database(self._directory / NAME, disk.name) as database:
                committer = Committer(database)
                committer.commit(self._history.setup())
                disk.fault = self._fail
                found = self._write(committer)
                disk.fault = None
                found += self._history.audit(database.writer)
        finally:
            disk.unregister()
        with Database(self._directory / NAME) as database:
            return found + self._history.audit(database.writer)

    def _fail(self, operation: str, number: int) -> None:
        if operation != self._operation:
            return
        self._left -= 1
        if self._left == 0:
            self.has_failed = True
            raise self._error()

    def _write(self, committer: Committer) -> list[str]:
        found: list[str] = []
        for number in range(GROUPS):
            had_failed = self.has_failed
            group = self._history.group()
            outcomes = committer.commit([work for work, _ in group])
            self._history.take_down([tell for _, tell in group], outcomes)
            failed = [isinstance(outcome.error, Unavailable) for outcome in outcomes]
            if any(failed) and (had_failed or not all(failed)):
                found.append(f"group {number}: {failed.count(True)} of {len(failed)} commands were unavailable")
            mode = "TRUNCATE" if number % 3 else "PASSIVE"
            committer.run_alone(lambda connection, mode=mode: connection.execute(f"PRAGMA wal_checkpoint({mode})"))
        return found


# --- S-3 -------------------------------------------------------------------------------------------------------------


def full_disk(seed: int) -> dict[str, object]:
    """Run `fill` on a file system of a few megabytes of its own; says so where none may be made."""
    with tempfile.TemporaryDirectory(prefix="laneway-full-") as place:
        mount = 'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" -m tests.prove.disk_full --fill "$1" --seed "$3"'
        command = ("unshare", "-Urm", "sh", "-c", mount, "sh", place, sys.executable, str(seed))
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            return {"skipped": str(error)}
        if done.returncode != 0 and "mount" in done.stderr + done.stdout:
            return {"skipped": done.stderr.strip()}
        # Above its last line are the log lines of heartbeats that found the disk full.
        lines = done.stdout.splitlines()
        return json.loads(lines[-1]) if lines else {"problems": 1, "examples": [done.stderr[-2000:]]}


async def fill(directory: Path, seed: int) -> dict[str, object]:
    """Fill the file system under a working store three times, and make room again."""
    filling = Filling(directory, random.Random(seed))
    await filling.store.open()
    for _ in range(3):
        await filling.write(20)
        filling.fill()
        await filling.write_until_refused()
        await filling.read_while_full()
        filling.make_room()
        await filling.write_until_taken()
    await filling.store.close()
    filling.store = filling.open_again()
    await filling.store.open()
    await filling.check()
    await filling.store.close()
    return filling.report()


class Filling:
    """A store on a disk that gets full, with what it acknowledged and refused."""

    def __init__(self, directory: Path, randomness: random.Random) -> None:
        self._directory = directory
        self._random = randomness
        self._ballast = directory / "ballast"
        self._made = 0
        self._acknowledged: list[str] = []
        self._refused = 0
        self._read = 0
        self._resumed_s: list[float] = []
        self._problems: list[str] = []
        self.store = self.open_again()

    def open_again(self) -> SQLiteStore:
        return SQLiteStore(self._directory / "data" / NAME, FakeClock(), StoreOptions(node="node_1", lease_s=0.3))

    async def write(self, count: int) -> int:
        """Write so many notes at once; returns how many were refused."""
        outcomes = await asyncio.gather(*(self._write_note() for _ in range(count)))
        self._refused += outcomes.count(False)
        return outcomes.count(False)

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file:
            size = 65536
            while size:
                try:
                    file.write(b"x" * size)
                except OSError:
                    size //= 2

    def make_room(self) -> None:
        self._ballast.unlink()

    async def write_until_refused(self) -> None:
        for _ in range(500):
            if await self.write(10):
                return
        self._problems.append("the disk never got full")

    async def read_while_full(self) -> None:
        for id in self._random.sample(self._acknowledged, 10):
            self._read += 1
            if await get(self.store, NOTE, id, ME) is None:
                self._problems.append(f"lost while the disk was full: {id}")
        await self.write(10)
        self._read += len(await whole_log(self.store, SES, step=500))

    async def write_until_taken(self) -> None:
        began = time.monotonic()
        while await self.write(1):
            if time.monotonic() - began > 5:
                self._problems.append("nothing was taken for 5 s after there was room again")
                return
        self._resumed_s.append(round(time.monotonic() - began, 4))

    async def check(self) -> None:
        """What was acknowledged is there, and each event has its note and the other way round."""
        offsets = [event.offset for event in await whole_log(self.store, SES, step=500)]
        kept = [id for id in (f"not_{n}" for n in range(self._made + 1)) if await get(self.store, NOTE, id, ME)]
        self._problems += [f"lost: {id}" for id in set(self._acknowledged) - set(kept)]
        if offsets != list(range(1, len(kept) + 1)):
            self._problems.append(f"{len(kept)} notes, {len(offsets)} events")

    def report(self) -> dict[str, object]:
        return {
            "acknowledged": len(self._acknowledged),
            "refused": self._refused,
            "read_while_full": self._read,
            "resumed_after_s": self._resumed_s,
            "problems": len(self._problems),
            "examples": self._problems[:5],
        }

    async def _write_note(self) -> bool:
        self._made += 1
        note = Note(f"not_{self._made}", ME.user_id, SES, "x" * 2000, False, None, START, START)
        try:
            await commit(self.store, putting((NOTE, note), events=[state_changed(self._made)]), ME)
        except Unavailable:
            return False
        self._acknowledged.append(note.id)
        return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=sys.maxsize)
    parser.add_argument("--fill", type=Path)
    arguments = parser.parse_args()
    if arguments.fill:
        print(json.dumps(asyncio.run(fill(arguments.fill, arguments.seed))))
        return 0
    report = run(arguments.seed, arguments.rounds)
    print(json.dumps(report, indent=2))
    return 1 if '"examples": ["' in json.dumps(report) else 0


if __name__ == "__main__":
    sys.exit(main())
