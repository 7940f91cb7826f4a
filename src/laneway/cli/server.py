"""Server: runs an app behind uvicorn: says when it is ready, and stops it in an order that loses nothing."""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from laneway.api import create_api
from laneway.app import App
from laneway.cli import interpreter
from laneway.cli.signals import stopping
from laneway.config import Settings
from laneway.domain.errors import Conflict
from laneway.runtime.logs import Redactor

BACKLOG = 2048
CLOSE_S = 2
"""How long requests that are being answered may take once the server stops."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers requests."""

    url: str
    data_dir: Path
    login_link: str
    """Logs a browser in as the first user, once."""


async def run_server(settings: Settings, redactor: Redactor, ready: Callable[[Running], None]) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises `Conflict` when the port or the data directory is taken."""
    with listen(settings.host, settings.port) as listener:
        app = App(replace(settings, port=listener.getsockname()[1]))
        try:
            await app.start()
            redactor.register(await app.credentials.ensure_admin_key(app.data_dir))
            interpreter.settle()
            await answer(app, create_api(app), listener, lambda: ready(_running(app)), stopping(app))
        finally:
            await app.stop()


async def answer(
    app: App, api: ASGIApp, listener: socket.socket, ready: Callable[[], None], stop: asyncio.Event
) -> None:
    """Answer requests until `stop` is set; then end the streams first: an open one would hold up everything."""
    server = _Server(_options(api), ready)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve([listener]))
        asked = tasks.create_task(stop.wait())
        await asyncio.wait({serving, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        await app.streams.stop()
        server.should_exit = True


def _running(app: App) -> Running:
    url = address(app.settings)
    return Running(url, app.data_dir, f"{url}/login?code={app.credentials.make_login_code()}")


def address(settings: Settings) -> str:
    """Where a program on this machine finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: ours ends the streams first."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _options(api: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        api,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Forwarding headers are believed, or not, in one place: where the credentials are checked.
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=CLOSE_S,
    )


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else, so that a taken one is told at once."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise Conflict(f"{host} is not an address of this machine: {error.strerror}.", "Check --host.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        listener.close()
        detail = f"Port {port} of {host} cannot be taken: {error.strerror}."
        raise Conflict(detail, "Choose another with --port; 0 takes a free one.") from error
    return listener
