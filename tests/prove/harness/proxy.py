"""Proxy: stands between a client and a server on loopback and does to their bytes what bad networks do."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

NEVER = 1 << 60

Serving = Coroutine[None, None, None]


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
        self.faults = Faults()
        self.port = 0
        self.passed = 0
        """Bytes of answers that were passed on by the newest connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
    async with accepting(made.serve) as made.port:
        yield made


@asynccontextmanager
async def accepting(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Serving]) -> AsyncGenerator[int]:
    """Serve every connection to a port of its own, which is the value, until the context ends."""
    tasks = set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
