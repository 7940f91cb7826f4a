from collections.abc import AsyncGenerator

import pytest

from tests.api.harness import Caller, Harness, serving


@pytest.fixture
async def server() -> AsyncGenerator[Harness]:
    async with serving() as harness:
        yield harness


@pytest.fixture
async def ada(server: Harness) -> Caller:
    return server.ada


@pytest.fixture
async def bob(server: Harness) -> Caller:
    return await server.other("bob")
