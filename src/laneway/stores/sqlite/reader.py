"""Reader: answers from snapshots, beside the writer and without waiting for it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar, assert_never

import apsw

from laneway.domain.errors import Unavailable
from laneway.domain.principal import Principal
from laneway.sql.sight import Sight
from laneway.store import Ask, Fold, Get, Query, Snapshot, Tally
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.fold import fold_thread
from laneway.stores.sqlite.log_reader import log_tail, newest_position
from laneway.stores.sqlite.page import read_page
from laneway.stores.sqlite.table import TABLES, sight_of
from laneway.stores.sqlite.tally import read_tally

T = TypeVar("T")


STRIDE = 500
"""Steps of SQLite's machine after which a read with a limit is asked whether it has had enough."""


class TooLong(Exception):
    """A read needs more steps than it was allowed."""


class Reader:
    """One connection that reads. Callers take turns."""

    def __init__(self, connection: Connection, turnstile: AbstractContextManager[object]) -> None:
        self._connection = connection
        self._turnstile = turnstile

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one read transaction: it sees one moment of the database."""
        with self._turnstile:
            return self._read(work)

    def read_within(self, steps: int, work: Callable[[Connection], T]) -> T:
        """The same, or `TooLong` when SQLite needs many more steps than these: some tens of them are a microsecond."""
        left = steps // STRIDE

        def has_had_enough() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        def bounded(connection: Connection) -> T:
            # For the work alone: SQLite counts a statement's steps over all its runs, so some begin or rollback would
            # be what has had enough, and leave its transaction open.
            connection.set_progress_handler(has_had_enough, STRIDE)
            try:
                return work(connection)
            finally:
                connection.set_progress_handler(None)

        with self._turnstile:
            return self._read(bounded)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            self._connection.execute("BEGIN")
            try:
                return work(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except apsw.InterruptError as interrupted:
            raise TooLong from interrupted
        except apsw.Error as error:
            raise Unavailable(f"The database could not be read: {error}.") from error

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        with self._turnstile:
            self._connection.close()


def answer(connection: Connection, principal: Principal, asks: Sequence[Ask], log: str | None) -> Snapshot:
    """Answer every ask in the connection's present transaction."""
    sight = sight_of(connection, principal)
    results = tuple(_answer_one(connection, ask, sight) for ask in asks)
    offset = 0 if log is None else log_tail(connection, log)
    return Snapshot(results, offset, newest_position(connection))


def _answer_one(connection: Connection, ask: Ask, sight: Sight) -> object:
    match ask:
        case Get(kind, id):
            return TABLES[kind.name].get(connection, id, sight)
        case Query():
            return read_page(connection, ask, sight)
        case Tally():
            return read_tally(connection, ask, sight)
        case Fold(thread_id):
            return fold_thread(connection, thread_id, sight)
        case _:
            assert_never(ask)
