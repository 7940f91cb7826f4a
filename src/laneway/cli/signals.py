"""Signals: how a process that runs turns is told to stop."""

import asyncio
import signal

from laneway.app import App


def stopping(app: App) -> asyncio.Event:
    """Set at the first SIGTERM or Ctrl-C. At a second one the turns that still run are released at once."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    hurrying: set[asyncio.Task[None]] = set()

    def heard() -> None:
        if stop.is_set():
            hurrying.add(loop.create_task(app.engine.stop(0)))
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard)
    return stop
