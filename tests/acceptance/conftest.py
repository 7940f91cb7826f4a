"""Acceptance: the stories that Laneway was asked for, told through its public doors."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

import laneway
from laneway.agent import Agent
from laneway.api import create_api
from laneway.app import App
from laneway.cli.server import address, answer, listen
from laneway.config import load
from tests.acceptance.stage import Gates
from tests.postgres import schema


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture(params=["embedded", "served", "postgres"])
def door(request: pytest.FixtureRequest) -> str:
    """The way in, or the address of the Postgres that a server stands on."""
    return request.getfixturevalue("server_url") if request.param == "postgres" else request.param


@pytest.fixture
async def lane(door: str, gates: Gates, tmp_path: Path) -> AsyncGenerator[laneway.Lane]:
    """Laneway with the gated agent as its default and the scripted one beside it: in memory through either door, and
    served on a Postgres."""
    gated = laneway.agent(name="gated")(gates.answer)
    match door:
        case "embedded":
            async with laneway.open(":memory:", agents=[gated], script_agent=True, drain_s=0) as lane:
                yield lane
        case "served":
            async with served(gated, database=":memory:") as lane:
                yield lane
        case server_url:
            async with schema(server_url) as url, served(gated, database_url=url, data_dir=tmp_path) as lane:
                yield lane


@asynccontextmanager
async def served(agent: Agent, **ground: str | Path) -> AsyncGenerator[laneway.Lane]:
    """The same behind a real socket, as `laneway serve` does it."""
    flags = {"port": 0, "script_agent": True, "drain_s": 0, "limits": {"streams_per_user": 0}, **ground}
    settings = load(environ={}, flags=flags, agents=[agent.profile.name])
    ready, stop = asyncio.Event(), asyncio.Event()
    with listen(settings.host, 0) as listener:
        app = App(replace(settings, port=listener.getsockname()[1]), agents=[agent])
        await app.start()
        try:
            key = await app.credentials.ensure_admin_key(app.data_dir)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(answer, app, create_api(app), listener, ready.set, stop)
                await ready.wait()
                async with laneway.connect(address(app.settings), key) as lane:
                    yield lane
                stop.set()
        finally:
            await app.stop()
