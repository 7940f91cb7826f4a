"""Pool: connections that are lent to one task at a time. One that was interrupted is closed, never lent again."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager

from laneway.domain.errors import Conflict, Unavailable
from laneway.stores.postgres.connection import ANSWER_S, Connection, Forgotten, InDoubt, Isolation, Lost, connect
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.wall import behind

_LIKE_THE_OTHERS = "SELECT ?::bigint"

LOCK_S = 2.5
"""How long a transaction waits for a lock before it begins anew. Less than a process may stand still in one: only the
first of a frozen process's transactions then holds others up, not one after the other."""
POOLER_S = 30.0
"""How long a pooler may take to show that it has two connections: a busy one must not be taken for a small one."""
PATIENCE = 100
PAUSE_S = 0.05
"""How often, and how far apart, the server is asked about a commit that it has not finished."""


class Pool:
    """At most `size` connections, made when they are needed."""

    def __init__(self, url: str, size: int, is_walled: bool = False) -> None:
        self._url = url
        self.size = size
        self.is_walled = is_walled
        """Whether the transactions of owners are kept to what is theirs by the server itself."""
        self.lent = 0
        """How many connections are in use."""
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._is_closed = False

    @asynccontextmanager
    async def lease(self) -> AsyncGenerator[Connection]:
        """Lend a connection. Whoever comes when all are lent waits for one."""
        if self._is_closed:
            raise Unavailable("The store is closed.")
        async with self._free:
            connection = await self._take()
            connection.mark = ""
            self.lent += 1
            try:
                yield connection
            except BaseException as error:
                # A cancelled query may still be running there, and its answer must reach nobody else.
                self._put_back(connection, is_whole=isinstance(error, Exception))
                raise
            else:
                self._put_back(connection, is_whole=True)
            finally:
                self.lent -= 1

    @asynccontextmanager
    async def transaction(
        self, isolation: Isolation = "READ COMMITTED", owners: Collection[str] | None = None
    ) -> AsyncGenerator[Connection]:
        """Lend a connection for one transaction."""
        async with self.lease() as connection, self.committed(connection, isolation, owners=owners):
            yield connection

    @asynccontextmanager
    async def committed(
        self, connection: Connection, isolation: Isolation = "READ COMMITTED", opening: str = "",
        owners: Collection[str] | None = None,
    ) -> AsyncGenerator[None]:  # fmt: skip
        """Commit what is done inside on a connection that was lent. A commit of which nobody heard is looked up.

        It is done for `owners`; None: for the system, and for everybody.
        """
        if self.is_walled and owners is not None:
            # A plan is made for the one who asks, and would be made anew at each change of sides.
            connection.mark = " -- for users"
            opening = f"{behind(owners)}; {opening}"
        try:
            async with connection.transaction(isolation, opening):
                yield
        except InDoubt as doubt:
            status = await self._status_of(doubt.transaction_id)
            if status == "aborted":
                raise Lost(doubt.detail) from doubt
            if status != "committed":
                raise Unavailable(doubt.detail) from doubt

    async def close(self) -> None:
        """Wait for what is lent, then close everything."""
        self._is_closed = True
        for _ in range(self.size):
            await self._free.acquire()
        while self._idle:
            await self._idle.pop().close()

    async def _status_of(self, transaction_id: int) -> object:
        """Ask the server itself what became of a commit whose answer was lost."""
        connection = await connect(self._url, answer_s=ANSWER_S)
        try:
            status: object = "in progress"
            # The other end may not have noticed yet that nobody listens.
            for _ in range(PATIENCE):
                (status,) = await connection.single(SQL["transaction_status"], (str(transaction_id),))
                if status != "in progress":
                    break
                await asyncio.sleep(PAUSE_S)
            return status
        finally:
            await connection.close()

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_clean:
                return connection
            connection.terminate()
        return await connect(self._url, LOCK_S, ANSWER_S)

    def _put_back(self, connection: Connection, is_whole: bool) -> None:
        if is_whole and connection.is_clean:
            self._idle.append(connection)
        else:
            connection.terminate()


async def check_pooler(url: str) -> None:
    """Refuse a pooler that gives each transaction another server, and not what was prepared on the one before.

    PgBouncer in transaction mode does so before its version 1.21, or without `max_prepared_statements`.
    """
    first, second = await connect(url), await connect(url)
    try:
        async with asyncio.timeout(POOLER_S):
            await first.fetch(_LIKE_THE_OTHERS, (1,))
            # Whoever asks next gets the server that was used last; then there is another for the first.
            async with second.transaction():
                await second.fetch(_LIKE_THE_OTHERS, (2,))
                await first.fetch(_LIKE_THE_OTHERS, (3,))
    except (Forgotten, TimeoutError) as error:
        raise Conflict(
            "The pooler before the database does not keep prepared statements, or has fewer than two connections.",
            hint="Take PgBouncer 1.21 or newer with max_prepared_statements, or name the server itself.",
        ) from error
    finally:
        first.terminate()
        second.terminate()
