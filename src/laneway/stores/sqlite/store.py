"""Store: the store contract on one SQLite file, or in memory."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, TypeVar

import apsw

from laneway.clock import Clock
from laneway.domain.changes import Decision, Need, View
from laneway.domain.errors import Unavailable
from laneway.domain.event import Delta
from laneway.domain.principal import Principal
from laneway.store import Ask, Committed, Figures, LogRead, Retention, SearchEntry, SearchHit, Snapshot, StoreOptions
from laneway.stores.sqlite.compaction import prune_some
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.database import Database, check_library
from laneway.stores.sqlite.erasure import erase_some
from laneway.stores.sqlite.figures import read_figures
from laneway.stores.sqlite.heartbeat import Heartbeat
from laneway.stores.sqlite.lock import DirectoryLock
from laneway.stores.sqlite.log import append_deltas
from laneway.stores.sqlite.log_reader import read_log, read_user
from laneway.stores.sqlite.reader import Reader, TooLong, answer
from laneway.stores.sqlite.search import find_entries, index_entries, search_cursor, searches
from laneway.stores.sqlite.transaction import transact
from laneway.stores.sqlite.writer import Committer, Writer

T = TypeVar("T")

READERS = 2
"""Threads for reads that may take long."""
INDEXED = 25
"""Search entries in one commit."""
CURSOR_STEP = 256
"""Positions that the search projection may be ahead of what is written down of it."""
SHORT = 3000
"""Steps that a read may take on the caller's own thread: some tenths of a millisecond."""


class SQLiteStore:
    """Implements `laneway.store.Store`, with its search. The directory of `path`, the database file, is locked."""

    def __init__(self, path: Path | Literal[":memory:"], clock: Clock, options: StoreOptions) -> None:
        self._path = path if isinstance(path, Path) else None
        self._clock = clock
        self._options = options
        self._open: _Parts | None = None

    async def open(self) -> None:
        if self._open is not None:
            return
        try:
            self._open = await asyncio.to_thread(_Parts, self._path, self._clock, self._options)
        except apsw.Error as error:
            raise Unavailable(f"The database {self._path} could not be opened: {error}.") from error

    async def close(self) -> None:
        parts, self._open = self._open, None
        if parts is not None:
            await asyncio.to_thread(parts.close)

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        return await self._parts.writer.submit(
            lambda connection: transact(connection, principal, needs, decide, self._clock.now())
        )

    async def append(self, deltas: Sequence[Delta]) -> tuple[str, ...]:
        return await self._parts.writer.submit(lambda connection: append_deltas(connection, deltas))

    async def read(self, principal: Principal, *asks: Ask, log: str | None = None) -> Snapshot:
        def work(connection: Connection) -> Snapshot:
            return answer(connection, principal, asks, log)

        return await (self._read_far if searches(asks) else self._read)(work)

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        return await self._read(lambda connection: read_log(connection, log, after, limit, thread_id))

    async def read_user(self, owner: str | None, after: tuple[int, int], limit: int) -> LogRead:
        return await self._read(lambda connection: read_user(connection, owner, after, limit))

    async def erase(self, limit: int = 500) -> bool:
        writer, scrub = self._parts.writer, self._parts.database.scrub
        if await writer.submit(lambda connection: erase_some(connection, limit)):
            return True
        if scrub is None:
            return False
        return await writer.submit(scrub.forget_terms) or await writer.submit_alone(scrub.step)

    async def compact(self, retention: Retention) -> int:
        total = 0
        while pruned := await self._parts.writer.submit(lambda connection: prune_some(connection, retention)):
            total += pruned
        return total

    async def index(self, entries: Sequence[SearchEntry], position: int) -> int:
        # In pieces, so that nobody's commit waits for all of them. The cursor moves behind the last, and a crash in
        # between has the rest come again: to put an entry twice is to put it once.
        parts = self._parts
        for start in range(0, len(entries), INDEXED):
            some = entries[start : start + INDEXED]
            await parts.writer.submit(lambda connection, some=some: index_entries(connection, some, 0))
        parts.indexed = max(parts.indexed, position)
        # Most of what is told has nothing to be found by: that is not worth a commit each time.
        if entries or parts.indexed - parts.indexed_kept >= CURSOR_STEP:
            parts.indexed_kept = await parts.writer.submit(parts.keep_indexed)
        return parts.indexed

    async def search(
        self, principal: Principal, text: str, session_id: str | None = None, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        return await self._read_far(lambda connection: find_entries(connection, principal, text, session_id, limit))

    async def figures(self) -> Figures:
        parts = self._parts
        now, options = self._clock.now(), self._options
        found = await self._read(lambda connection: read_figures(connection, parts.indexed, now, options))
        return replace(found, commits=parts.committer.commits, commands=parts.committer.commands)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        # A short read takes less time than the hop to another thread and back; a long one must not hold up the loop.
        try:
            return self._parts.near.read_within(SHORT, work)
        except TooLong:
            return await self._read_far(work)

    async def _read_far(self, work: Callable[[Connection], T]) -> T:
        # Searches come here at once: the index takes its own time over a frequent word, between two steps.
        return await asyncio.get_running_loop().run_in_executor(self._parts.threads, self._parts.read_far, work)

    @property
    def _parts(self) -> "_Parts":
        if self._open is None:
            raise Unavailable("The store is not open.")
        return self._open


class _Parts:
    """What an open store consists of. Built and closed on a thread, because both touch the disk."""

    def __init__(self, path: Path | None, clock: Clock, options: StoreOptions) -> None:
        check_library()
        with ExitStack() as opened:
            if path is not None:
                opened.enter_context(DirectoryLock(path.parent))
            self.database = opened.enter_context(Database(path))
            self.near = opened.enter_context(Reader(*self.database.reader()))
            self._idle: SimpleQueue[Reader] = SimpleQueue()
            for _ in range(READERS):
                self._idle.put(opened.enter_context(Reader(*self.database.reader())))
            self.threads = opened.enter_context(ThreadPoolExecutor(READERS, thread_name_prefix="laneway-reader"))
            self.committer = Committer(self.database)
            self.writer = opened.enter_context(Writer(self.committer))
            self.indexed = self.indexed_kept = self.near.read(search_cursor)
            opened.callback(self._finish_indexing)
            if options.node:
                opened.enter_context(Heartbeat(self.writer, clock, options.node, options.lease_s))
            # From here on `close` gives back, in the opposite order, what was opened.
            self._opened = opened.pop_all()

    def read_far(self, work: Callable[[Connection], T]) -> T:
        """Read on the calling thread, which is one of `threads`."""
        reader = self._idle.get()
        try:
            return reader.read(work)
        finally:
            self._idle.put(reader)

    def keep_indexed(self, connection: Connection) -> int:
        """Write down how far the search projection is."""
        return index_entries(connection, (), self.indexed)

    def close(self) -> None:
        self._opened.close()

    def _finish_indexing(self) -> None:
        if self.indexed > self.indexed_kept:
            with suppress(Unavailable):  # then it comes again
                self.writer.submit_from_thread(self.keep_indexed).result()
