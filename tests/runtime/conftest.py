"""Fixtures: a whole Laneway in memory with one user, and agents that a test plays by hand."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import replace

import pytest

from laneway.clock import Clock
from laneway.store import StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import GROUND, Gates, Played, echo, running


@pytest.fixture(params=["sqlite", "postgres"], autouse=True)
def ground(request: pytest.FixtureRequest) -> Generator[None]:
    """Every test of the runtime runs on both stores, with the same clock."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("database_url")

        def make(clock: Clock, options: StoreOptions) -> PostgresStore:
            return PostgresStore(url, clock, replace(options, settings={"time": "clock"}))

        GROUND.store = make
    yield
    GROUND.store = None


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def app(gates: Gates) -> AsyncGenerator[TestApp]:
    """Agents: `gated` (the default) waits at its gates, `echo` says its batch, `script` does what it is told."""
    async with running(gates.agent, Played("echo", echo)) as app:
        yield app


@pytest.fixture
def ada(app: TestApp) -> Owner:
    return app.user("ada")
