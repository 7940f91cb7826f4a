from collections.abc import AsyncGenerator, Generator

import pytest

from tests.api.harness import GROUND, Caller, Harness, serving

ON_BOTH = {
    "analytics",
    "attachments",
    "audit",
    "cursors",
    "descriptions",
    "filters",
    "idempotency",
    "import_formats",
    "messages",
    "paging",
    "queue",
    "repeats",
    "shares",
    "tags",
    "templates",
    "transfer_round_trip",
    "turns",
    "votes",
}
"""Modules whose tests run on both stores: they say most about what is stored, and share a server."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.path.stem.removeprefix("test_") in ON_BOTH:
        metafunc.parametrize("ground", ["sqlite", "postgres"], indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def ground(request: pytest.FixtureRequest) -> Generator[None]:
    """What the servers of a module stand on."""
    if getattr(request, "param", "sqlite") == "postgres":
        GROUND.server_url = request.getfixturevalue("server_url")
    yield
    GROUND.server_url = None


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
