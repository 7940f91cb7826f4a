"""Database: opens the file with the right modes, pragmas and schema."""

import os
import re
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import apsw

from laneway.domain.errors import Conflict
from laneway.stores.sqlite.connection import BUSY_MS, Connection, single
from laneway.stores.sqlite.queries import SQL
from laneway.stores.sqlite.scrub import Scrub

OLDEST_SQLITE = 3_051_003
"""Older libraries can corrupt a WAL database that several connections write."""
MIGRATIONS = Path(__file__).with_name("migrations")
CACHED_STATEMENTS = 500


class Database:
    """One SQLite file, or one database in memory.

    In memory there is a single connection, which reader and writer take in turns; a file has one for each of them.
    """

    def __init__(self, path: Path | None, vfs: str | None = None) -> None:
        """Open or make it; `vfs` names what SQLite reaches files through, so that tests can break the disk."""
        self._path = path
        self._vfs = vfs
        self.turnstile: AbstractContextManager[object] = nullcontext() if path else threading.RLock()
        self.writer: Connection = self._connect(writes=True)
        self.scrub = Scrub(path) if path else None
        try:
            migrate(self.writer)
            # The directory is locked: no other process that is named here can still be alive.
            self.writer.execute(SQL["forget_nodes"])
            self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()
        if self.scrub:
            self.scrub.close()

    def reader(self) -> tuple[Connection, AbstractContextManager[object]]:
        """A connection to read from, and what to hold while reading."""
        if self._path is None:
            return self.writer, self.turnstile
        return self._connect(writes=False), threading.Lock()

    def _connect(self, writes: bool) -> Connection:
        if self._path is None:
            return _configured(apsw.Connection(":memory:", statementcachesize=CACHED_STATEMENTS))
        if writes:
            _create(self._path)
        flags = apsw.SQLITE_OPEN_READWRITE if writes else apsw.SQLITE_OPEN_READONLY
        file = apsw.Connection(str(self._path), flags, self._vfs, CACHED_STATEMENTS)
        file.set_busy_timeout(BUSY_MS)
        connection = _configured(file)
        if writes:
            # The writer checkpoints when nothing waits; inside a commit it would hold up everybody in the group.
            connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
        return connection


def _configured(connection: Connection) -> Connection:
    # What is deleted is overwritten, and no temporary file ever holds a piece of it.
    connection.execute("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _create(path: Path) -> None:
    """Make the file, readable by its owner only, before SQLite does; its side files take over its mode."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    os.fchmod(file, 0o600)
    os.close(file)


def check_library() -> None:
    """Refuse an SQLite library that is known to corrupt data."""
    major, minor, patch = (int(part) for part in apsw.sqlite_lib_version().split("."))
    if major * 1_000_000 + minor * 1000 + patch < OLDEST_SQLITE:
        raise Conflict(f"SQLite {apsw.sqlite_lib_version()} is too old.", hint="Laneway needs 3.51.3 or newer.")


def migrate(connection: Connection) -> None:
    """Bring the schema up to date, each migration whole or not at all; refuses a newer one than is known here."""
    migrations = known_migrations()
    version = int(single(connection.execute("PRAGMA user_version"))[0])
    if version > max(migrations):
        raise Conflict(
            f"The database has schema version {version}; this program knows {max(migrations)}.",
            hint="Start the newer Laneway that wrote it.",
        )
    for number in range(version + 1, max(migrations) + 1):
        text = migrations[number].read_text(encoding="utf-8")
        connection.execute(f"BEGIN IMMEDIATE; {text}; PRAGMA user_version = {number}; COMMIT")
    # A migration may have changed the planner's statistics: this has them read again.
    connection.execute("ANALYZE sqlite_schema")


def known_migrations() -> dict[int, Path]:
    """The migrations that ship with this program, by number."""
    return {int(re.sub(r"_.*", "", path.stem)): path for path in sorted(MIGRATIONS.glob("*.sql"))}
