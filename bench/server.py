"""Server: what `laneway serve` runs, with the bench's agents, which do next to nothing."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import uvloop

import laneway.cli.server
from laneway.agent import TurnInput
from laneway.agents.function import FunctionAgent
from laneway.app import App
from laneway.cli.server import Running, run_server
from laneway.config import load
from laneway.runtime.logs import Redactor, write_json


async def null(turn: TurnInput) -> AsyncIterator[str]:
    """The null model."""
    yield "ok"


async def stamped(turn: TurnInput) -> AsyncIterator[str]:
    """`COUNT PAUSE_MS`: says that many tokens, each of which is the time at which it was said."""
    count, pause_ms = turn.text.split()
    for _ in range(int(count)):
        await asyncio.sleep(float(pause_ms) / 1000)
        yield f" {time.time_ns()}"


AGENTS = (FunctionAgent("null", null), FunctionAgent("stamped", stamped))


def main() -> None:
    """Serve with the settings of the first argument until the process is ended."""
    flags: dict[str, Any] = json.loads(sys.argv[1])
    settings = load(environ={}, flags={"script_agent": True, **flags}, agents=[each.profile.name for each in AGENTS])
    redactor = Redactor(settings.secrets())
    write_json(redactor)
    # Only a composition root takes agents; this one is `laneway serve` with two more.
    build: Any = partial(App, agents=AGENTS)
    laneway.cli.server.App = build
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_server(settings, redactor, _ready))


def _ready(running: Running) -> None:
    print(running.url, flush=True)


if __name__ == "__main__":
    main()
