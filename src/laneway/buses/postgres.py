"""The Postgres bus: a doorbell for every process on one database: one connection each, one NOTIFY a flush."""

import asyncio
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has no stubs; what is used of it is declared below
import structlog

from laneway.bus import Bus
from laneway.clock import Clock
from laneway.domain.errors import Conflict, Unavailable

log = structlog.get_logger(__name__)

PAYLOAD_BYTES = 7900
"""What fits into one NOTIFY is a little more."""
FLUSH_S = 0.002
"""How long rings are gathered. A NOTIFY takes a lock that all commits of the database share, so few are better."""
PATIENCE_S = 5.0
"""A server that takes longer for so little is taken for lost."""
PAUSES_S = (0.1, 0.3, 1.0, 3.0)
"""Between attempts to connect; the last repeats."""
CHECK_S = 10.0
"""How often a connection on which nothing is heard is asked whether it still stands."""


class PostgresBus:
    """Rings in this process through an inner bus, and in all others through LISTEN and NOTIFY.

    While it has no connection it is deaf and mute to the others, which costs them the second until they look by
    themselves. It tries to connect again for as long as it runs.
    """

    def __init__(self, inner: Bus, url: str, clock: Clock) -> None:
        self._inner = inner
        self._url = url
        self._clock = clock
        self._sender = secrets.token_hex(4)
        self._rung: set[str] = set()
        self._has_rung = asyncio.Event()
        self._line: _Line | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._inner.start()
        if self._task is None:
            self._line = await _Line.open(self._url, self._hear, self._has_rung.set)
            self._task = asyncio.create_task(self._carry(), name="bus: rings")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        line, self._line = self._line, None
        if line is not None:
            await line.close(tuple(self._payloads()))
        await self._inner.stop()

    def ring(self, topics: Iterable[str]) -> None:
        topics = frozenset(topics)
        self._inner.ring(topics)
        if self._task is not None:
            self._rung |= topics
            self._has_rung.set()

    def listen(self, hear: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        return self._inner.listen(hear)

    def _hear(self, payload: str) -> None:
        sender, *topics = payload.split("\n")
        if sender != self._sender:
            self._inner.ring(topics)

    # --- carrying ------------------------------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Send what has been rung, again and again; connect again when the connection is lost."""
        while True:
            line = self._line or await self._connect()
            try:
                await self._wait_for_rings()
                await line.send(tuple(self._payloads()))
                await self._clock.sleep(FLUSH_S)
            except Unavailable as lost:
                log.warning("bus lost its connection", detail=lost.detail)
                self._line = None
                line.terminate()

    async def _wait_for_rings(self) -> None:
        try:
            async with asyncio.timeout(CHECK_S):
                await self._has_rung.wait()
        except TimeoutError:
            pass  # nothing was rung: what is sent then only asks whether the other end is there
        self._has_rung.clear()

    async def _connect(self) -> "_Line":
        attempt = 0
        while True:
            # What could not be rung is late by now: who was meant has looked by himself.
            self._rung.clear()
            try:
                self._line = await _Line.open(self._url, self._hear, self._has_rung.set)
                return self._line
            except (Unavailable, Conflict) as refused:
                pause = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
                log.warning("bus cannot connect", detail=refused.detail, again_in_s=pause)
                await self._clock.sleep(pause)
                attempt += 1

    def _payloads(self) -> Iterator[str]:
        """What has been rung, in as few payloads as hold it."""
        topics, self._rung = self._rung, set()
        payload, size = [self._sender], len(self._sender)
        for topic in topics:
            length = 1 + len(topic.encode())
            if size + length > PAYLOAD_BYTES:
                yield "\n".join(payload)
                payload, size = [self._sender], len(self._sender)
            payload.append(topic)
            size += length
        if len(payload) > 1:
            yield "\n".join(payload)


class _Driver(Protocol):
    async def fetchval(self, query: str, /, *bindings: object) -> Any: ...
    async def add_listener(self, channel: str, callback: Callable[..., None], /) -> None: ...
    def add_termination_listener(self, callback: Callable[[object], None], /) -> None: ...
    async def close(self) -> None: ...
    def get_server_pid(self) -> int: ...
    def terminate(self) -> None: ...


class _Line:
    """One connection that listens and notifies."""

    def __init__(self, driver: _Driver, channel: str) -> None:
        self._driver = driver
        self._channel = channel

    @classmethod
    async def open(cls, url: str, hear: Callable[[str], None], is_lost: Callable[[], None]) -> "_Line":
        """Connect and listen; `is_lost` is called when the connection ends.

        Raises `Unavailable`, and `Conflict` where a pooler stands between: nothing would ever be heard there.
        """
        with _patience():
            async with asyncio.timeout(PATIENCE_S):
                driver = await _connect(url)
                try:
                    await _refuse_pooler(driver)
                    # One channel a schema: two that share a database have nothing to tell each other.
                    schema = await driver.fetchval("SELECT current_schema()")
                    line = cls(driver, f"laneway_{schema}"[:63])
                    await driver.add_listener(line._channel, lambda *heard: hear(str(heard[-1])))
                except BaseException:
                    driver.terminate()
                    raise
        driver.add_termination_listener(lambda _: is_lost())
        return line

    async def send(self, payloads: tuple[str, ...]) -> None:
        """Notify, in one transaction; without payloads, only see whether the other end is there."""
        text = "SELECT count(pg_notify($1, payload)) FROM unnest($2::text[]) AS payload"
        with _patience():
            async with asyncio.timeout(PATIENCE_S):
                await self._driver.fetchval(text, self._channel, payloads)

    async def close(self, payloads: tuple[str, ...]) -> None:
        """Send a last word, if it is taken, and say goodbye."""
        try:
            await self.send(payloads)
            with _patience():
                async with asyncio.timeout(PATIENCE_S):
                    await self._driver.close()
        except Unavailable:
            self.terminate()

    def terminate(self) -> None:
        """Drop the connection at once."""
        self._driver.terminate()


# A connection that is cut while a query goes out makes the driver speak of its own state: an internal error.
_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@contextmanager
def _patience() -> Generator[None]:
    """Whatever a server can do to us means one thing: nothing is rung or heard for now."""
    try:
        yield
    except (*_FAULTS, TimeoutError, ValueError) as error:
        raise Unavailable(f"The database neither takes nor gives rings: {error!r}.") from error


async def _connect(url: str) -> _Driver:
    settings = {"application_name": "laneway bus", "jit": "off"}
    made = cast(object, await asyncpg.connect(url, server_settings=settings, statement_cache_size=0))  # pyright: ignore[reportUnknownMemberType] - no stubs
    return cast(_Driver, made)  # the driver's class declares no types


async def _refuse_pooler(driver: _Driver) -> None:
    # A pooler answers the start of a connection itself, so the number of the process that it names is another.
    if driver.get_server_pid() != await driver.fetchval("SELECT pg_backend_pid()"):
        raise Conflict(
            "A connection pooler stands before the database, and LISTEN needs a connection of its own.",
            "Set database_direct_url to the address of the server itself.",
        )
