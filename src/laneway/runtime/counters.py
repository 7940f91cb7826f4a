"""Counters: what this process counts where it happens. `metrics` shows them, with what the store is asked for."""

from prometheus_client import Counter, Histogram

from laneway.runtime.drift import EVENTS_REFUSED

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter(
    "laneway_requests", "Requests by method, route and status.", ["method", "route", "status"], registry=None
)
REQUEST_SECONDS = Histogram(
    "laneway_request_seconds", "Time until an answer began, streams included.", buckets=SECONDS, registry=None
)
REFUSALS = Counter(
    "laneway_refusals", "Requests refused, by the problem's code and, where one was reached, the bound's name.",
    ["code", "bound"], registry=None,
)  # fmt: skip
UNKNOWN_IDS = Counter(
    "laneway_unknown_ids",
    "Requests by route that named a record which is missing or somebody else's: one 404 for both, and one count.",
    ["route"],
    registry=None,
)
ACCEPT_SECONDS = Histogram(
    "laneway_accept_seconds", "From a message's arrival at the runtime until it is durable.", buckets=SECONDS,
    registry=None,
)  # fmt: skip
COMMIT_SECONDS = Histogram(
    "laneway_commit_seconds", "From a command's arrival at the store until it is durable, its wait included.",
    buckets=SECONDS, registry=None,
)  # fmt: skip
STALE_WRITES = Counter(
    "laneway_stale_writes", "Writes of attempts that had been replaced, refused by their fence.", registry=None
)
TURNS_ENDED = Counter("laneway_turns_ended", "Turns by how they ended.", ["outcome"], registry=None)

COUNTED = (
    REQUESTS, REQUEST_SECONDS, REFUSALS, UNKNOWN_IDS, ACCEPT_SECONDS, COMMIT_SECONDS, STALE_WRITES, TURNS_ENDED,
    EVENTS_REFUSED,
)  # fmt: skip
