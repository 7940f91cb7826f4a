"""Importer: the contract of reading one format of conversations into parcels, of which one writer makes threads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from laneway.domain.errors import Invalid
from laneway.domain.parcel import Parcel

MANIFEST = "laneway-export.json"
"""The file of an export of ours that says what it is."""
VERSION = 1
"""The version of the export format that is written and read here."""


class BadImport(Invalid):
    """The upload is not what it is said to be, or over a bound; nothing of it has been imported."""

    code = "bad_import"
    title = "Bad import"


class Unreadable(Exception):
    """One file of an upload cannot be read; the others can. Its text is the reason."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is not imported, by its path in the upload, and why."""

    path: str
    reason: str


class Upload(Protocol):
    """What was sent: one file, or a zip that is never unpacked to disk. No name in it is ever used as a path."""

    @property
    def is_zip(self) -> bool:
        """Whether it is a zip with files in it."""
        ...

    def names(self) -> tuple[str, ...]:
        """The files of the zip whose names are relative and stay inside of it, sorted; empty when it is one file."""
        ...

    def refused(self) -> tuple[Skipped, ...]:
        """The files of the zip that are not among `names`, and why."""
        ...

    def read(self, name: str = "") -> bytes:
        """The bytes of a file (of the upload itself without a name). Raises `Unreadable` when it is damaged, or says
        that it is smaller than it is; `BadImport` over the bound of all files together."""
        ...


class Importer(Protocol):
    """Reads one format. Pure but for the upload that it reads; runs on a thread of its own."""

    @property
    def name(self) -> str:
        """What the format is called in a request."""
        ...

    def recognises(self, upload: Upload) -> bool:
        """Whether the upload looks like this format, from its names or its first bytes."""
        ...

    def unpack(self, upload: Upload) -> Iterator[Parcel | Skipped]:
        """Yield sessions with what is in them, in order. Raises `BadImport` when the whole cannot be read, or is over a
        bound; what cannot be read by itself is yielded as `Skipped`, and the rest goes on."""
        ...
