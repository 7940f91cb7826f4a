"""Connection: the part of the driver that this store uses, with types for what comes back. Only this imports it."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any, Literal, Protocol, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has no stubs; what is used of it is declared below

from laneway.domain.errors import Conflict, Internal, LanewayError, Unavailable

Binding = str | int | bytes | None | Sequence[str | int | bytes | None]
Row = tuple[Any, ...]
"""One row of a result. Its query says what is in it, which no type can."""

CONNECT_S = 10.0
SILENT_S = 3.0
"""How long a process may say nothing in a transaction. Less than the default lease: locks go before turns do."""
ANSWER_S = 20.0
"""How long a command waits for what it asks. A network that swallows a connection tells nobody that it has."""
CACHED_STATEMENTS = 500
_STANDBY = "25006"
# A connection that is cut while a query goes out makes the driver speak of its own state: an internal error.
_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
Isolation = Literal["READ COMMITTED", "REPEATABLE READ, READ ONLY"]


class Contended(LanewayError):
    """The database gave this transaction up for the sake of another: it is to be run again."""


class Lost(Unavailable):
    """The connection was lost before the commit: the database has nothing of the transaction, and it may be run again.

    So it ends for whoever says nothing for too long: a process whose event loop stood still.
    """


class Forgotten(Unavailable):
    """The server does not know a statement that was prepared: a pooler has put another in its place."""


class InDoubt(Unavailable):
    """The connection was lost during a commit, and whether it was made is not known yet."""

    def __init__(self, reason: str, transaction_id: int) -> None:
        super().__init__(reason)
        self.transaction_id = transaction_id


class _Driver(Protocol):
    async def fetch(self, query: str, /, *bindings: object) -> Sequence[Sequence[Any]]: ...
    async def execute(self, query: str, /, *bindings: object) -> str: ...
    async def close(self) -> None: ...
    def is_in_transaction(self) -> bool: ...
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...


class Connection:
    """One connection, to be used by one task at a time. Placeholders are written `?`."""

    def __init__(self, driver: _Driver, lock_s: float = 0.0) -> None:
        self._driver = driver
        # Said anew by each transaction: behind a pooler each has another server. A process that freezes in one, or
        # whose network is gone, must not hold its locks for long: others could neither write nor take over its turns.
        self._bounds = (
            f"SET LOCAL idle_in_transaction_session_timeout = {int(SILENT_S * 1000)};"
            f" SET LOCAL lock_timeout = {int(lock_s * 1000)}"
        )
        self.mark = ""
        """A comment behind each statement: the server keeps other plans for it than for the same one without."""
        self.is_erasing = False
        """Whether anything was being erased when that was last asked for."""
        self.schema_version = 0
        """The version of the database's schema, as of then."""
        self.transaction_id: int | None = None
        """Set by whoever asks for it: what to ask the server about when a commit's answer is lost."""

    @property
    def is_clean(self) -> bool:
        """Whether somebody else may use it: open, and in no transaction."""
        return not self._driver.is_closed() and not self._driver.is_in_transaction()

    async def fetch(self, sql: str, bindings: Sequence[Binding] = ()) -> list[Row]:
        """Run a statement; returns its rows."""
        try:
            return [tuple(row) for row in await self._driver.fetch(numbered(sql) + self.mark, *bindings)]
        except _FAULTS as error:
            raise self._told(error) from error

    async def first(self, sql: str, bindings: Sequence[Binding] = ()) -> Row | None:
        """Run a statement that has at most one row of interest."""
        rows = await self.fetch(sql, bindings)
        return rows[0] if rows else None

    async def single(self, sql: str, bindings: Sequence[Binding] = ()) -> Row:
        """Run a statement that always has exactly one row."""
        (row,) = await self.fetch(sql, bindings)
        return row

    async def execute(self, sql: str, bindings: Sequence[Binding] = ()) -> int:
        """Run a statement; returns how many rows it changed."""
        try:
            status = await self._driver.execute(numbered(sql) + self.mark, *bindings)
        except _FAULTS as error:
            raise self._told(error) from error
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def script(self, sql: str) -> None:
        """Run several statements that take no bindings."""
        try:
            await self._driver.execute(sql)
        except _FAULTS as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> LanewayError:
        if isinstance(error, TimeoutError) or getattr(error, "sqlstate", None) == _STANDBY:
            # Nothing that is said on it now would be heard either; nor is a server read from that takes no writes.
            self.terminate()
        return _told(error)

    @asynccontextmanager
    async def transaction(self, isolation: Isolation = "READ COMMITTED", opening: str = "") -> AsyncGenerator[None]:
        """Commit what is done inside, or nothing of it. After a cancellation the connection is of no more use.

        `opening` are statements without bindings that go to the server together with the beginning.
        """
        self.transaction_id = None
        try:
            await self.script(f"BEGIN ISOLATION LEVEL {isolation}; {self._bounds}; {opening}")
            yield
        except Unavailable as error:
            await self._roll_back()
            if self._is_lost(error):
                raise Lost(error.detail) from error
            raise
        except Exception:
            await self._roll_back()
            raise
        try:
            await self.script("COMMIT")
        except Unavailable as error:
            if self.transaction_id is not None:
                raise InDoubt(error.detail, self.transaction_id) from error
            if isolation != "READ COMMITTED":
                raise Lost(error.detail) from error  # nothing was to be committed
            raise

    @contextmanager
    def looking(self) -> Generator[None]:
        """What is done inside only reads, a statement at a time, and may be done again when the connection is lost."""
        try:
            yield
        except Unavailable as error:
            if self._is_lost(error):
                raise Lost(error.detail) from error
            raise

    def _is_lost(self, error: Unavailable) -> bool:
        # Who is slow to answer would be no quicker the second time.
        return self._driver.is_closed() and not isinstance(error.__cause__, TimeoutError)

    async def _roll_back(self) -> None:
        if self._driver.is_closed():
            return
        try:
            await self.script("ROLLBACK")
        except LanewayError:
            # What went wrong before it is what the caller has to know.
            self.terminate()

    async def close(self) -> None:
        """Say goodbye to the server."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._driver.close()
        except _FAULTS:
            self.terminate()

    def terminate(self) -> None:
        """Drop it at once, with whatever it was doing."""
        self._driver.terminate()


async def connect(url: str, lock_s: float = 0.0, answer_s: float | None = None) -> Connection:
    """Connect to a server that takes writes; raises `Unavailable` when there is none.

    With `lock_s` a transaction's statement waits that long for a lock, and is then `Contended`. A statement that is
    not answered within `answer_s` is `Unavailable`, and the connection closed.
    """
    # The plans of the conditions are simple, and compiling them costs more than it gains.
    settings = {"application_name": "laneway", "jit": "off"}
    try:
        made = await _connect(url, settings, answer_s)
    except asyncpg.ProtocolViolationError:
        # A pooler passes few settings on: it works without this one, too.
        del settings["jit"]
        made = await _connect(url, settings, answer_s)
    return Connection(cast(_Driver, made), lock_s)  # the driver's class declares no types


async def _connect(url: str, settings: dict[str, str], answer_s: float | None) -> object:
    options: dict[str, Any] = {
        "timeout": CONNECT_S, "statement_cache_size": CACHED_STATEMENTS, "server_settings": settings,
        "command_timeout": answer_s,
    }  # fmt: skip
    if "target_session_attrs=" not in url:
        # Of several servers the one that takes writes: another may not know yet what has been acknowledged.
        options["target_session_attrs"] = "read-write"
    try:
        return cast(object, await asyncpg.connect(url, **options))  # pyright: ignore[reportUnknownMemberType] - no stubs
    except asyncpg.ProtocolViolationError:
        if "jit" in settings:
            raise
        raise Unavailable("The database could not be reached: a pooler refuses how it is spoken to.") from None
    except (*_FAULTS, ValueError) as error:
        raise Unavailable(f"The database could not be reached: {error}.") from error


@lru_cache(maxsize=2000)
def numbered(sql: str) -> str:
    """The statement with the placeholders that the server knows: $1, $2 and so on."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


def _told(error: Exception) -> LanewayError:
    """What a fault of the driver's is called here."""
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "23505":
        return Conflict(f"Another record holds what has to be unique: {error}.")
    if state in ("40001", "40P01", "55P03"):
        return Contended(str(error))
    if state in ("26000", "42P05"):
        return Forgotten("The database has forgotten a prepared statement.")
    # 08: connection, 53: resources, 57: the operator, 58: the disk, 25006: a standby, XX: a damaged table.
    if not state or state[:2] in ("08", "53", "57", "58", "XX") or state == _STANDBY:
        if isinstance(error, ValueError):
            return Internal(f"The command could not be written: {error}.")
        if isinstance(error, TimeoutError):
            return Unavailable("The database does not answer.")
        return Unavailable(f"The database did not do it: {error}.")
    return Internal(f"The command could not be written: {error}.")
