"""Server: forks servers for the suite. One process imports everything once; each server is a fork of it.

It reads one JSON order a line from stdin and says on stdout, a line each, what became of its children. With failpoints
or planted bugs, the app is built of the subclassed parts; without, the children are what `laneway serve` runs.
"""

import asyncio
import gc
import json
import os
import resource
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

import laneway.buses.postgres
import laneway.cli.server
import laneway.deployment
import laneway.engines.dbos
import laneway.stores.sqlite.store
from laneway.agents.function import FunctionAgent
from laneway.api import create_api
from laneway.app import App
from laneway.cli.server import Running, run_server
from laneway.cli.server_file import announced
from laneway.cli.worker import run_worker
from laneway.config import load
from laneway.runtime.logs import Redactor, write_json
from tests.prove import failpoints, lying, planted
from tests.prove.bugs.inner import put
from tests.prove.functions import FUNCTIONS
from tests.prove.harness.process import die_with_parent

NO_ADDRESS = "http://127.0.0.1:0"
PRELOADED = (laneway.buses.postgres, laneway.engines.dbos)
"""Slow to import, and imported by an app only when it needs them: here once, for all the forks."""


@dataclass(frozen=True)
class Order:
    """How a server is to be started."""

    id: int
    log: str
    """The file that takes its stderr."""
    flags: dict[str, Any] = field(default_factory=dict[str, Any])
    """Settings, as `laneway serve` takes them."""
    functions: tuple[str, ...] = ()
    """Function agents of tests/prove/functions.py to register."""
    die_at: str = ""
    hit: int = 1
    census: str = ""
    """A file to which every place that is passed is written."""
    opened: str = ""
    """A file to which every path that is opened from the first request on is written."""
    lies: int = 0
    """The seed of a bus and an engine whose hints get lost; 0: honest ones."""
    planted: str = ""
    """The planted bug to run with."""
    memory_mb: int = 0
    """How much more memory it may take than it has at its start; 0: as much as there is."""
    is_worker: bool = False
    """It runs turns and answers no requests."""


def main() -> None:
    """Fork a server for each order until stdin ends."""
    signal.signal(signal.SIGCHLD, _bury)
    gc.freeze()
    say({"ready": os.getpid()})
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            serve(order)
        say({"id": order.id, "pid": pid})


def _bury(number: int, frame: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        say({"dead": pid, "code": os.waitstatus_to_exitcode(status)})


def say(what: dict[str, Any]) -> None:
    # One write, so that the lines of several processes never mix.
    os.write(1, json.dumps(what).encode() + b"\n")


def serve(order: Order) -> None:
    """Become a server, and never return."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        sys.setswitchinterval(0.0005)
        _serve(order)
        code = 0
    except BaseException as error:  # noqa: BLE001 - the child must end here whatever happens, and says why in its log
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _serve(order: Order) -> None:
    _break(order)
    if order.memory_mb:
        allowed = _address_space() + order.memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    settings = load(environ={}, flags=order.flags, agents=order.functions)
    redactor = Redactor(settings.secrets())
    write_json(redactor)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, ExitStack() as announcement:

        def ready(running: Running) -> None:
            announcement.enter_context(announced(running.data_dir, running.url))
            if order.opened:
                sys.addaudithook(partial(_note_opened, order.opened))
            say({"id": order.id, "url": running.url, "pid": os.getpid()})

        if order.is_worker:
            told = {"id": order.id, "url": NO_ADDRESS, "pid": os.getpid()}
            runner.run(run_worker(settings, lambda _: say(told)))
        else:
            runner.run(run_server(settings, redactor, ready))


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _note_opened(told: str, event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str) and arguments[0] != told:
        descriptor = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, arguments[0].encode(errors="replace") + b"\n")
        os.close(descriptor)


def _break(order: Order) -> None:
    """Put the subclassed parts in the places of the real ones, before anything is built."""
    if order.functions:
        agents = tuple(FunctionAgent(name, FUNCTIONS[name]) for name in order.functions)
        put(laneway.cli.server, "App", partial(App, agents=agents))
    if order.die_at or order.census:
        failpoints.arm(order.die_at, order.hit, Path(order.census) if order.census else None)
        put(laneway.deployment, "SQLiteStore", failpoints.FailingStore)
        put(laneway.deployment, "LocalBus", failpoints.FailingBus)
        put(laneway.deployment, "LocalEngine", failpoints.FailingEngine)
        put(laneway.stores.sqlite.store, "Committer", failpoints.FailingCommitter)
        put(laneway.cli.server, "create_api", _failing_api)
    if order.lies:
        lying.lie(order.lies)
        put(laneway.deployment, "LocalBus", lying.LyingBus)
        put(laneway.deployment, "LocalEngine", lying.DeafEngine)
    if order.planted:
        planted.BUGS[order.planted].plant()


def _failing_api(app: App) -> Any:
    return failpoints.FailingAnswers(create_api(app))


if __name__ == "__main__":
    main()
