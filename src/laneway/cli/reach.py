"""Reach: find what a command is to work on: a server that was named, the one of a data directory, or the directory."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from laneway.cli.server_file import ServerFile, find_server
from laneway.client.doors import connect
from laneway.client.lane import Lane
from laneway.config import ClientEnvironment, Settings, client_environment, load
from laneway.domain.errors import Unauthorized

KEY_FILE = "admin.key"


@dataclass(frozen=True, slots=True)
class Where:
    """What was said on the command line."""

    data: Path | None = None
    url: str | None = None
    key: str | None = None
    config: Path | None = None

    def settings(self) -> Settings:
        """The settings that a server started here would have."""
        environment = client_environment()
        return load(self.config or environment.config_file, flags={"data_dir": self.data})


@asynccontextmanager
async def reach(where: Where, *, runs: bool = True) -> AsyncGenerator[Lane]:
    """Give a lane. Without a server it works on the data directory itself; `runs` says whether turns run there."""
    environment = client_environment()
    if url := where.url or environment.url:
        async with connect(url, where.key or _key_of(environment) or _key_for(url, where)) as lane:
            yield lane
        return
    settings = where.settings()
    server = find_server(settings.data_dir)
    if server is not None:
        key = where.key or _key_of(environment) or key_in(settings.data_dir)
        async with connect(server.url, key) as lane:
            yield lane
        return
    from laneway.client.embedded import embed  # noqa: PLC0415 - a client of a running server never needs the rest

    async with embed(settings, runs=runs) as lane:
        yield lane


def is_served(where: Where) -> bool:
    """Whether there is a server to speak to."""
    return bool(where.url or client_environment().url) or find_server(where.settings().data_dir) is not None


def key_in(data_dir: Path) -> str:
    """The key of the first user, which lies in the data directory."""
    try:
        return (data_dir / KEY_FILE).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unauthorized(
            f"There is no key: {data_dir / KEY_FILE} cannot be read.", "Give one with --key or LANEWAY_KEY."
        ) from error


def _key_for(url: str, where: Where) -> str:
    """The data directory's key, but only for that directory's own server: it goes to no other address."""
    settings = where.settings()
    server: ServerFile | None = find_server(settings.data_dir)
    if server is None or server.url != url.rstrip("/"):
        raise Unauthorized(f"There is no key for {url}.", "Give one with --key or LANEWAY_KEY.")
    return key_in(settings.data_dir)


def _key_of(environment: ClientEnvironment) -> str | None:
    return environment.key.reveal() if environment.key is not None else None
