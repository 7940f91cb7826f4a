"""Search: items and titles that have all the words."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Id
from laneway.api.call import Call
from laneway.api.paging import Limit
from laneway.api.resources import Piece, SearchResult
from laneway.api.route import Routes
from laneway.domain.kinds import THREAD
from laneway.domain.thread import Thread
from laneway.store import Get, SearchHit

routes = Routes("Search")


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
    threads = await _threads(call, tuple(dict.fromkeys(hit.thread_id for hit in hits)))
    results = [
        _result(hit, threads[hit.thread_id], 1 / (1 + place))
        for place, hit in enumerate(hits)
        if hit.thread_id in threads
    ]
    return call.show(results)


def _result(hit: SearchHit, thread: Thread, score: float) -> SearchResult:
    pieces = pieces_of(hit.snippet)
    snippet = "".join(piece.text for piece in pieces)
    return SearchResult(thread.id, hit.item_id or None, thread.title, snippet, score, thread.session_id, pieces)


def pieces_of(marked: str) -> tuple[Piece, ...]:
    """Cut a snippet at the store's marks, which no stored text has."""
    pieces: list[Piece] = []
    for n, part in enumerate(marked.split("\x02")):
        match, _, rest = part.partition("\x03") if n else ("", "", part)
        pieces += [Piece(match, match=True), Piece(rest, match=False)]
    return tuple(piece for piece in pieces if piece.text)


async def _threads(call: Call, thread_ids: tuple[str, ...]) -> dict[str, Thread]:
    found = (await call.read(*(Get(THREAD, each) for each in thread_ids))).results if thread_ids else ()
    return {thread.id: thread for thread in found if isinstance(thread, Thread)}
