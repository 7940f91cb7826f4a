"""Search: items and titles that have all the words."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Id
from laneway.api.call import Call
from laneway.api.paging import Limit
from laneway.api.resources import SearchResult
from laneway.api.route import Routes
from laneway.domain.kinds import THREAD
from laneway.domain.thread import Thread
from laneway.store import Get

routes = Routes("Search")

_MARKS = str.maketrans("", "", "\x02\x03")


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for, and where."""

    q: Annotated[str, Meta(max_length=1000)]
    session_id: Id | None = None
    limit: Limit = 20


@routes.add("GET", "/search", "read", query=SearchQuery, shows=list[SearchResult])
async def search(call: Call) -> Response:
    """Find items and titles that have all the words, newest first; `score` falls with the place in the list."""
    query = call.query(SearchQuery)
    hits = await call.app.store.search(call.principal, query.q, query.session_id, query.limit)
    titles = await _titles(call, tuple(dict.fromkeys(hit.thread_id for hit in hits)))
    results = [
        SearchResult(
            hit.thread_id, hit.item_id or None, titles[hit.thread_id], hit.snippet.translate(_MARKS), 1 / (1 + place)
        )
        for place, hit in enumerate(hits)
        if hit.thread_id in titles
    ]
    return call.show(results)


async def _titles(call: Call, thread_ids: tuple[str, ...]) -> dict[str, str]:
    found = (await call.read(*(Get(THREAD, each) for each in thread_ids))).results if thread_ids else ()
    return {thread.id: thread.title for thread in found if isinstance(thread, Thread)}
