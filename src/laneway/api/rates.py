"""Rates: how often a source may show wrong credentials, and how many requests a user may make."""

import math
from collections import OrderedDict, deque

from laneway.clock import Clock
from laneway.domain.errors import TooMany

WINDOW_S = 60.0
SOURCES = 10_000
ALL_SOURCES_PER_MIN = 100


class Failures:
    """Counts wrong credentials, never missing ones; a valid one is never refused for it."""

    def __init__(self, clock: Clock, per_min: int) -> None:
        self._clock = clock
        self._per_min = per_min
        self._sources: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()
        self._last: dict[str, str] = {}

    def count(self, source: str, repeated: str | None = None) -> None:
        """Count one; raises `TooMany` over the limit. `repeated`: a browser sends the same old cookie again and
        again, which is one wrong credential."""
        if not self._per_min or (repeated is not None and self._last.get(source) == repeated):
            return
        now = self._clock.monotonic()
        times = self._times_of(source)
        if repeated is not None:
            self._last[source] = repeated
        for each, limit in ((times, self._per_min), (self._all, max(ALL_SOURCES_PER_MIN, self._per_min))):
            while each and now - each[0] >= WINDOW_S:
                each.popleft()
            if len(each) >= limit:
                raise TooMany(
                    f"Too many wrong credentials: {self._per_min} a minute (auth_failures_per_min).",
                    "Wait, or use a valid key: that is never refused.",
                    retry_after_s=math.ceil(WINDOW_S - (now - each[0])),
                )
        times.append(now)
        self._all.append(now)

    def _times_of(self, source: str) -> deque[float]:
        times = self._sources.setdefault(source, deque())
        self._sources.move_to_end(source)
        if len(self._sources) > SOURCES:
            oldest, _ = self._sources.popitem(last=False)
            self._last.pop(oldest, None)
        return times


class Requests:
    """A bucket of requests for each user, which fills at a steady rate. 0 = off."""

    def __init__(self, clock: Clock, per_s: int, burst: int) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = max(burst, per_s)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, user_id: str) -> None:
        """Take one; raises `TooMany` when the bucket is empty."""
        if not self._per_s:
            return
        now = self._clock.monotonic()
        left, since = self._buckets.get(user_id, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._per_s)
        if left < 1:
            raise TooMany(
                f"A user may make {self._per_s} requests a second (requests_per_s), {self._burst} at once (burst)."
            )
        self._buckets[user_id] = (left - 1, now)
        self._buckets.move_to_end(user_id)
        if len(self._buckets) > SOURCES:
            self._buckets.popitem(last=False)
