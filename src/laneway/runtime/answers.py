"""Answers: turns that wait for a person, woken by the bus; a lost ring is made good by the sweep."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from laneway.bus import Bus
from laneway.runtime.submit import answer_topic

T = TypeVar("T")


class Answers:
    """Waits for what the store will say, looking again whenever there may be news."""

    def __init__(self, bus: Bus) -> None:
        self._waiting: dict[str, list[asyncio.Event]] = {}
        self._hush = bus.listen(self._hear)

    async def wait(self, turn_id: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Return what `look` finds, as soon as it finds something."""
        # One for each wait: a turn may wait for several children side by side.
        news, topic = asyncio.Event(), answer_topic(turn_id)
        self._waiting.setdefault(topic, []).append(news)
        try:
            while True:
                # Cleared before looking: a ring that comes while we look is not lost.
                news.clear()
                found = await look()
                if found is not None:
                    return found
                await news.wait()
        finally:
            self._waiting[topic].remove(news)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def look_again(self) -> None:
        """Let every waiting turn look, whether or not a ring came."""
        for waiting in self._waiting.values():
            for news in waiting:
                news.set()

    def close(self) -> None:
        """Hear no more rings."""
        self._hush()

    def _hear(self, topics: frozenset[str]) -> None:
        for topic in topics & self._waiting.keys():
            for news in self._waiting[topic]:
                news.set()
