"""Acceptance: the stories that Laneway was asked for, told through its public door."""

from collections.abc import AsyncGenerator

import pytest

import laneway
from tests.acceptance.stage import Gates


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def lane(gates: Gates) -> AsyncGenerator[laneway.Lane]:
    """Laneway in memory, with the gated agent as its default and the scripted one beside it."""
    gated = laneway.agent(name="gated")(gates.answer)
    async with laneway.open(":memory:", agents=[gated], script_agent=True, drain_s=0) as lane:
        yield lane
