"""Metrics: what the process has counted and what the store holds, as Prometheus reads it."""

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from laneway.clock import Clock
from laneway.domain.instant import seconds_between
from laneway.runtime.counters import COUNTED
from laneway.runtime.event_stream import EventStreams
from laneway.store import Figures, Observed


class Metrics:
    """One registry. What happens is counted by itself; what is there is asked of the store when it is shown."""

    def __init__(self, store: Observed, clock: Clock, streams: EventStreams, data_dir: Path) -> None:
        self._store = store
        self._clock = clock
        self.registry = CollectorRegistry()
        for counted in COUNTED:
            self.registry.register(counted)
        for name, says, count in (
            ("laneway_streams_open", "Event streams that are being sent.", lambda: streams.count),
            ("laneway_streams_counted", "Places that streams hold under the bounds.", lambda: streams.places),
            ("laneway_disk_free_bytes", "What the disk of the data directory has left.", lambda: _free(data_dir)),
        ):
            Gauge(name, says, registry=self.registry).set_function(count)
        self._stored = _Stored()
        self.registry.register(self._stored)

    async def render(self) -> tuple[bytes, str]:
        """Everything as text, with its media type."""
        self._stored.show(await self._store.figures(), self._clock.now())
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


def _free(folder: Path) -> float:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return math.nan  # not made yet, or gone


@dataclass(frozen=True, slots=True)
class _Shown:
    """One figure of the store under its public name."""

    name: str
    says: str
    value: Callable[[Figures], float | None]
    is_total: bool = False

    def family(self, figures: Figures) -> Metric:
        made = (CounterMetricFamily if self.is_total else GaugeMetricFamily)(self.name, self.says)
        value = self.value(figures)
        if value is not None:
            made.add_metric([], value)
        return made


_FIGURES = (
    _Shown("laneway_queue_items", "Accepted messages that wait, of all nodes.", lambda f: f.waiting),
    _Shown("laneway_turns_running", "Turns in the state running, of all nodes.", lambda f: f.running),
    _Shown(
        "laneway_turns_without_lease", "Running turns whose node has not given a sign of life for a lease.",
        lambda f: f.leaseless,
    ),
    _Shown(
        "laneway_events_unapplied", "Events that the search has not taken up yet; 10,000 stands for any more.",
        lambda f: f.unapplied,
    ),
    _Shown("laneway_store_commits", "Commits of this process.", lambda f: f.commits, is_total=True),
    _Shown(
        "laneway_store_commands", "Commands in those commits: divided by them, the size of a group.",
        lambda f: f.commands, is_total=True,
    ),
    _Shown(
        "laneway_heartbeat_age_seconds",
        "Since the last heartbeat of this process was recorded; past `lease_s` others may take over its turns.",
        lambda f: f.silent_s,
    ),
    _Shown("laneway_store_connections", "Connections for reads that may be open (Postgres).", lambda f: f.connections),
    _Shown("laneway_store_connections_lent", "Those of them in use now (Postgres).", lambda f: f.lent),
)  # fmt: skip


class _Stored:
    """Gives the registry what was last read from the store."""

    def __init__(self) -> None:
        self._figures = Figures()
        self._oldest_s = 0.0

    def show(self, figures: Figures, now: str) -> None:
        self._figures = figures
        oldest = figures.oldest_waiting_at
        self._oldest_s = max(0.0, seconds_between(oldest, now)) if oldest else 0.0

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("laneway_queue_oldest_seconds", "Age of the oldest message that waits.", self._oldest_s)
        yield from (shown.family(self._figures) for shown in _FIGURES)
