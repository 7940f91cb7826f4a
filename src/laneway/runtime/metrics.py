"""Metrics: what the server counts, in a registry of its own, shown to Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from laneway.clock import Clock
from laneway.domain.instant import seconds_between
from laneway.domain.kinds import QUEUE_ITEM, TURN
from laneway.domain.principal import SYSTEM
from laneway.domain.queue import QueueItem
from laneway.runtime.drift import EVENTS_REFUSED
from laneway.runtime.event_stream import EventStreams
from laneway.store import Page, Query, Store, Where

LOOKED_AT = 1000
"""How many waiting items the age of the oldest is worked out from."""


class Metrics:
    """Counts while it happens; asks the store when it is shown."""

    def __init__(self, store: Store, clock: Clock, streams: EventStreams) -> None:
        self._store = store
        self._clock = clock
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "laneway_requests", "Requests by route and status.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "laneway_request_seconds", "Time until an answer began, streams included.", registry=self.registry
        )
        self._running = Gauge("laneway_turns_running", "Turns in the state running.", registry=self.registry)
        self._waiting = Gauge("laneway_queue_items", "Accepted messages that wait.", registry=self.registry)
        self._oldest = Gauge(
            "laneway_queue_oldest_seconds", "Age of the oldest message that waits.", registry=self.registry
        )
        open_streams = Gauge("laneway_streams_open", "Event streams that are open.", registry=self.registry)
        open_streams.set_function(lambda: streams.count)
        self.registry.register(EVENTS_REFUSED)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request whose answer has begun."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.observe(seconds)

    async def render(self) -> tuple[bytes, str]:
        """Everything as text, with its media type."""
        running = Query(TURN, (Where("status", "=", "running"),), limit=1, count=True)
        waiting = Query(QUEUE_ITEM, (Where("open", "=", 1),), limit=LOOKED_AT, count=True)
        pages = [page for page in (await self._store.read(SYSTEM, running, waiting)).results if isinstance(page, Page)]
        self._running.set(pages[0].total or 0)
        self._waiting.set(pages[1].total or 0)
        times = [item.created_at for item in pages[1].records if isinstance(item, QueueItem)]
        self._oldest.set(seconds_between(min(times), self._clock.now()) if times else 0)
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
