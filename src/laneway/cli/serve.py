"""serve: one process with the API, the page and the engine."""

import asyncio
import sys
import webbrowser
from contextlib import ExitStack
from typing import Annotated

import typer

from laneway.cli import interpreter, show
from laneway.cli.options import Config, Data, DatabaseUrl
from laneway.cli.server_file import announced, find_server
from laneway.config import Settings, client_environment, load
from laneway.domain.errors import Conflict
from laneway.runtime.logs import Redactor, write_json

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option("--port", help="The port; 0 takes a free one.", show_default="8420")]


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    config: Config = None,
    database_url: DatabaseUrl = None,
    script_agent: Annotated[bool, typer.Option("--script-agent", help="Add the agent `script`, for tests.")] = False,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Let other machines connect.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Start the server. Ctrl-C lets running turns finish for a while; what they leave is resumed at the next start."""
    flags = {
        "host": host, "port": port, "data_dir": data, "database_url": database_url,
        "script_agent": script_agent or None, "allow_remote": allow_remote or None,
    }  # fmt: skip
    settings = load(config or client_environment().config_file, flags=flags)
    try:
        _serve(settings, opens_browser=not no_browser and sys.stdout.isatty())
    except Conflict as taken:
        show.fail(_explained(taken, settings), 2)


def _serve(settings: Settings, opens_browser: bool) -> None:
    import uvloop  # noqa: PLC0415 - only the server needs it, and it is slow to load

    from laneway.cli.server import Running, run_server  # noqa: PLC0415 - a command that is a client never needs it

    interpreter.tell_crashes()
    redactor = Redactor(settings.secrets())
    write_json(redactor)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, ExitStack() as announcement:

        def ready(running: Running) -> None:
            announcement.enter_context(announced(running.data_dir, running.url))
            show.say(f"Laneway is running at {running.url}")
            show.say(f"Log in once with {running.login_link}")
            if opens_browser:
                webbrowser.open(running.login_link)

        runner.run(run_server(settings, redactor, ready))


def _explained(taken: Conflict, settings: Settings) -> Conflict:
    """When the directory has a server already, where it is. On a Postgres it may have many: then it was not that."""
    server = None if settings.database_url else find_server(settings.data_dir)
    if server is None:
        return taken
    return Conflict(
        f"{settings.data_dir} is served already: at {server.url}, by process {server.pid}.",
        "Use that one, stop it, or choose another --data.",
    )
