"""Embedded: a whole app inside the caller's event loop, spoken to like any server, without a socket."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import httpx

from laneway.agent import Agent
from laneway.api import create_api
from laneway.app import App
from laneway.client.asgi import StreamingAsgiTransport
from laneway.client.connection import Connection
from laneway.client.lane import Lane
from laneway.clock import Clock
from laneway.config import Settings
from laneway.runtime.data_dir import make_private
from laneway.runtime.logs import Redactor, use_logging


@asynccontextmanager
async def embed(
    settings: Settings, agents: Sequence[Agent] = (), *, clock: Clock | None = None, runs: bool = True
) -> AsyncGenerator[Lane]:
    """Start an app, give a lane on it, and stop it; turns that still run are let finish, or released to be resumed.

    Without `runs` nothing that is ready begins: for who only wants to look, or to change a queue.
    """
    use_logging(Redactor(settings.secrets()))
    app = App(settings, agents=agents, clock=clock)
    try:
        await (app.start() if runs else _open(app))
        key = await app.credentials.ensure_admin_key(app.data_dir)
        http = httpx.AsyncClient(
            transport=StreamingAsgiTransport(create_api(app)),
            base_url=f"http://127.0.0.1:{settings.port}",
            headers={"Authorization": f"Bearer {key}"},
        )
        lane = Lane(Connection(http))
        try:
            yield lane
        finally:
            await lane.close()
    finally:
        await app.stop()


async def _open(app: App) -> None:
    """Start what answers requests, and leave the engine as it is."""
    make_private(app.data_dir)
    await app.store.open()
    await app.bus.start()
    await app.streams.start()
