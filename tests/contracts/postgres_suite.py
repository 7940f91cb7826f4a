"""The store suite on a Postgres, whatever stands before it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from laneway.store import StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.stores.postgres.connection import Connection
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite import StoreSuite
from tests.postgres import run


class PostgresSuite(StoreSuite):
    """Who has it sets `url` for each test: a place with nothing in it."""

    is_durable = True
    is_shared = True
    keeps_own_time = True
    url: str

    def make_store(self, clock: FakeClock, options: StoreOptions) -> PostgresStore:
        return PostgresStore(self.url, clock, options)

    def finds(self, text: str) -> list[str]:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run(self.url, lambda each: tables_with(each, text))).result()


async def tables_with(connection: Connection, text: str) -> list[str]:
    """The tables that hold a text, in whatever column and case."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    found: list[str] = []
    for (name,) in tables:
        rows = await connection.fetch(f'SELECT * FROM "{name}"')
        if any(text.lower() in (each.decode() if isinstance(each, bytes) else str(each)).lower()
               for row in rows for each in row):  # fmt: skip
            found.append(name)
    return found
