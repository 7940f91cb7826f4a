"""Backup: a whole, consistent copy of the database, beside a server that goes on."""

import os
from contextlib import closing
from pathlib import Path

import apsw

from laneway.domain.errors import Conflict, Unavailable
from laneway.stores.sqlite.connection import BUSY_MS, Connection


def copy_database(source: Path, target: Path) -> None:
    """Copy what is committed at this moment into a new file, which has nothing in it of what was deleted before."""
    try:
        # SQLite takes an empty file for a new one, and this one is its owner's alone from the first byte.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except FileExistsError as error:
        raise Conflict(f"{target} is there already.", "Name a new folder for each backup.") from error
    file = apsw.Connection(str(source), apsw.SQLITE_OPEN_READWRITE)
    file.set_busy_timeout(BUSY_MS)
    with closing(file):
        try:
            _copy(file, target)
        except apsw.Error as error:
            target.unlink()
            raise Unavailable(f"The database could not be copied: {error}.") from error


def _copy(connection: Connection, target: Path) -> None:
    connection.execute("VACUUM INTO ?", (str(target),))
