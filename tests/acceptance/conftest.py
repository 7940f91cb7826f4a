"""Acceptance: the stories that Laneway was asked for, told through its public doors."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

import laneway
from laneway.agent import Agent
from laneway.app import App
from laneway.cli.server import address, answer, listen
from laneway.config import load
from tests.acceptance.stage import Gates


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture(params=["embedded", "served"])
async def lane(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[laneway.Lane]:
    """Laneway in memory, with the gated agent as its default and the scripted one beside it, through either door."""
    gated = laneway.agent(name="gated")(gates.answer)
    if request.param == "served":
        async with served(gated) as lane:
            yield lane
    else:
        async with laneway.open(":memory:", agents=[gated], script_agent=True, drain_s=0) as lane:
            yield lane


@asynccontextmanager
async def served(agent: Agent) -> AsyncGenerator[laneway.Lane]:
    """The same behind a real socket, as `laneway serve` does it."""
    flags = {
        "database": ":memory:", "port": 0, "script_agent": True, "drain_s": 0, "limits": {"streams_per_user": 0},
    }  # fmt: skip
    settings = load(environ={}, flags=flags, agents=[agent.profile.name])
    ready, stop = asyncio.Event(), asyncio.Event()
    with listen(settings.host, 0) as listener:
        app = App(replace(settings, port=listener.getsockname()[1]), agents=[agent])
        await app.start()
        try:
            key = await app.credentials.ensure_admin_key(app.data_dir)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(answer, app, listener, ready.set, stop)
                await ready.wait()
                async with laneway.connect(address(app.settings), key) as lane:
                    yield lane
                stop.set()
        finally:
            await app.stop()
