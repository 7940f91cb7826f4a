"""Bugs of the store on Postgres: commits that are believed, connections that are lent again whatever happened."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from laneway.stores.postgres import pool
from laneway.stores.postgres.connection import Connection, InDoubt
from tests.prove.bugs.inner import put


def believe_commits() -> None:
    """Nobody asks what became of a commit whose answer was lost."""

    @asynccontextmanager
    async def committed(
        self: pool.Pool, connection: Connection, isolation: Any = "READ COMMITTED", opening: str = ""
    ) -> AsyncGenerator[None]:
        try:
            async with connection.transaction(isolation, opening):
                yield
        except InDoubt:
            return

    put(pool.Pool, "committed", committed)


def lend_again() -> None:
    """A connection goes back to the others whoever stopped waiting for it, and in whatever it was."""

    def put_back(self: pool.Pool, connection: Connection, is_whole: bool) -> None:
        vars(self)["_idle"].append(connection)

    put(pool.Pool, "_put_back", put_back)
