"""A whole Laneway behind its HTTP server, in this process, on a clock that stands still."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec
from starlette.types import ASGIApp

from laneway.agent import Agent
from laneway.api import create_api
from laneway.app import App
from laneway.client.asgi import StreamingAsgiTransport
from laneway.client.sse import Frame, FrameReader
from laneway.config import load
from laneway.runtime.projection import Projection
from laneway.runtime.tracing import Tracing
from laneway.testing.clock import FakeClock
from tests.postgres import schema

HOST = "127.0.0.1:8420"
BASE = f"http://{HOST}"
API = "/api/v1"
MISSING = "0123456789ab4def8123456789abcdef"


@dataclass
class Answer:
    """What the server answered, read to its end."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.content)

    @property
    def code(self) -> str:
        return self.json["code"]


class Caller:
    """Somebody who sends requests."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def send(self, method: str, path: str, **request: Any) -> Answer:
        """Send a request; a path without a leading double slash is below the API's base."""
        url = path[1:] if path.startswith("//") else API + path
        response = await self.http.request(method, url, **request)
        return Answer(response.status_code, response.headers, response.content)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.send("GET", path, params=query)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.send("POST", path, json=body, headers=_named(headers))

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.send("PUT", path, json=body, headers=_named(headers))

    async def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.send("PATCH", path, json=body, headers=_named(headers))

    async def delete(self, path: str, **headers: str) -> Answer:
        return await self.send("DELETE", path, headers=_named(headers))

    async def made(self, path: str, body: Any = None) -> Any:
        """What a POST made."""
        answer = await self.post(path, {} if body is None else body)
        assert answer.status in (200, 201, 202), (answer.status, answer.content)
        return answer.json

    @asynccontextmanager
    async def events(self, path: str, last_event_id: str = "", **query: Any) -> AsyncGenerator["Events"]:
        """Read a stream; leaving the context closes it."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        async with self.http.stream("GET", API + path, params=query, headers=headers) as response:
            assert response.status_code == 200, (response.status_code, await response.aread())
            events = Events(response)
            try:
                yield events
            finally:
                await events.close()

    async def replay(self, path: str, **query: Any) -> list[Frame]:
        """Every event from the beginning to the tail."""
        async with self.events(path, **{"after": "0", **query, "follow": "0"}) as events:
            return [frame async for frame in events.all()]

    async def finished(self, thread_id: str, turns: int = 1) -> None:
        """Wait until so many turns of the thread have ended."""
        ended = 0
        async with self.events(f"/threads/{thread_id}/events", after="0") as events:
            async for frame in events.all():
                ended += frame.event in ENDS
                if ended == turns:
                    return

    async def chat(self, *messages: str, **thread: Any) -> Any:
        """A thread of the script agent in which these messages have been answered, one turn each."""
        made = await self.made("/threads", {"agent_id": "script", **thread})
        for turn, message in enumerate(messages, 1):
            await self.made(f"/threads/{made['id']}/messages", {"message": message})
            await self.finished(made["id"], turn)
        return made


ENDS = {"turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted", "turn.superseded"}


class Events:
    """A stream as it is read."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.raw = b""
        self._chunks = response.aiter_raw()
        self._reader = FrameReader()
        self._frames: list[Frame] = []

    async def all(self) -> AsyncGenerator[Frame]:
        while (frame := await self.next()) is not None:
            yield frame

    async def next(self) -> Frame | None:
        """The next event; None when the stream has ended."""
        while not self._frames:
            try:
                chunk = await anext(self._chunks)
            except StopAsyncIteration:
                return None
            self.raw += chunk
            self._frames += self._reader.feed(chunk)
        return self._frames.pop(0)

    async def until(self, event: str) -> Frame:
        """The next event of a type."""
        async with aclosing(self.all()) as frames:
            async for frame in frames:
                if frame.event == event:
                    return frame
        raise AssertionError(f"the stream ended before {event}")

    async def close(self) -> None:
        await self.response.aclose()


def data_of(frame: Frame) -> dict[str, Any]:
    return msgspec.json.decode(frame.data)


@dataclass
class Harness:
    """The server, and who may call it."""

    app: App
    api: ASGIApp
    clock: FakeClock
    key: str
    callers: list[httpx.AsyncClient]

    def caller(self, key: str | None, headers: Mapping[str, str] | None = None) -> Caller:
        """Somebody with a key, or without one."""
        named = dict(headers or {})
        if key is not None:
            named["Authorization"] = f"Bearer {key}"
        base = f"http://127.0.0.1:{self.app.settings.port}"
        http = httpx.AsyncClient(transport=StreamingAsgiTransport(self.api), base_url=base, headers=named)
        self.callers.append(http)
        return Caller(http)

    @property
    def ada(self) -> Caller:
        """The first user."""
        return self.caller(self.key)

    @asynccontextmanager
    async def ticking(self) -> AsyncGenerator[None]:
        """Let time pass while the context lasts: whoever sleeps wakes, whenever it lay down."""
        task = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _tick(self) -> None:
        while True:
            await self.clock.advance(0.05)
            # What is on its way to the store arrives there before the clock goes on.
            await self.app.store.append(())

    async def streams_closed(self) -> bool:
        """Whether no stream is open any more, once those that were left have had their turn of the loop."""
        for _ in range(100):
            if not self.app.streams.count:
                return True
            await asyncio.sleep(0)
        return False

    async def indexed(self) -> None:
        """Bring the search up to the log, which otherwise happens a moment later."""
        await Projection(self.app.store, self.app.store).catch_up()

    async def other(self, name: str = "bob") -> Caller:
        """Another user."""
        return self.caller(await self.app.credentials.issue_key(name))

    async def fresh(self) -> Caller:
        """A user of whom nobody has heard."""
        return await self.other(uuid.uuid4().hex)

    async def reader(self) -> Caller:
        """The first user, with a key that may only read."""
        return self.caller((await self.ada.made("/keys", {"scope": "read"}))["key"])


@dataclass
class Ground:
    """What the servers of the present tests stand on: SQLite in memory, or a Postgres server that a fixture names."""

    server_url: str | None = None

    @asynccontextmanager
    async def flags(self) -> AsyncGenerator[dict[str, Any]]:
        """The settings that say so."""
        if self.server_url is None:
            yield {"database": ":memory:"}
            return
        with TemporaryDirectory(prefix="laneway-test-", ignore_cleanup_errors=True) as data_dir:
            async with schema(self.server_url) as url:
                yield {"database_url": url, "data_dir": data_dir}


GROUND = Ground()


@asynccontextmanager
async def serving(
    agents: Sequence[Agent] = (), tracing: Tracing | None = None, **flags: Any
) -> AsyncGenerator[Harness]:
    """A started server. Flags are settings; `limits` is a mapping."""
    async with GROUND.flags() as ground, started(agents, {**ground, **flags}, tracing) as harness:
        yield harness


@asynccontextmanager
async def started(
    agents: Sequence[Agent], flags: Mapping[str, Any], tracing: Tracing | None = None
) -> AsyncGenerator[Harness]:
    """A started server on whatever the flags name."""
    settings = load(environ={}, flags={"script_agent": True, "drain_s": 0.0, **flags})
    clock = FakeClock()
    app = App(settings, agents=agents, clock=clock, tracing=tracing)
    await app.start()
    callers: list[httpx.AsyncClient] = []
    try:
        key = await app.credentials.ensure_admin_key(app.data_dir)
        yield Harness(app, create_api(app), clock, key, callers)
    finally:
        for http in callers:
            await http.aclose()
        await app.stop()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
