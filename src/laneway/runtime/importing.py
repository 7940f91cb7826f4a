"""Importing: takes uploads in: finds who reads them, and has what they say written."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from laneway.domain.parcel import Parcel
from laneway.domain.principal import Principal
from laneway.importer import BadImport, Importer, Skipped
from laneway.runtime.parcel_writer import Imported, ImportServices, ParcelWriter
from laneway.runtime.upload import UploadedFile

AT_ONCE = 64
"""Parcels that are read before what they say is recorded."""


class Imports:
    """Takes uploads in. Two at once in a process: each may hold much in memory."""

    def __init__(self, services: ImportServices, importers: Sequence[Importer]) -> None:
        self._services = services
        self._importers = {each.name: each for each in importers}
        self._places = asyncio.Semaphore(2)

    async def take_in(self, principal: Principal, path: Path, format_: str | None) -> Imported:
        """Import a file that was uploaded; without a format it is recognised. Raises `BadImport` with nothing made."""
        async with self._places:
            importer = await asyncio.to_thread(self._importer, path, format_)
            upload = await asyncio.to_thread(self._opened, path)
            imported = Imported(importer.name)
            writer = ParcelWriter(self._services, principal, upload, imported)
            parcels = importer.unpack(upload)
            try:
                while some := await asyncio.to_thread(_take, parcels):
                    for each in some:
                        await writer.add(each)
            except BadImport as error:
                if not writer.has_begun:
                    raise
                # A bound was reached on the way: what stands before it is here already.
                imported.skip("the rest", error.detail)
            await writer.end()
            return imported

    def _importer(self, path: Path, format_: str | None) -> Importer:
        if format_ is not None:
            return self._importers[format_]
        # Each looks at the upload anew: what one of them has read counts for no other.
        found = next((each for each in self._importers.values() if each.recognises(self._opened(path))), None)
        if found is None:
            raise BadImport("The file is none of the known formats.", f"Say which it is: {', '.join(self._importers)}.")
        return found

    def _opened(self, path: Path) -> UploadedFile:
        return UploadedFile(path, self._services.bounds.unpacked_bytes or 2**62)


def _take(parcels: Iterator[Parcel | Skipped]) -> list[Parcel | Skipped]:
    return list(islice(parcels, AT_ONCE))
