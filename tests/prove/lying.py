"""Lying: a bus and an engine whose hints are lost, doubled and late, as a hint may be. The truth is in the store."""

import asyncio
import random
from collections.abc import Iterable

from laneway.buses.local import LocalBus
from laneway.engine import Places, ReadyThread
from laneway.engines.local import LocalEngine

_RANDOM = random.Random()


def lie(seed: int) -> None:
    """Lie in the same way for the same seed."""
    _RANDOM.seed(seed)


DEAF_S = 2.0
"""After a ring that is lost others are lost, too: none may come soon after and make up for it."""


class LyingBus(LocalBus):
    """Loses many rings, doubles some, delays some, and rings for what did not happen."""

    def __init__(self) -> None:
        super().__init__()
        self._deaf_until = 0.0

    def ring(self, topics: Iterable[str]) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._deaf_until:
            return
        match _RANDOM.randrange(6):
            case 0:
                self._deaf_until = now + DEAF_S
            case 1:
                return
            case 2:
                super().ring(topics)
                super().ring(topics)
            case 3:
                rung = tuple(topics)
                asyncio.get_running_loop().call_later(0.05, lambda: LocalBus.ring(self, rung))
            case 4:
                super().ring((*topics, "ses_nothing", "cancel:trn_nothing"))
            case _:
                super().ring(topics)


class DeafEngine(LocalEngine):
    """Does not hear of half of the threads that became ready; what it has not heard of once, it hears the next time."""

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self._unheard: set[str] = set()

    def dispatch(self, ready: ReadyThread) -> None:
        if ready.thread_id not in self._unheard and _RANDOM.random() < 0.5:
            self._unheard.add(ready.thread_id)
            return
        self._unheard.discard(ready.thread_id)
        super().dispatch(ready)
