"""The system's clock."""

import asyncio
import os
import time
from datetime import UTC, datetime

from laneway.domain.instant import Instant, format_instant


class SystemClock:
    """Real time and real randomness."""

    def now(self) -> Instant:
        return format_instant(datetime.now(UTC))

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def seed(self) -> bytes:
        return os.urandom(16)
