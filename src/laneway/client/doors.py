"""Doors: the two ways to a lane: a server somewhere, or an app in this process. What they give is the same."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from laneway.agent import Agent
from laneway.client.connection import Connection
from laneway.client.lane import Lane
from laneway.clock import Clock
from laneway.config import ConfigError, load
from laneway.domain.json import Json, as_object

MEMORY = ":memory:"
_ALONE = {"streams_per_user": 0}
"""There is one user, who is the program itself: it needs no protection from its own streams."""


@asynccontextmanager
async def connect(url: str, key: str) -> AsyncGenerator[Lane]:
    """Speak to a server. Leaving ends this client's requests and streams, and cancels nothing."""
    http = httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(30.0, connect=10.0),
        # Each open stream holds a connection; a pool would make the one too many wait in silence.
        limits=httpx.Limits(max_connections=None),
        # No proxy and no credentials from the environment: the key goes where it was told to and nowhere else.
        trust_env=False,
    )
    lane = Lane(Connection(http))
    try:
        yield lane
    finally:
        await lane.close()


@asynccontextmanager
async def open(
    path: str | Path, *, agents: Sequence[Agent] = (), clock: Clock | None = None, **settings: Json
) -> AsyncGenerator[Lane]:
    """Run Laneway inside this event loop, on a data directory: the same that `laneway serve --data` takes.

    It is made when it is missing, and nobody else can use it meanwhile; `":memory:"` keeps nothing. The default agent
    is the first of `agents`. Neither the environment nor a settings file is read: `settings` are those of the
    reference, by name. Leaving lets running turns finish for `drain_s` seconds, then releases them to the next start.

    On a Postgres (`database_url`) a process can have one open at a time; a second raises `Conflict`.
    """
    # Only who embeds the server pays for loading it.
    from laneway.client.embedded import embed  # noqa: PLC0415 - a client of a far server never needs the rest

    limits = {**_ALONE, **(as_object(settings.get("limits")) or {})}
    flags = {**settings, "limits": limits, **_place(path)}
    made = load(environ={}, flags=flags, agents=[agent.profile.name for agent in agents])
    async with embed(made, agents, clock=clock) as lane:
        yield lane


def _place(path: str | Path) -> dict[str, Json]:
    if str(path) == MEMORY:
        return {"database": MEMORY}
    if Path(path).is_file():
        raise ConfigError(f"{path} is a file.", "Give the data directory: the database is laneway.db in it.")
    return {"data_dir": Path(path)}
