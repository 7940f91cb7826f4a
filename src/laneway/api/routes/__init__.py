"""Routes: one file a noun."""

from laneway.api.route import Routes
from laneway.api.routes import (
    agents,
    approvals,
    attachments,
    keys,
    login,
    messages,
    notes,
    operating,
    queue,
    search,
    sessions,
    streams,
    threads,
    timers,
    turns,
    values,
)

ALL: tuple[Routes, ...] = tuple(
    noun.routes
    for noun in (
        login, keys, agents, sessions, notes, values, attachments, timers, threads, messages, queue, turns, approvals,
        search, streams, operating,
    )
)  # fmt: skip
