"""The system's clock."""

import asyncio
import os
import time
from datetime import UTC, datetime

from laneway.domain.instant import Instant, format_instant

SEED = 16
DRAWN = 256
"""Seeds drawn at once: each draw gives the interpreter away, and a loop beside a busy writer waits to get it back."""


class SystemClock:
    """Real time and real randomness."""

    def __init__(self) -> None:
        self._seeds: list[bytes] = []
        # A forked process must not make the ids that its parent makes.
        os.register_at_fork(after_in_child=self._seeds.clear)

    def now(self) -> Instant:
        return format_instant(datetime.now(UTC))

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def seed(self) -> bytes:
        if not self._seeds:
            drawn = os.urandom(SEED * DRAWN)
            self._seeds.extend(drawn[start : start + SEED] for start in range(0, len(drawn), SEED))
        return self._seeds.pop()
