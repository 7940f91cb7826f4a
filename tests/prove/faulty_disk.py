"""A disk that loses power or refuses a write, at any operation one likes, under SQLite's own file handling."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512


class ShortWrite(apsw.FullError):
    """The disk took the first half of a write, and then no more."""


@dataclass
class FileState:
    """What the platters hold for sure, and what has been written since and may or may not be there."""

    durable: bytearray
    pending: list[tuple[int, bytes] | int] = field(default_factory=list[tuple[int, bytes] | int])
    """Writes as (offset, data), truncations as the new size, in order."""


class FaultyDisk(apsw.VFS):
    """Passes everything on to the real file system, counts what changes a file, and asks `fault` before each of them.

    `fault(operation, number)` raises to let the operation fail. After `cut_at` operations the power is gone: `image`
    holds what a machine would find when it comes back, and every further operation fails.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, FileState] = {}
        self.operations = 0
        self.cut_at: int | None = None
        self.fault: Callable[[str, int], None] | None = None
        self.image: dict[str, bytes] | None = None
        self._random = random.Random(0)
        super().__init__(name, "")

    def power_on(self, directory: Path, randomness: random.Random, cut_at: int | None) -> None:
        """Begin with the files of a directory, all of them durable."""
        self.files = {str(path): FileState(bytearray(path.read_bytes())) for path in directory.iterdir()}
        self.operations, self.cut_at, self.image, self._random = 0, cut_at, None, randomness

    def cut_power(self) -> dict[str, bytes]:
        """Take the image: of each sector that was not synced, the new content, the old, or a part of each."""
        if self.image is None:
            keeping = self._random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
            self.image = {path: self._survives(state, keeping) for path, state in self.files.items()}
        return self.image

    def before(self, operation: str) -> None:
        """Count an operation, and fail it where that was asked for."""
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            self.cut_power()
        if self.image is not None:
            raise apsw.IOError("the power is gone")
        if self.fault is not None:
            self.fault(operation, self.operations)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - the name is SQLite's
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self.files.setdefault(path, FileState(bytearray()))
        return FaultyFile(self, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - the name is SQLite's
        self.before("delete")
        super().xDelete(filename, syncdir)
        self.files.pop(filename, None)

    def _survives(self, state: FileState, keeping: float) -> bytes:
        content = bytearray(state.durable)
        for change in state.pending:
            if isinstance(change, int):
                if self._random.random() < keeping:
                    resize(content, change)
                continue
            offset, data = change
            while data:
                piece, data = data[: SECTOR - offset % SECTOR], data[SECTOR - offset % SECTOR :]
                if (fate := self._random.random()) < keeping:
                    write(content, offset, piece)
                elif fate < keeping + 0.1:
                    write(content, offset, piece[: self._random.randrange(len(piece) + 1)])
                offset += len(piece)
        return bytes(content)


class FaultyFile(apsw.VFSFile):
    """A file on a faulty disk."""

    def __init__(self, disk: FaultyDisk, path: str, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._path = path
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - the name is SQLite's
        try:
            self._disk.before("write")
        except ShortWrite:
            self._write(data[: len(data) // 2], offset)
            raise
        self._write(data, offset)

    def _write(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)  # pyright: ignore[reportUnknownMemberType] - its stub names a type of Python 3.12
        self._state.pending.append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - the name is SQLite's
        self._disk.before("truncate")
        super().xTruncate(newsize)
        self._state.pending.append(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - the name is SQLite's
        self._disk.before("sync")
        state = self._state
        for change in state.pending:
            if isinstance(change, int):
                resize(state.durable, change)
            else:
                write(state.durable, *change)
        state.pending.clear()

    @property
    def _state(self) -> FileState:
        return self._disk.files.setdefault(self._path, FileState(bytearray()))


def write(content: bytearray, offset: int, data: bytes) -> None:
    if not data:
        return
    resize(content, max(len(content), offset + len(data)))
    content[offset : offset + len(data)] = data


def resize(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))
