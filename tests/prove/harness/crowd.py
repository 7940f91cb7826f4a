"""Crowd: many streams at once, held by this process, and the raw sockets that behave as no browser would."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Sequence

from tests.prove.harness.http import Client, Connection, Cut

AT_ONCE = 100


async def open_streams(client: Client, paths: Sequence[str], patience_s: float = 0.0) -> list[Connection]:
    """Open a stream for each path, some at a time; refused ones are asked for again while there is patience."""
    held: list[Connection] = []
    left = iter(paths)
    until = time.monotonic() + patience_s

    async def one(path: str) -> None:
        while True:
            with contextlib.suppress(Cut):
                connection, status = await client.stream(path)
                if status == 200:
                    held.append(connection)
                    return
                connection.abort()
            if time.monotonic() > until:
                raise Cut(f"{path} could not be opened")
            await asyncio.sleep(0.05)

    async def some() -> None:
        for path in left:
            await one(path)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(some())
    return held


def raw(client: Client, receive_buffer: int = 0) -> socket.socket:
    """A plain socket to the server."""
    made = socket.socket()
    if receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.connect((client.host, client.port))
    return made


def reset(sock: socket.socket) -> None:
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def p99(values: Sequence[float]) -> float:
    """The value that all but one in a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
