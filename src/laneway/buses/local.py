"""The local bus: a doorbell within one process. Rings of one moment are heard together."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger(__name__)

Hear = Callable[[frozenset[str]], None]


class LocalBus:
    """Carries rings on one event loop. Who rings never waits for who listens, and never sees their errors."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hearers: list[Hear] = []
        self._rung: set[str] = set()

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        self._loop = None
        self._rung.clear()

    def ring(self, topics: Iterable[str]) -> None:
        if self._loop is None:
            return
        if not self._rung:
            self._loop.call_soon(self._deliver)
        self._rung.update(topics)

    def listen(self, hear: Hear) -> Callable[[], None]:
        self._hearers.append(hear)

        def hush() -> None:
            if hear in self._hearers:
                self._hearers.remove(hear)

        return hush

    def _deliver(self) -> None:
        topics, self._rung = frozenset(self._rung), set()
        if not topics:
            return
        for hear in tuple(self._hearers):
            try:
                hear(topics)
            except Exception:
                # One listener's fault must not make the others deaf.
                log.exception("a listener failed", topics=sorted(topics)[:10])
