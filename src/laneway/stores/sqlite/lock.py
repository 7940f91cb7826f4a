"""Lock: keeps a second server out of a data directory for as long as the first one lives."""

import fcntl
import os
import re
from pathlib import Path

from laneway.domain.errors import Conflict

LOCK_NAME = "laneway.lock"


class DirectoryLock:
    """An exclusive lock on a directory. The kernel releases it when the process ends, however it ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOCK_NAME
        self._file: int | None = None

    def __enter__(self) -> "DirectoryLock":
        """Take the lock; raises `Conflict` with the holder's process id when it is taken."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = re.match(rb"pid (\d+)", os.read(file, 100))
            os.close(file)
            name = f"process {holder[1].decode()}" if holder else "another process"
            raise Conflict(
                f"The data directory {self._path.parent} is in use by {name}.",
                hint="Stop that server, or choose another data directory.",
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"pid {os.getpid()} serves this directory\n".encode())
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        # The file stays: if it were removed, two holders could lock two files of one name.
        if self._file is not None:
            os.close(self._file)
            self._file = None
