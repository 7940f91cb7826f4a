"""Search terms: replaces words of erased texts that the full-text index still uses to find its pages by.

FTS5 takes a deleted text's words out of its pages (`secure-delete`), but the table that says which page begins with
which word keeps the word that the page began with when it was written. Any word will do there that lies between the
words of the page and of the one before it: the page's present first word does. The page format is a documented part of
SQLite's file format, and FTS5's own integrity check covers the result.
"""

from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.queries import SQL

BEGINNING = (0, b"")
LIMIT = 500
Place = tuple[int, bytes]
"""A segment of the index, and a word in it."""


def forget_terms(connection: Connection, after: Place) -> Place | None:
    """Look at some pages behind a place; returns the last place looked at, or None at the end."""
    rows = connection.execute(SQL["page_terms"], (*after, LIMIT)).fetchall()
    for segment, term, block in rows:
        first = first_term(bytes(block or b""))
        if first is None and term:
            connection.execute(SQL["drop_page_term"], (segment, term))
        elif first is not None and not first.startswith(bytes(term)):
            connection.execute(SQL["replace_page_term"], (first, segment, term))
    return (int(rows[-1][0]), bytes(rows[-1][1])) if len(rows) == LIMIT else None


def first_term(page: bytes) -> bytes | None:
    """The first word of a page of the index; None where it has none."""
    footer = int.from_bytes(page[2:4], "big")
    if not 4 <= footer < len(page):
        return None
    start, _ = _number(page, footer)
    length, start = _number(page, start)
    return page[start : start + length]


def _number(page: bytes, place: int) -> tuple[int, int]:
    """A variable-length number, and the place behind it."""
    value = 0
    while True:
        byte = page[place]
        value, place = value << 7 | byte & 0x7F, place + 1
        if byte < 0x80:
            return value, place
