"""ASGI: a transport that talks to an app in this process and, unlike httpx's own, streams what the app sends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class StreamingAsgiTransport(httpx.AsyncBaseTransport):
    """Runs each request as a task of its own; closing a response early is, to the app, a client that went away."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._running: set[_Exchange] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _Exchange(await request.aread(), self._running.discard)
        self._running.add(exchange)
        exchange.run(self._app, _scope(request))
        try:
            start = await exchange.started()
        except BaseException:
            await exchange.aclose()
            raise
        return httpx.Response(start["status"], headers=start.get("headers", []), stream=exchange, request=request)

    async def aclose(self) -> None:
        for exchange in tuple(self._running):
            await exchange.end()


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer. The app waits while the reader is behind, as on a socket."""

    def __init__(self, body: bytes, ended: Callable[["_Exchange"], None]) -> None:
        self._request: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._sent: asyncio.Queue[Message | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(16)
        self._gone = asyncio.Event()
        self._complete = False
        self._ended = ended
        self._task: asyncio.Task[None] | None = None

    def run(self, app: AsgiApp, scope: Message) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(app, scope))
        self._task.add_done_callback(self._finished)

    async def started(self) -> Message:
        if (message := await self._sent.get()) is None:
            raise httpx.RemoteProtocolError("The app ended without an answer.")
        return message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._sent.get()) is not None:
            self._room.release()
            if message.get("body"):
                yield message["body"]
        if not self._complete:
            raise httpx.RemoteProtocolError("The app broke its answer off.")

    async def aclose(self) -> None:
        """Leave. What the app does after a complete answer is its own affair; an incomplete one ends here."""
        self._gone.set()
        self._room.release()
        if not self._complete:
            await self.end()

    async def end(self) -> None:
        """Let the app end by itself for a moment, then make it."""
        if self._task is not None and not self._task.done():
            self._gone.set()
            await asyncio.wait({self._task}, timeout=1.0)
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self, app: AsgiApp, scope: Message) -> None:
        try:
            await app(scope, self._receive, self._send)
        finally:
            if not self._complete:
                self._sent.put_nowait(None)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._ended(self)
        if not task.cancelled():
            # Asked for, so that it is not reported as lost: an app logs what it raises and answers 500 itself.
            task.exception()

    async def _receive(self) -> Message:
        if self._request is not None:
            request, self._request = self._request, None
            return request
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await self._room.acquire()
        if self._gone.is_set():
            self._room.release()  # for whoever waits behind this one
            raise OSError("The client went away.")
        self._sent.put_nowait(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
            self._sent.put_nowait(None)
            self._gone.set()


def _scope(request: httpx.Request) -> Message:
    return {
        "type": "http",
        # 2.3: the app listens for `http.disconnect` itself, as under uvicorn.
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port or 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "state": {},
    }
