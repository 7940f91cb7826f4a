"""Fixtures: a whole Laneway in memory with one user, and agents that a test plays by hand."""

from collections.abc import AsyncGenerator

import pytest

from laneway.testing.app import TestApp, running
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, Played, echo


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
