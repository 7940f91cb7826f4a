"""Writer: commits commands in groups, each under its own savepoint, on one thread."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import apsw

from laneway.domain.errors import Conflict, Internal, Unavailable
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.database import Database

T = TypeVar("T")

GROUP = 64
"""Commands that share a commit at most: the last of them waits for all before it."""
BACKLOG = 20_000
"""Commands that may wait for the writer; more are refused, not kept."""
CHECKPOINT_PAGES = 1000
CHECKPOINT_PAGES_AT_MOST = 8000
"""Pages of 4 KiB in the write-ahead log after which it is moved into the file."""
UNIQUE = (apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY)
REFUSED = (apsw.BindingsError, apsw.MismatchError, apsw.RangeError, apsw.SQLError, apsw.TooBigError)
"""SQLite's complaints about one statement. Every other error of SQLite's is about the file or the disk."""

Work = Callable[[Connection], T]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one command: its value, once it is durable, or its error."""

    value: T | None = None
    error: BaseException | None = None


class Committer:
    """Commits groups of commands on a connection. It knows no thread and no loop: a simulation calls it directly."""

    def __init__(self, database: Database) -> None:
        self._connection = database.writer
        self._turnstile = database.turnstile
        self._scrub = database.scrub
        self._log_pages = 0
        self.commits = 0
        self.commands = 0
        """What has been committed since the start, for whoever watches."""
        self._connection.set_wal_hook(self._note_log_pages)

    def commit(self, group: Sequence[Work[object]]) -> list[Outcome[object]]:
        """Run every command and commit them together; returns their outcomes in order.

        A command that raises is undone alone. When the disk or the commit fails, all of them fail as `Unavailable`:
        none was recorded, or none may be counted on.
        """
        with self._turnstile:
            try:
                self._undo()
                self._connection.execute("BEGIN IMMEDIATE")
                outcomes = [self._run(work) for work in group]
                self._connection.execute("COMMIT")
            except apsw.Error as error:
                reason = f"The database did not take the write: {error}."
                self._undo()
                # If the disk is full, a checkpoint lets the write-ahead log begin anew in the space that it has.
                self._log_pages = max(self._log_pages, CHECKPOINT_PAGES_AT_MOST)
                return [Outcome(error=Unavailable(reason)) for _ in group]
        self.commits += 1
        self.commands += len(group)
        return outcomes

    def run_alone(self, work: Work[object]) -> Outcome[object]:
        """Run what cannot be part of a transaction."""
        with self._turnstile:
            try:
                return Outcome(work(self._connection))
            except (apsw.Error, OSError) as error:
                return Outcome(error=Unavailable(f"The database did not do it: {error}."))

    def tidy(self, is_idle: bool) -> None:
        """Checkpoint when the write-ahead log has grown; while commands wait, only when it has grown a lot."""
        is_scrubbing = self._scrub is not None and self._scrub.is_active
        if self._log_pages < (CHECKPOINT_PAGES if is_idle and not is_scrubbing else CHECKPOINT_PAGES_AT_MOST):
            return
        self._log_pages = 0
        if self._scrub is not None:
            self._scrub.abandon()
        # A failed checkpoint loses nothing: the log stays as it is, and the next commit counts its pages again.
        self.run_alone(lambda connection: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())

    def _note_log_pages(self, connection: Connection, name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _run(self, work: Work[object]) -> Outcome[object]:
        outcome: Outcome[object]
        self._connection.execute("SAVEPOINT command")
        try:
            outcome = Outcome(work(self._connection))
        except BaseException as error:
            # Whatever a decision raises belongs to its caller; only trouble with the disk belongs to everybody.
            if isinstance(error, apsw.Error) and not isinstance(error, (apsw.ConstraintError, *REFUSED)):
                raise
            self._connection.execute("ROLLBACK TO command")
            outcome = Outcome(error=_told(error))
        self._connection.execute("RELEASE command")
        return outcome

    def _undo(self) -> None:
        # After an error of the disk SQLite has often rolled back by itself, and a second rollback would be an error.
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except apsw.Error:
                # The next group begins by trying again.
                return


def _told(error: BaseException) -> BaseException:
    if isinstance(error, apsw.ConstraintError):
        if getattr(error, "extendedresult", None) in UNIQUE:
            return Conflict(f"Another record holds what has to be unique: {error}.")
        return Internal(f"A record broke a rule of the schema: {error}.")
    if isinstance(error, (*REFUSED, StopIteration)):
        return Internal(f"The command could not be written: {error!r}.")
    return error


class _Promise(Protocol):
    """A future, of a loop or of a thread."""

    def done(self) -> bool: ...
    def set_result(self, result: Any, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Request:
    work: Work[object]
    future: "_Promise"
    loop: asyncio.AbstractEventLoop | None = None
    is_alone: bool = False


class Writer:
    """The one thread that writes. It takes whatever waits as one group, so that load makes commits larger, not more."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._put_back: list[_Request | None] = []
        self._thread = threading.Thread(target=self._serve, name="laneway-writer", daemon=True)
        self._gate = threading.Lock()
        self._closed = False

    async def submit(self, work: Work[T]) -> T:
        """Run a command in the next group; returns when it is durable."""
        return await self._submit(work, is_alone=False)

    async def submit_alone(self, work: Work[T]) -> T:
        """Run what cannot be part of a transaction, in its turn."""
        return await self._submit(work, is_alone=True)

    def submit_from_thread(self, work: Work[T]) -> Future[T]:
        """Run a command in the next group, for a thread that has no event loop."""
        future: Future[T] = Future()
        self._enqueue(_Request(work, future))
        return future

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what was accepted, then end the thread."""
        with self._gate:
            self._closed = True
            self._requests.put(None)
        self._thread.join()

    async def _submit(self, work: Work[T], is_alone: bool) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._enqueue(_Request(work, future, loop, is_alone))
        return await future

    def _enqueue(self, request: _Request) -> None:
        # Under the gate, no request can slip in behind the end mark and wait forever.
        with self._gate:
            if self._closed:
                raise Unavailable("The store is closed.")
            if self._requests.qsize() >= BACKLOG:
                raise Unavailable("The writer's backlog is full.")
            self._requests.put(request)

    def serve_group(self) -> bool:
        """Commit what waits, or wait for something to commit; False at the end. A simulation has no thread do it."""
        group = self._next_group()
        if not group:
            return False
        if group[0].is_alone:
            outcomes = [self._committer.run_alone(group[0].work)]
        else:
            outcomes = self._committer.commit([request.work for request in group])
        _deliver(group, outcomes)
        self._committer.tidy(is_idle=self._requests.empty())
        return True

    def _serve(self) -> None:
        while self.serve_group():
            pass

    def _next_group(self) -> list[_Request]:
        """Everything that waits now, up to a bound; empty when the end has come."""
        first = self._put_back.pop() if self._put_back else self._requests.get()
        if first is None or first.is_alone:
            return [first] if first else []
        group = [first]
        while len(group) < GROUP:
            try:
                following = self._requests.get_nowait()
            except queue.Empty:
                break
            if following is None or following.is_alone:
                self._put_back.append(following)
                break
            group.append(following)
        return group


def _deliver(group: Sequence[_Request], outcomes: Sequence[Outcome[object]]) -> None:
    """Hand the outcomes over, with one wake-up for each event loop that waits for some."""
    waiting: dict[asyncio.AbstractEventLoop | None, list[tuple[_Request, Outcome[object]]]] = {}
    for request, outcome in zip(group, outcomes, strict=True):
        waiting.setdefault(request.loop, []).append((request, outcome))
    for loop, settled in waiting.items():
        if loop is None:
            _settle(settled)
        elif not loop.is_closed():
            try:
                loop.call_soon_threadsafe(_settle, settled)
            except RuntimeError:
                # The loop was closed a moment ago: nobody waits any more.
                continue


def _settle(settled: Sequence[tuple[_Request, Outcome[object]]]) -> None:
    for request, outcome in settled:
        if request.future.done():
            continue
        if outcome.error is not None:
            request.future.set_exception(outcome.error)
        else:
            request.future.set_result(outcome.value)
