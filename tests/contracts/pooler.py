"""A pooler's face: passes everything on, and names a server process of its own, as every pooler does."""

import asyncio
from urllib.parse import parse_qs, urlsplit, urlunsplit

KEY_DATA = b"K\x00\x00\x00\x0c"
"""How the server's message begins that names its process; the number follows."""


class Pooler:
    """Listens on loopback for as long as the context lasts; `url` leads through it."""

    def __init__(self, database_url: str) -> None:
        self._parts = urlsplit(database_url)
        self.url = ""
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Pooler":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        options = "&".join(each for each in self._parts.query.split("&") if not each.startswith("host="))
        user = self._parts.username or "postgres"
        place = f"{user}@127.0.0.1:{port}"
        self.url = urlunsplit((self._parts.scheme, place, self._parts.path, options, ""))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        if self._pipes:
            await asyncio.wait(self._pipes)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._connect()
        for source, target in ((reader, back), (there, writer)):
            self._pipes.add(asyncio.create_task(_pass_on(source, target)))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        (host,) = parse_qs(self._parts.query).get("host", [self._parts.hostname or "127.0.0.1"])
        port = self._parts.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65536):
            before, mark, after = piece.partition(KEY_DATA)
            target.write(before + mark + b"\x00\x00\x00\x01" + after[4:] if mark else piece)
            await target.drain()
    finally:
        target.close()
