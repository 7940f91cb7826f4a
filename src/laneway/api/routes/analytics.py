"""Analytics: what the caller's turns were, took and cost, by day, agent or thread."""

from typing import Annotated, Literal

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Id
from laneway.api.call import Call
from laneway.api.paging import Paging, page_tally
from laneway.api.query import Moment
from laneway.api.resources import Analytics, AnalyticsRow
from laneway.api.route import Routes
from laneway.domain.errors import Invalid, NotFound
from laneway.domain.instant import later
from laneway.domain.kinds import SESSION, TURN
from laneway.store import Get, Share, Tally, Where

routes = Routes("Analytics")

USUALLY_S = 30 * 86_400
"""How long a time is looked at when no beginning is named."""
Rows = Annotated[int, Meta(ge=1, le=1000, description="How many rows to show.")]
_COLUMNS = {"day": "day", "agent": "agent", "thread": "thread_id"}
_SUMS = ("messages", "input_tokens", "output_tokens", "cost_nano_usd", "failed")


class AnalyticsQuery(Paging, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Of which session, from when to when (the end is not in it), and what the rows stand for."""

    session_id: Id | None = None
    from_: Moment | None = None
    to: Moment | None = None
    by: Literal["day", "agent", "thread"] = "day"
    limit: Rows = 1000


@routes.add("GET", "/analytics", "read", query=AnalyticsQuery, shows=Analytics, refuses=(404,))
async def analytics(call: Call) -> Response:
    """Turns by when they began: a day is one of UTC, and without `from` the last 30 days are told.

    Days come in order; agents and threads by their number of turns, and `X-Next-Cursor` says where they go on. A turn
    of several agents counts for the first of them. `messages` are those of users that turns took and those that agents
    completed, whatever became of them. Durations are of turns that are over, in seconds, waiting included. Turns of
    deleted threads are gone.
    """
    query = call.query(AnalyticsQuery)
    to = query.to or call.at
    since = query.from_ or later(to, -USUALLY_S)
    if since > to:
        raise Invalid("`from` lies after `to`.")
    where = [Where("started_at", ">=", since), Where("started_at", "<", to)]
    if query.to is None:
        where[1] = Where("started_at", "<=", to)  # what began this very moment is told, too
    if query.session_id is not None:
        if (await call.read(Get(SESSION, query.session_id))).results[0] is None:
            raise NotFound
        where.append(Where("session_id", "=", query.session_id))
    order = "key" if query.by == "day" else "count"
    tally = Tally(TURN, _COLUMNS[query.by], tuple(where), _SUMS, "duration_ms", order)
    page = await call.tally(page_tally(tally, query))
    return call.show_page(Analytics(since, to, tuple(map(_row, page.shares))), page)


def _row(share: Share) -> AnalyticsRow:
    messages, input_tokens, output_tokens, cost_nano_usd, failures = share.sums
    return AnalyticsRow(
        share.key, share.count, messages, input_tokens, output_tokens, cost_nano_usd / 1_000_000_000,
        None if share.p50 is None else share.p50 / 1000, None if share.p95 is None else share.p95 / 1000, failures,
    )  # fmt: skip
