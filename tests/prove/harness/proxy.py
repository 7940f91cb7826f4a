"""Proxy: stands between a client and a server on loopback and does to their bytes what bad networks do."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

NEVER = 1 << 60


@dataclass
class Faults:
    """What happens to the connections that are made from now on."""

    cut_request_after: int = NEVER
    """Bytes from the client that are passed on; then both sides are cut."""
    cut_answer_after: int = NEVER
    """Bytes from the server that are passed on; then both sides are cut."""
    is_reset: bool = False
    """Cut with RST instead of FIN."""
    delay_s: float = 0.0
    """Before each piece."""
    trickle: int = NEVER
    """Bytes of a piece at most."""


class Proxy:
    """Listens on a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._target = port
        self._tasks: set[asyncio.Task[None]] = set()
        self.faults = Faults()
        self.port = 0
        self.passed = 0
        """Bytes of answers that were passed on by the newest connection."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = self.faults
        self.passed = 0
        try:
            server_reader, server_writer = await asyncio.open_connection(self._host, self._target)
        except OSError:
            writer.transport.abort()
            return
        cut = asyncio.Event()

        async def passing(source: asyncio.StreamReader, target: asyncio.StreamWriter, left: int, is_up: bool) -> None:
            with contextlib.suppress(OSError):
                while left > 0 and (piece := await source.read(min(65536, left, faults.trickle))):
                    if faults.delay_s:
                        await asyncio.sleep(faults.delay_s)
                    target.write(piece)
                    await target.drain()
                    left -= len(piece)
                    self.passed += 0 if is_up else len(piece)
            cut.set()

        up = asyncio.create_task(passing(reader, server_writer, faults.cut_request_after, is_up=True))
        down = asyncio.create_task(passing(server_reader, writer, faults.cut_answer_after, is_up=False))
        await cut.wait()
        for each in (writer, server_writer):
            _end(each, faults.is_reset)
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _end(writer: asyncio.StreamWriter, is_reset: bool) -> None:
    if is_reset:
        reset(writer)
    else:
        writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST."""
    raw: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def proxy(port: int) -> AsyncGenerator[Proxy]:
    """A proxy in front of a loopback port."""
    made = Proxy("127.0.0.1", port)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
