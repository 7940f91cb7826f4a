"""Scrub: takes the last traces of erased text out of the files.

SQLite overwrites what it deletes (`secure_delete`), but when it moves rows between the pages of a tree it leaves their
old bytes in the unused space in the middle of a page, and the write-ahead log holds older pages. Nothing reads either
again; only somebody who looks into the files would find them. `VACUUM` would help, and stop all writing for as long as
it copies the database. This goes through the file a slice at a time instead, between the writer's groups.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from laneway.stores.sqlite.connection import BUSY_MS, Connection, single
from laneway.stores.sqlite.queries import SQL
from laneway.stores.sqlite.search_terms import BEGINNING, Place, forget_terms

PAGE = 4096
SLICE = 2048
"""Pages looked at in one step: about 5 ms."""
LARGEST = 1 << 25
"""From here on (128 GiB) the first byte of an overflow page could look like that of a tree's page."""
_PATIENCE_MS = 20
"""How long readers may hold up a step before it is tried again later: the writer waits for it."""
_TREES = {2: 12, 5: 12, 10: 8, 13: 8}
"""The first byte of each sort of page that belongs to a tree, with the length of its header."""
_WAL_HEADER, _FRAME_HEADER = 32, 24


class Scrub:
    """Cleans the files of one database, on the writer's thread and outside of any transaction.

    Pages that are written while it goes on may be copies of ones that it has not reached: it notes them from the
    write-ahead log, and cleans them last. Nobody else may checkpoint meanwhile.
    """

    def __init__(self, path: Path) -> None:
        # Kept open to the end: closing a file drops the locks that this process has on it, SQLite's among them.
        self._file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        self._log = path.with_name(f"{path.name}-wal")
        self._wanted = 0
        self._place: Place | None = None
        self._next = 0
        self._written: set[int] = set()

    @property
    def is_active(self) -> bool:
        return self._next > 0

    def abandon(self) -> None:
        """Begin anew at the next step: somebody has to checkpoint now."""
        self._next = 0

    def forget_terms(self, connection: Connection) -> bool:
        """The first part, as a command among others: True while more of it is to be done."""
        (wanted,) = single(connection.execute(SQL["is_scrub_due"]))
        if wanted != self._wanted:
            # More has been erased since: its words may be among those that were looked at already.
            self._wanted, self._place = wanted, BEGINNING
        if wanted and self._place is not None:
            self._place = forget_terms(connection, self._place)
            return self._place is not None
        return False

    def step(self, connection: Connection) -> bool:
        """Go on a little; True while more is to be done. What is due survives a crash, and then begins anew."""
        if not single(connection.execute(SQL["is_scrub_due"]))[0]:
            return False
        if not self.is_active:
            if not self._empty_log(connection):
                return True
            self._next = 1
            self._written.clear()
        pages = os.fstat(self._file).st_size // PAGE
        end = min(self._next + SLICE, pages + 1)
        clean(self._file, range(self._next, end))
        # Copies in memory are as they were before, and would be written again.
        connection.execute("PRAGMA shrink_memory")
        self._next = end
        return end <= pages or not self._finish(connection)

    def close(self) -> None:
        os.close(self._file)

    def _finish(self, connection: Connection) -> bool:
        if not self._empty_log(connection):
            return False
        clean(self._file, sorted(self._written))
        os.fsync(self._file)
        connection.execute("PRAGMA shrink_memory")
        connection.execute(SQL["scrubbed"])
        self._next = 0
        return True

    def _empty_log(self, connection: Connection) -> bool:
        """Move the log into the file and truncate it; False while a reader is in the way."""
        self._written.update(pages_in_log(self._log))
        connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        blocked = single(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))[0]
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        return not blocked


def clean(file: int, numbers: Iterable[int]) -> None:
    """Zero the unused space in the middle of these pages. No reader looks at it, so none is disturbed."""
    for number in numbers:
        if number >= LARGEST:
            return
        place = (number - 1) * PAGE
        page = os.pread(file, PAGE, place)
        start, end = unused_space(page, 100 if number == 1 else 0)
        if page[start:end].strip(b"\0"):
            os.pwrite(file, bytes(end - start), place + start)


def unused_space(page: bytes, header: int) -> tuple[int, int]:
    """Where the space between a page's cell pointers and its cells begins and ends; (0, 0) for any other page."""
    length = _TREES.get(page[header], 0) if len(page) == PAGE else 0
    if not length:
        return 0, 0
    cells = int.from_bytes(page[header + 3 : header + 5], "big")
    start = header + length + 2 * cells
    end = int.from_bytes(page[header + 5 : header + 7], "big")
    return (start, end) if start < end <= PAGE else (0, 0)


def pages_in_log(log: Path) -> set[int]:
    """The numbers of all pages that the write-ahead log holds, of earlier rounds, too."""
    try:
        file = os.open(log, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return set()
    try:
        frames = range(_WAL_HEADER, os.fstat(file).st_size, _FRAME_HEADER + PAGE)
        return {int.from_bytes(os.pread(file, 4, frame), "big") for frame in frames} - {0}
    finally:
        os.close(file)
