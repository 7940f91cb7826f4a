"""A clock that stands still until a test advances it."""

import asyncio
import hashlib
import heapq
import itertools

from laneway.domain.instant import Instant, later

START = "2026-01-01T00:00:00.000000Z"


class FakeClock:
    """Time and seeds that a test decides. `advance` wakes sleepers in order and lets them run."""

    def __init__(self, start: Instant = START, seed: int = 0) -> None:
        self._start = start
        self._elapsed = 0.0
        self._seed = seed
        self._seeds = 0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._fell_asleep = asyncio.Event()

    def now(self) -> Instant:
        return later(self._start, self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        # Who fell asleep first wakes first; a place that came twice would have two futures compared.
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        self._fell_asleep.set()
        await woken

    def seed(self) -> bytes:
        self._seeds += 1
        return hashlib.blake2b(f"{self._seed}/{self._seeds}".encode(), digest_size=16).digest()

    async def until_asleep(self, seconds: float) -> None:
        """Return when somebody sleeps who will wake in exactly so many seconds."""
        while not any(due == self._elapsed + seconds and not woken.done() for due, _, woken in self._sleepers):
            self._fell_asleep.clear()
            await self._fell_asleep.wait()

    def set_back(self, seconds: float) -> None:
        """Let the wall clock jump back, as when somebody sets it: nobody's sleep gets longer by that."""
        self._start = later(self._start, -seconds)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; sleepers that fall due wake in the order of their times."""
        end = self._elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not woken.done():
                woken.set_result(None)
            await asyncio.sleep(0)
        self._elapsed = end
        await asyncio.sleep(0)
