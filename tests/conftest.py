"""Fixtures for every test: a Postgres where one is needed."""

from collections.abc import AsyncGenerator, Iterator

import pytest

from tests.postgres import schema, served


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of a Postgres server, started when the first test asks for it."""
    with served() as url:
        yield url


@pytest.fixture
async def database_url(server_url: str) -> AsyncGenerator[str]:
    """The address of a schema of the test's own."""
    async with schema(server_url) as url:
        yield url
