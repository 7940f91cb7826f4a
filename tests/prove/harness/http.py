"""HTTP: a lean client of loopback servers that says exactly what happened to a request: answered, or cut."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httptools
import msgspec

from tests.prove.harness.loopback import loopback

API = "/api/v1"


class Cut(Exception):
    """The connection ended before the answer was whole: nobody knows what became of the request."""


class BudgetSpent(BaseException):
    """The scenario has sent as many requests as it declared."""


class Budget:
    """How many requests this process may still send."""

    def __init__(self) -> None:
        self.spent = 0
        self.limit = 1_000_000

    def take(self) -> None:
        self.spent += 1
        if self.spent > self.limit:
            raise BudgetSpent(f"the scenario declared {self.limit} requests at most")


BUDGET = Budget()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem document; empty for other answers."""
        return str(self.json.get("code", "")) if self.body and b"problem+json" in self._type else ""

    @property
    def _type(self) -> bytes:
        return self.headers.get("content-type", "").encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._whole: asyncio.Future[Answer] | None = None
        self._opened: asyncio.Future[int] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._started = 0.0
        self._news = asyncio.Event()
        self.is_over = False
        self.is_complete = False
        """Whether the answer came to its proper end, rather than with the connection."""

    # --- the transport -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are some, and do not say so.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Cut(f"not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Cut(str(exc or "closed")))

    def _fail(self, error: Cut) -> None:
        self.is_over = True
        self._news.set()
        for waiting in (self._whole, self._opened):
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
        self.abort()

    # --- the parser ----------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._headers, self._body = {}, bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(self._parser.get_status_code())

    def on_body(self, body: bytes) -> None:
        self._body += body
        self._news.set()

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.is_over = True
        self.is_complete = True
        self._news.set()
        if self._whole is not None and not self._whole.done():
            seconds = time.perf_counter() - self._started
            self._whole.set_result(Answer(self._parser.get_status_code(), self._headers, bytes(self._body), seconds))
        elif self._opened is not None:
            self.is_over = True

    # --- asking --------------------------------------------------------------------------------------------------

    async def ask(self, request: bytes) -> Answer:
        """Send one request and wait for the whole answer."""
        self._whole = asyncio.get_running_loop().create_future()
        self._send(request)
        return await self._whole

    async def open(self, request: bytes) -> int:
        """Send a request whose answer does not end; returns its status."""
        self._opened = asyncio.get_running_loop().create_future()
        self._send(request)
        return await self._opened

    async def more(self) -> bytes:
        """What has come since the last call; empty at the end."""
        while not self._body and not self.is_over:
            self._news.clear()
            await self._news.wait()
        taken, self._body = bytes(self._body), bytearray()
        return taken

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    def pause(self) -> None:
        """Read no more from the socket: the server's buffers fill up."""
        if self._transport is not None:
            self._transport.pause_reading()

    def abort(self) -> None:
        """Close with a reset when something is unread."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, request: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            raise Cut("closed before the request")
        self._started = time.perf_counter()
        self._transport.write(request)


class Client:
    """One user of one server. Requests may run side by side; each takes an idle connection or opens one."""

    def __init__(self, host: str, port: int, key: str, through: int = 0) -> None:
        self.host = loopback(host)
        self.port = port
        self.key = key
        self._through = through or port
        """The port to connect to, where a proxy stands between."""
        self._idle: list[Connection] = []

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None, raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Send a request under /api/v1; `key` is its Idempotency-Key. Raises `Cut`."""
        BUDGET.take()
        content = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        more = dict(headers or {}) | ({"Idempotency-Key": key} if key else {})
        request = self.request(method, path, content, more)
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_over:
                break
        else:
            connection = await self.connect()
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.abort()
            raise
        if connection.is_over:
            connection.abort()
        else:
            self._idle.append(connection)
        return answer

    async def get(self, path: str) -> Any:
        """Read a resource; raises when it is refused."""
        return expect(await self.ask("GET", path), 200).json

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> Any:
        """Post and return the answer; raises when it is refused."""
        return expect(await self.ask("POST", path, {} if body is None else body, key=key), 200, 201, 202).json

    def request(self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a request."""
        target = path if path.startswith(("/healthz", "/readyz", "/metrics", "/openapi")) else API + path
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if self.key:
            lines.append(f"Authorization: Bearer {self.key}")
        own = {name.lower() for name in headers or {}}
        if content and "content-type" not in own:
            lines.append("Content-Type: application/json")
        if content or method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(content)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content

    async def connect(self) -> Connection:
        """A new connection; raises `Cut` when nobody listens."""
        try:
            _, connection = await asyncio.get_running_loop().create_connection(Connection, self.host, self._through)
        except OSError as error:
            raise Cut(str(error)) from error
        return connection

    async def stream(self, path: str, after: str | int | None = None) -> tuple[Connection, int]:
        """Open an event stream; returns its connection and the status."""
        BUDGET.take()
        connection = await self.connect()
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        return connection, await connection.open(self.request("GET", path, b"", headers))

    async def chunks(self, path: str, after: str | int | None = None) -> AsyncGenerator[bytes]:
        """The bytes of an event stream, as they come, to its end. Raises `Cut` when it is refused."""
        connection, status = await self.stream(path, after)
        try:
            if status != 200:
                raise Cut(f"the stream was refused with {status}")
            while chunk := await connection.more():
                yield chunk
        finally:
            connection.abort()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().abort()


class Refused(Exception):
    """An answer that should have been another one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body[:300]!r}")
        self.answer = answer


def expect(answer: Answer, *statuses: int) -> Answer:
    """The answer, if its status is one of these."""
    if answer.status not in statuses:
        raise Refused(answer)
    return answer
