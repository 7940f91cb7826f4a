"""Attachments: the bytes of files, stored under their SHA-256; no name that a user gave becomes a path."""

import asyncio
import contextlib
import hashlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from laneway.domain.errors import NotFound, TooLarge

_SHA256 = re.compile(r"[0-9a-f]{64}")
FRESH_S = 10.0


class Attachments:
    """Content-addressed files. Equal files of several sessions share their bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, chunks: AsyncIterator[bytes], max_bytes: int) -> tuple[str, int]:
        """Store a stream; return its SHA-256 and size. Raises `TooLarge` past `max_bytes`, keeping nothing."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self._folder, prefix="incoming-", delete=False) as file:
            try:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > max_bytes:
                        raise TooLarge(f"A file may have {max_bytes} bytes (attachment_bytes).")
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_seal, file.fileno(), file.flush)
                os.replace(file.name, self._folder / digest.hexdigest())
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(file.name)
                raise
        return digest.hexdigest(), size

    def path(self, sha256: str) -> Path:
        """Where the bytes lie; raises `NotFound` for anything that is not the name of a stored, regular file."""
        path = self._folder / sha256
        if not _SHA256.fullmatch(sha256) or path.is_symlink() or not path.is_file():
            raise NotFound
        return path

    async def collect(self, named: Callable[[Sequence[str]], Awaitable[set[str]]]) -> bool:
        """Remove bytes that no attachment names any more; True while some are too fresh to be judged.

        Bytes are stored before the record that names them, so what came within the last seconds is left alone.
        """
        try:
            now, stored = await asyncio.to_thread(self._look)
        except OSError:
            return True  # the disk is full, or away: the next pass looks again
        old = [name for name, written_at in stored.items() if now - written_at >= FRESH_S]
        for start in range(0, len(old), 100):
            some = old[start : start + 100]
            for name in set(some) - await named(some):
                # Somebody may have stored the same bytes again in the meantime.
                if _written_at(self._folder / name) == stored[name]:
                    (self._folder / name).unlink(missing_ok=True)
        return len(old) < len(stored)

    def _look(self) -> tuple[float, dict[str, float]]:
        """The time, and when each file was written; an upload that a death cut off counts as a file, too.

        Both by the clock of the folder's own file system: several machines may share it, whose clocks differ, and a
        file that another one has just stored must not look old.
        """
        if not self._folder.is_dir():
            return 0.0, {}
        with NamedTemporaryFile(dir=self._folder, prefix="now-") as probe:
            now = os.stat(probe.name).st_mtime
        here = [each.name for each in os.scandir(self._folder) if each.is_file()]
        times = {name: _written_at(self._folder / name) for name in here}
        return now, {name: written_at for name, written_at in times.items() if written_at is not None}


def _written_at(path: Path) -> float | None:
    """When a file was written; None when another process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None


def _seal(descriptor: int, flush: object) -> None:
    if callable(flush):
        flush()
    os.fsync(descriptor)
