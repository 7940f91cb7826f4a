"""Bugs of the store on Postgres: commits that are believed, connections that are lent again whatever happened."""

from laneway.stores.postgres import pool
from laneway.stores.postgres.connection import Connection
from tests.prove.bugs.inner import put


def believe_commits() -> None:
    """Nobody asks what became of a commit whose answer was lost."""

    async def status_of(self: pool.Pool, transaction_id: int) -> str:
        return "committed"

    put(pool.Pool, "_status_of", status_of)


def lend_again() -> None:
    """A connection goes back to the others whoever stopped waiting for it, and in whatever it was."""

    def put_back(self: pool.Pool, connection: Connection, is_whole: bool) -> None:
        vars(self)["_idle"].append(connection)

    put(pool.Pool, "_put_back", put_back)
