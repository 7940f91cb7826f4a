"""worker: one more process that runs turns, beside the servers of a shared database."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer

from laneway.app import App
from laneway.cli import interpreter, show
from laneway.cli.options import Config, Data, DatabaseUrl
from laneway.cli.signals import stopping
from laneway.config import ConfigError, Settings, client_environment, load
from laneway.runtime.logs import Redactor, write_json

Port = Annotated[
    int | None, typer.Option("--port", help="Where health and metrics are; 0 takes a free one.", show_default=False)
]


def worker(data: Data = None, config: Config = None, database_url: DatabaseUrl = None, port: Port = None) -> None:
    """Run turns, and answer no requests. Ctrl-C lets running turns finish for a while; others take up what is left."""
    flags = {"data_dir": data, "database_url": database_url, "worker_port": port}
    settings = load(config or client_environment().config_file, flags=flags)
    if settings.database_url is None:
        raise ConfigError(
            "A worker shares its database with servers, and there is no database_url.",
            "Set it in --config. On SQLite `laneway serve` runs every turn itself.",
        )
    _work(settings)


def _work(settings: Settings) -> None:
    import uvloop  # noqa: PLC0415 - only who runs turns needs it, and it is slow to load

    interpreter.tell_crashes()
    write_json(Redactor(settings.secrets()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings, _tell))


def _tell(url: str) -> None:
    if url:
        show.say(f"Health and metrics are at {url}")
    show.say("Laneway worker is ready")


async def run_worker(settings: Settings, ready: Callable[[str], None]) -> None:
    """Run turns until SIGTERM or Ctrl-C, then let them finish for a while. `ready` is told where its health is."""
    from laneway.api import create_probes  # noqa: PLC0415 - a command that is a client never needs it
    from laneway.cli.server import address, answer, listen  # noqa: PLC0415 - as above

    port = settings.worker_port
    with nullcontext() if port is None else listen(settings.host, port) as listener:
        app = App(settings if listener is None else replace(settings, port=listener.getsockname()[1]))
        try:
            await app.start()
            interpreter.settle()
            stop = stopping(app)
            if listener is None:
                ready("")
                await stop.wait()
            else:
                await answer(app, create_probes(app), listener, lambda: ready(address(app.settings)), stop)
        finally:
            await app.stop()
