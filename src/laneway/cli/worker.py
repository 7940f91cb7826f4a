"""worker: one more process that runs turns, beside the servers of a shared database."""

import asyncio
from collections.abc import Callable

from laneway.app import App
from laneway.cli import interpreter, show
from laneway.cli.options import Config, Data, DatabaseUrl
from laneway.cli.signals import stopping
from laneway.config import ConfigError, Settings, client_environment, load
from laneway.runtime.logs import Redactor, write_json


def worker(data: Data = None, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Run turns, and answer no requests. Ctrl-C lets running turns finish for a while; others take up what is left."""
    flags = {"data_dir": data, "database_url": database_url}
    settings = load(config or client_environment().config_file, flags=flags)
    if settings.database_url is None:
        raise ConfigError(
            "A worker shares its database with servers, and there is no database_url.",
            "Set it in --config. On SQLite `laneway serve` runs every turn itself.",
        )
    _work(settings)


def _work(settings: Settings) -> None:
    import uvloop  # noqa: PLC0415 - only who runs turns needs it, and it is slow to load

    write_json(Redactor(settings.secrets()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings, lambda: show.say("Laneway worker is ready")))


async def run_worker(settings: Settings, ready: Callable[[], None]) -> None:
    """Run turns until SIGTERM or Ctrl-C, then let them finish for a while."""
    app = App(settings)
    try:
        await app.start()
        interpreter.settle()
        stop = stopping(app)
        ready()
        await stop.wait()
    finally:
        await app.stop()
