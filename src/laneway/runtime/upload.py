"""Upload: what was sent to be imported, read within bounds, whatever its headers say."""

import zipfile
import zlib
from pathlib import Path

from laneway.importer import BadImport, Skipped, Unreadable

CHUNK = 256 * 1024
FILES = 50_000
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LINK = 0o120000
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class UploadedFile:
    """An upload that lies in a file. `max_bytes` bounds all that is read of it, unpacked."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._left = max_bytes
        self._max_bytes = max_bytes
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._refused: list[Skipped] = []
        with path.open("rb") as file:
            # An archive may begin with anything: only one that begins as a zip is taken for one.
            self.is_zip = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        if self.is_zip:
            self._list()

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._members))

    def refused(self) -> tuple[Skipped, ...]:
        return tuple(self._refused)

    def read(self, name: str = "") -> bytes:
        if not name:
            return self._whole()
        if name not in self._members:
            raise Unreadable("it is not in the upload")
        info = self._members[name]
        chunks: list[bytes] = []
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(info) as file:
                # Neither the size that is told nor the ratio is believed: what comes out is counted.
                while chunk := file.read(CHUNK):
                    self._take(len(chunk))
                    chunks.append(chunk)
        except _DAMAGED as error:
            raise Unreadable(f"it is damaged: {error}") from error
        return b"".join(chunks)

    def _whole(self) -> bytes:
        self._take(self._path.stat().st_size)
        return self._path.read_bytes()

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise BadImport(f"An import may have {self._max_bytes} bytes, unpacked (import_unpacked_bytes).")

    def _list(self) -> None:
        try:
            with zipfile.ZipFile(self._path) as archive:
                members = archive.infolist()
        except _DAMAGED as error:
            raise BadImport(f"The zip cannot be read: {error}.", "Is it whole?") from error
        if len(members) > FILES:
            raise BadImport(f"A zip may have {FILES} files.")
        for info in members:
            if info.is_dir():
                continue
            reason = "there is another file of that name" if info.filename in self._members else _unfit(info)
            if reason is None:
                self._members[info.filename] = info
            else:
                self._refused.append(Skipped(info.filename, reason))


def _unfit(info: zipfile.ZipInfo) -> str | None:
    """Why a file of a zip is not read."""
    name = info.filename
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"):
        return "its name leads out of the upload"
    if not name.isprintable() or len(name) > 1000:
        return "its name is not a plain one"
    if (info.external_attr >> 16) & 0o170000 == _LINK:
        return "it is a link"
    if info.flag_bits & 1:
        return "it is encrypted"
    return None if info.compress_type in _READABLE else "it is compressed in a way that is not read here"
