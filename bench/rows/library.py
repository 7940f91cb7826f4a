"""Library: fills a database with threads, items and their search entries, in the store's own encoding."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from laneway.domain.ids import Ids
from laneway.domain.instant import Instant, format_instant
from laneway.domain.item import Item, Part
from laneway.domain.kinds import ITEM, THREAD
from laneway.domain.thread import Thread
from laneway.store import SearchEntry
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.database import Database
from laneway.stores.sqlite.search import index_entries
from laneway.stores.sqlite.table import TABLES

WORDS = 20_000
LENGTH = 12
A_COMMIT = 2_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def word(rank: int) -> str:
    """The word of that rank: 0 is the most frequent."""
    return f"word{rank:05}"


def fill(path: Path, owner: str, session_id: str, threads: int, items: int) -> None:
    """Add so many threads with so many items together. The server must not run."""
    writing = _Writing(owner, session_id, items // threads)
    with Database(path) as database:
        # What a power cut would lose here is made again by the next run.
        database.writer.execute("PRAGMA synchronous = OFF")
        for first in range(0, threads, A_COMMIT):
            database.writer.execute("BEGIN IMMEDIATE")
            for number in range(first, min(first + A_COMMIT, threads)):
                writing.add_thread(database.writer, number)
            database.writer.execute("COMMIT")
            database.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class _Writing:
    """Makes threads out of one seed, so that every run has the same ones."""

    def __init__(self, owner: str, session_id: str, items: int) -> None:
        self._owner = owner
        self._session = session_id
        self._items = items
        self._random = random.Random(1)

    def add_thread(self, connection: Connection, number: int) -> None:
        ids = Ids(self._random.randbytes(16))
        thread_id, turn_id = ids.make("thr"), ids.make("trn")
        texts = [self._text() for _ in range(self._items)]
        first, last = _at(number * self._items), _at(number * self._items + self._items - 1)
        thread = Thread(
            thread_id, self._owner, self._session, "null", "chat", texts[0][:60], "auto", first, last,
            message_count=self._items, last_message=texts[-1], last_message_at=last, unread=number % 3,
            tags=(f"tag{number % 7}",),
        )  # fmt: skip
        TABLES[THREAD.name].put(connection, thread)
        entries: list[SearchEntry] = []
        for place, text in enumerate(texts):
            at = _at(number * self._items + place)
            item = Item(
                ids.make("itm"), self._owner, self._session, thread_id, turn_id, "assistant" if place % 2 else "user",
                "null" if place % 2 else None, (Part("text", text=text),), text, "complete", at, seq=place + 1,
            )  # fmt: skip
            TABLES[ITEM.name].put(connection, item)
            entries.append(SearchEntry(self._owner, self._session, thread_id, item.id, text, at))
        index_entries(connection, entries, 0)

    def _text(self) -> str:
        """A dozen words, the frequent ones as much more frequent as in a language."""
        return " ".join(word(int(WORDS ** self._random.random()) - 1) for _ in range(LENGTH))


def _at(number: int) -> Instant:
    return format_instant(START + timedelta(seconds=number))
