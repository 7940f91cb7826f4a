"""Routes: one file a noun."""

from laneway.api.route import Routes
from laneway.api.routes import (
    agents,
    analytics,
    approvals,
    attachments,
    audit,
    comments,
    history,
    keys,
    login,
    messages,
    notes,
    operating,
    page,
    queue,
    search,
    sessions,
    shared,
    shares,
    streams,
    tags,
    templates,
    threads,
    timers,
    transfer,
    turns,
    upkeep,
    users,
    values,
    votes,
)

ALL: tuple[Routes, ...] = (
    login.links, login.routes, users.routes, keys.routes, agents.routes, sessions.routes, notes.routes, values.routes,
    attachments.routes, timers.routes, threads.routes, tags.routes, templates.routes, messages.routes, history.routes,
    votes.routes, queue.routes, turns.routes, approvals.routes, shares.routes, comments.routes, shared.routes,
    shared.pages, search.routes, analytics.routes, streams.routes, transfer.routes, upkeep.routes, audit.routes,
    operating.probes, operating.routes, page.routes,
)  # fmt: skip
