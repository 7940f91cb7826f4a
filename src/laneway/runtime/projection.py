"""Search projection: tails the log with its own cursor and keeps completed items and titles findable."""

import msgspec

from laneway import wire
from laneway.domain.event import ItemCompleted, ThreadCreated, ThreadUpdated
from laneway.store import SearchEntry, SearchIndex, Store, StoredEvent

PAGE = 500


class _Item(msgspec.Struct):
    id: str
    text: str
    state: str


class _Summary(msgspec.Struct):
    title: str


class _Data(msgspec.Struct):
    item: _Item | None = None
    summary: _Summary | None = None


class _Body(msgspec.Struct):
    at: str
    data: _Data


_INDEXED = frozenset({ItemCompleted.type, ThreadCreated.type, ThreadUpdated.type})


class Projection:
    """Brings the search index up to the log. Behind by a moment at most; never in the way of a write."""

    def __init__(self, store: Store, index: SearchIndex) -> None:
        self._store = store
        self._index = index
        self._after: tuple[int, int] | None = None

    async def catch_up(self) -> int:
        """Index what has been committed since the last time; returns how many entries that were."""
        if self._after is None:
            # The kept cursor is a whole commit's: of that one, everything is read again, and indexed as it was.
            self._after = (await self._index.index((), 0), 0)
        indexed = 0
        while True:
            read = await self._store.read_user(None, self._after, PAGE)
            entries = [entry for event in read.events if (entry := _entry(event)) is not None]
            if (read.cursor, read.ordinal) == self._after:
                return indexed
            await self._index.index(entries, read.cursor)
            self._after = (read.cursor, read.ordinal)
            indexed += len(entries)


def _entry(event: StoredEvent) -> SearchEntry | None:
    """What an event makes findable: an item that can be read, or a thread's title."""
    if event.type not in _INDEXED or event.thread_id is None or event.session_id is None:
        return None
    body = wire.decode(b"{" + event.body, _Body)
    if body.data.item is not None:
        item = body.data.item
        text = item.text if item.state in ("complete", "interrupted") else ""
        return SearchEntry(event.owner, event.session_id, event.thread_id, item.id, text, body.at)
    title = body.data.summary.title if body.data.summary else ""
    return SearchEntry(event.owner, event.session_id, event.thread_id, "", title, body.at)
