"""Transfer: the part of a lane that takes sessions out and conversations in."""

from collections.abc import AsyncGenerator

import httpx

from laneway.client.connection import Connection, route
from laneway.client.resources import ImportResource
from laneway.domain.parcel import ImportFormat

PATIENT = httpx.Timeout(30.0, read=None)
"""An import is answered when all of it has been recorded."""


class Transfers:
    """The part of a `Lane` that is about import and export."""

    _connection: Connection

    async def export_session(self, session_id: str) -> AsyncGenerator[bytes]:
        """A session as a zip, piece by piece: JSON lines, a Markdown page a thread, and its files."""
        async with self._connection.download(route("sessions", session_id, "export")) as chunks:
            async for chunk in chunks:
                yield chunk

    async def import_file(self, content: bytes, format: ImportFormat | None = None) -> ImportResource:
        """Make threads of the conversations in a file; without a format it is recognised. Again it makes nothing."""
        fields = {} if format is None else {"format": format}
        file = ("import", content, "application/octet-stream")
        return await self._connection.upload("/import", ImportResource, file, fields, PATIENT)
