"""The server on a real socket: what only uvicorn and TCP can show."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from tests.api.harness import Harness, serving

GUARD_S = 60.0
"""A wait that takes longer than this is a hang."""


@dataclass
class Listening:
    """A server that can be reached."""

    server: Harness
    port: int
    uvicorn: uvicorn.Server

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def raw(self, request: str, *, linger: bool = False) -> socket.socket:
        """A connection on which a request has been sent, and nothing is read."""
        loop = asyncio.get_running_loop()
        client = socket.socket()
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if linger:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await loop.sock_connect(client, ("127.0.0.1", self.port))
        await loop.sock_sendall(client, request.encode())
        return client

    def get(self, path: str) -> str:
        return (
            f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {self.server.key}\r\n\r\n"
        )


@asynccontextmanager
async def listening(**flags: Any) -> AsyncGenerator[Listening]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        async with serving(port=port, **flags) as server:
            config = uvicorn.Config(server.api, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
            listener = uvicorn.Server(config)
            task = asyncio.create_task(listener.serve(sockets=[bound]))
            while not listener.started:  # noqa: ASYNC110 - uvicorn says by this alone that it listens
                await asyncio.sleep(0)
            try:
                yield Listening(server, port, listener)
            finally:
                server.app.streams.close_all("server_stopping")
                listener.should_exit = True
                async with server.ticking():
                    await task


async def test_a_reader_that_stops_reading_is_cut_off_and_the_others_go_on():
    async with listening() as there:
        server = there.server
        thread = await server.ada.made("/threads", {"settings": {"paused": True}})
        events = f"/threads/{thread['id']}/events?after=0"
        slow = await there.raw(there.get(events))
        async with (
            httpx.AsyncClient(base_url=there.base, headers={"Authorization": f"Bearer {server.key}"}) as http,
            http.stream("GET", f"/api/v1{events}") as quick,
        ):
            lines = quick.aiter_lines()
            for number in range(95):
                body = {"message": f"{number} " + "x" * 60_000}
                await server.ada.made(f"/threads/{thread['id']}/messages", body)
                await found(lines, f'"{number} xx')
            async with server.ticking():
                await comes_down(lambda: server.app.streams.count, to=1)
            await comes_down(lambda: len(there.uvicorn.server_state.connections), to=1)

        # What had reached the kernel is read, and then the end: the server has let go of the socket.
        assert await ended(slow)
        assert await server.streams_closed()


async def found(lines: AsyncIterator[str], marker: str) -> None:
    async for line in lines:
        if marker in line:
            return


async def comes_down(count: Callable[[], int], to: int) -> None:
    async with asyncio.timeout(GUARD_S):
        while count() > to:  # noqa: ASYNC110 - nobody tells of a socket that has closed
            await asyncio.sleep(0)


async def opened(server: Harness, streams: int) -> None:
    async with asyncio.timeout(GUARD_S):
        while server.app.streams.count < streams:  # noqa: ASYNC110 - they open one by one, and tell nobody
            await asyncio.sleep(0)


async def ended(client: socket.socket) -> bool:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(GUARD_S):
        try:
            while await loop.sock_recv(client, 1 << 20):
                pass
        except ConnectionError:
            pass
    client.close()
    return True


async def test_connections_reset_before_the_answer_leave_no_stream_behind():
    async with listening(limits={"streams_per_user": 0}) as there:
        thread = await there.server.ada.made("/threads")
        request = there.get(f"/threads/{thread['id']}/events")

        for _ in range(50):
            clients = [await there.raw(request, linger=True) for _ in range(20)]
            for client in clients:
                client.close()

        await comes_down(lambda: len(there.uvicorn.server_state.connections), to=0)
        assert await there.server.streams_closed()
        async with there.server.ada.events(f"/threads/{thread['id']}/events", after="0", follow="0") as events:
            assert await events.next() is not None


async def test_stopping_with_open_streams_takes_no_longer_than_closing_them():
    async with listening() as there:
        thread = await there.server.ada.made("/threads")
        clients = [await there.raw(there.get(f"/threads/{thread['id']}/events")) for _ in range(30)]
        await opened(there.server, 30)

    for client in clients:
        assert await ended(client)


async def test_the_counter_is_the_number_of_open_streams():
    async with listening() as there:
        server = there.server
        thread = await server.ada.made("/threads")
        clients = [await there.raw(there.get(f"/threads/{thread['id']}/events")) for _ in range(5)]
        await opened(server, 5)

        text = (await server.ada.send("GET", "//metrics")).content.decode()
        for client in clients:
            client.close()
        await comes_down(lambda: server.app.streams.count, to=0)
        after = (await server.ada.send("GET", "//metrics")).content.decode()

        assert "laneway_streams_open 5.0" in text
        assert "laneway_streams_open 0.0" in after
        assert "laneway_requests_total" in text
        assert "laneway_turns_running" in text
        assert "laneway_queue_oldest_seconds" in text
        assert "laneway_events_refused_total" in text
