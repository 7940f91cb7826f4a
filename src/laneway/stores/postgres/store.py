"""Store: the store contract on a Postgres database that any number of processes share."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from laneway.clock import Clock
from laneway.domain.changes import Decision, Need, View
from laneway.domain.errors import Unavailable
from laneway.domain.event import Delta
from laneway.domain.principal import Principal
from laneway.store import Ask, Committed, Figures, LogRead, Retention, SearchEntry, SearchHit, Snapshot, StoreOptions
from laneway.stores.postgres.compaction import prune_some
from laneway.stores.postgres.connection import Connection, Contended, Lost, connect
from laneway.stores.postgres.erasure import erase_some
from laneway.stores.postgres.figures import read_figures
from laneway.stores.postgres.heartbeat import Heartbeat
from laneway.stores.postgres.locks import taking
from laneway.stores.postgres.log import append_deltas, locks_of_deltas
from laneway.stores.postgres.log_reader import read_log, read_user
from laneway.stores.postgres.pool import Pool, check_pooler
from laneway.stores.postgres.reader import answer
from laneway.stores.postgres.schema import migrate
from laneway.stores.postgres.search import find_entries, index_entries
from laneway.stores.postgres.wall import raise_wall
from laneway.stores.postgres.writer import ATTEMPTS, Writer

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]

READING = 6
WRITING = 10
"""Connections of either. Those that write are others than those that read: when a thousand readers come at once, a
command neither waits for them nor gets a connection on which its statements are still to be prepared."""
INDEXED = 25
"""Search entries in one commit."""


class PostgresStore:
    """Implements `laneway.store.Store`, with its search.

    Times are the database's, and `clock` only spaces attempts.
    The setting `time = clock` is for tests, which make time.
    """

    def __init__(self, url: str, clock: Clock, options: StoreOptions) -> None:
        self._url = url
        self._clock = clock
        self._options = options
        self._time = clock if options.settings.get("time") == "clock" else None
        self._is_walled = options.settings.get("wall") != "off"
        self._open: _Parts | None = None
        self._heartbeat: Heartbeat | None = None
        self._accepted = 0
        self._commits = 0
        self._idle = asyncio.Event()

    async def open(self) -> None:
        if self._open is not None:
            return
        await check_pooler(self._url)
        connection = await connect(self._url)
        try:
            await migrate(connection)
            if self._is_walled:
                await raise_wall(connection)
        finally:
            await connection.close()
        if self._options.node:
            heartbeat = Heartbeat(self._url, self._options.node, self._options.lease_s)
            await asyncio.to_thread(heartbeat.start)
            self._heartbeat = heartbeat
        reading, writing = (Pool(self._url, size, self._is_walled) for size in (READING, WRITING))
        self._open = _Parts(reading, writing, Writer(writing, self._clock, self._time))

    async def close(self) -> None:
        parts, self._open = self._open, None
        if parts is None:
            return
        await parts.writer.close()
        while self._accepted:
            self._idle.clear()
            await self._idle.wait()
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            await asyncio.to_thread(heartbeat.stop)
        await parts.writing.close()
        await parts.reading.close()

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        return await self._parts.writer.submit(principal, needs, decide)

    async def append(self, deltas: Sequence[Delta]) -> tuple[str, ...]:
        async def work(pool: Pool) -> tuple[str, ...]:
            async with pool.lease() as connection, pool.committed(connection, opening=taking(locks_of_deltas(deltas))):
                return await append_deltas(connection, deltas)

        return await self._write(work)

    async def read(self, principal: Principal, *asks: Ask, log: str | None = None) -> Snapshot:
        return await self._look(lambda connection: answer(connection, principal, asks, log), principal.owner)

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        return await self._look(lambda connection: read_log(connection, log, after, limit, thread_id))

    async def read_user(self, owner: str | None, after: tuple[int, int], limit: int) -> LogRead:
        return await self._look(lambda connection: read_user(connection, owner, after, limit), owner)

    async def erase(self, limit: int = 500) -> bool:
        return await self._commit(lambda connection: erase_some(connection, limit))

    async def compact(self, retention: Retention) -> int:
        total = 0
        while pruned := await self._commit(lambda connection: prune_some(connection, retention)):
            total += pruned
        return total

    async def index(self, entries: Sequence[SearchEntry], position: int) -> int:
        # In pieces, so that no lock is held for long. The cursor moves with the last: a crash in between has the rest
        # come again, and to put an entry twice is to put it once.
        while len(entries) > INDEXED:
            some, entries = entries[:INDEXED], entries[INDEXED:]
            await self._commit(lambda connection, some=some: index_entries(connection, some, 0))
        return await self._commit(lambda connection: index_entries(connection, entries, position))

    async def search(
        self, principal: Principal, text: str, session_id: str | None = None, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        return await self._look(
            lambda connection: find_entries(connection, principal, text, session_id, limit), principal.owner
        )

    async def figures(self) -> Figures:
        found = await self._read(lambda connection: read_figures(connection, self._options))
        reading, writer = self._parts.reading, self._parts.writer
        return replace(
            found, commits=self._commits + writer.commits, commands=self._commits + writer.commands,
            connections=reading.size, lent=reading.lent,
        )  # fmt: skip

    async def _look(self, work: Work[T], owner: str | None = None) -> T:
        """Read what one statement tells, which needs no transaction, unless it is to be read behind the wall."""
        if self._is_walled and owner is not None:
            return await self._read(work, owner)

        async def alone(pool: Pool) -> T:
            async with pool.lease() as connection:
                with connection.looking():
                    return await work(connection)

        return await self._again(self._parts.reading, alone)

    async def _read(self, work: Work[T], owner: str | None = None) -> T:
        """Read what several statements tell, as of one moment."""

        async def alone(pool: Pool) -> T:
            owners = None if owner is None else (owner,)
            async with pool.transaction("REPEATABLE READ, READ ONLY", owners) as connection:
                return await work(connection)

        return await self._again(self._parts.reading, alone)

    async def _commit(self, work: Work[T]) -> T:
        async def alone(pool: Pool) -> T:
            async with pool.transaction() as connection:
                return await work(connection)

        return await self._write(alone)

    async def _write(self, work: Callable[[Pool], Awaitable[T]]) -> T:
        """Run a whole transaction, for which `close` waits."""
        self._accepted += 1
        try:
            done = await self._again(self._parts.writing, work)
            self._commits += 1
            return done
        finally:
            self._accepted -= 1
            if not self._accepted:
                self._idle.set()

    async def _again(self, pool: Pool, work: Callable[[Pool], Awaitable[T]]) -> T:
        """Run a transaction, again each time that the database gives it up, and once when the connection is lost."""
        for attempt in range(ATTEMPTS):
            try:
                return await work(pool)
            except Lost:
                if attempt:
                    raise
            except Contended:
                await self._clock.sleep(0)
        raise Unavailable("The database gave the transaction up each time that it was tried.")

    @property
    def _parts(self) -> "_Parts":
        if self._open is None:
            raise Unavailable("The store is not open.")
        return self._open


@dataclass(frozen=True, slots=True)
class _Parts:
    """What an open store consists of."""

    reading: Pool
    writing: Pool
    writer: Writer
