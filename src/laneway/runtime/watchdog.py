"""Watchdog: a thread that notices when something blocks the event loop, and names the culprit in the log."""

import asyncio
import sys
import threading
import traceback

import structlog

log = structlog.get_logger(__name__)

BEAT_S = 0.25
BLOCKED_S = 1.0
FRAMES = 6


class Watchdog:
    """Asks the loop for a sign of life; without one for a second, logs what the loop's thread is doing."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._alive = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the running loop, whose thread this is."""
        loop, watched = asyncio.get_running_loop(), threading.get_ident()
        self._stopped.clear()
        self._thread = threading.Thread(target=self._watch, args=(loop, watched), name="laneway-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching. Safe to call twice."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, loop: asyncio.AbstractEventLoop, watched: int) -> None:
        while not self._stopped.wait(BEAT_S):
            self._alive.clear()
            try:
                loop.call_soon_threadsafe(self._alive.set)
            except RuntimeError:
                return  # the loop is closed
            if not self._alive.wait(BLOCKED_S) and not self._stopped.is_set():
                _name_culprit(watched)
                while not self._alive.wait(BEAT_S) and not self._stopped.is_set():
                    pass


def _name_culprit(watched: int) -> None:
    # The documented way to another thread's stack, whatever its name says.
    frame = sys._current_frames().get(watched)  # pyright: ignore[reportPrivateUsage] - the documented way
    stack = traceback.extract_stack(frame)[-FRAMES:] if frame is not None else []
    where = [f"{each.filename.rsplit('/', 3)[-1]}:{each.lineno} {each.name}" for each in stack]
    log.error("the event loop is blocked", for_s=BLOCKED_S, where=where)
