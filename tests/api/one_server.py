"""One server for all tests of a module, and users of their own for each: to start one takes longer than most tests.

A module says `server, ada, bob = one_server.server, one_server.fresh, one_server.fresh`.
"""

from collections.abc import AsyncGenerator

import pytest

from tests.api.harness import Caller, Harness, serving


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Harness]:
    async with serving() as harness:
        yield harness


@pytest.fixture
async def fresh(server: Harness) -> Caller:
    return await server.fresh()
