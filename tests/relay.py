"""Relay: a way over loopback to a Postgres, which a test may cut and mend, or change what passes on it."""

import asyncio
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Relay:
    """Listens for as long as the context lasts; `url` leads through it to the database."""

    def __init__(self, database_url: str) -> None:
        self._parts = urlsplit(database_url)
        self.url = ""
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._is_cut = False

    async def __aenter__(self) -> "Relay":
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
        await self.cut()

    async def cut(self) -> None:
        """End every connection, and let nobody in until it is mended."""
        self._is_cut = True
        for pipe in self._pipes:
            pipe.cancel()
        if self._pipes:
            await asyncio.wait(self._pipes)
        self._pipes.clear()

    def mend(self) -> None:
        """Let connections in again."""
        self._is_cut = False

    def answered(self, piece: bytes) -> bytes:
        """What passes in place of a piece of the server's answer."""
        return piece

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        there, back = await self._connect()
        self._pipes.add(asyncio.create_task(self._pass_on(reader, back, is_answer=False)))
        self._pipes.add(asyncio.create_task(self._pass_on(there, writer, is_answer=True)))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        (host,) = parse_qs(self._parts.query).get("host", [self._parts.hostname or "127.0.0.1"])
        port = self._parts.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, is_answer: bool) -> None:
        try:
            while piece := await source.read(65536):
                target.write(self.answered(piece) if is_answer else piece)
                await target.drain()
        except OSError:
            pass  # one end is gone, and the other is told so
        finally:
            target.close()
