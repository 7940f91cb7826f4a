"""Paging: lists are arrays; a page's cursor, link and total are headers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta

from laneway.domain.errors import BadCursor, Invalid
from laneway.domain.record import Kind, Record
from laneway.store import Page, Query, Tally, TallyPage, Where

T = TypeVar("T")

Limit = Annotated[int, Meta(ge=1, le=100, description="How many to list.")]
Offset = Annotated[int, Meta(ge=0, le=2**31, description="How many to pass over. A cursor is better.")]
CursorText = Annotated[str, Meta(max_length=2048, description="The `X-Next-Cursor` of the page before.")]
Order = tuple[tuple[str, Literal["asc", "desc"]], ...]


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of every list."""

    limit: Limit = 20
    offset: Offset | None = None
    cursor: CursorText | None = None


def page_query(kind: Kind[Record], paging: Paging, where: Sequence[Where], order: Order) -> Query:
    """Ask for the page that the parameters name; the total is counted on first and `offset` pages only."""
    check_paging(paging)
    return Query(
        kind, tuple(where), order, paging.limit, paging.offset or 0, paging.cursor, count=paging.cursor is None
    )


def page_tally(tally: Tally, paging: Paging) -> Tally:
    """Ask for the page of a tally that the parameters name, in the same way."""
    check_paging(paging)
    return replace(
        tally, limit=paging.limit, offset=paging.offset or 0, cursor=paging.cursor, count=paging.cursor is None
    )


def check_paging(paging: Paging) -> None:
    """Raise `Invalid` for a page that is named twice."""
    if paging.offset is not None and paging.cursor is not None:
        raise Invalid("A page is named by offset or by cursor, not by both.")


def page_headers(page: Page | TallyPage, path: str, query: str) -> dict[str, str]:
    """Where the list goes on, and how long it is."""
    headers: dict[str, str] = {}
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    if page.next_cursor is not None:
        headers["X-Next-Cursor"] = page.next_cursor
        kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in _MOVED]
        headers["Link"] = f'<{path}?{urlencode([*kept, ("cursor", page.next_cursor)])}>; rel="next"'
    return headers


_MOVED = ("cursor", "offset")
_PLACE = re.compile("[0-9]{1,9}")


def slice_of(items: Sequence[T], paging: Paging) -> tuple[Sequence[T], Page]:
    """A page of what is in memory; its cursor is a place in the list."""
    check_paging(paging)
    start = paging.offset or 0
    if paging.cursor is not None:
        if not (_PLACE.fullmatch(paging.cursor) and int(paging.cursor) <= len(items)):
            raise BadCursor("The cursor is not one that this list has given.", "Start again without one.")
        start = int(paging.cursor)
    end = start + paging.limit
    following = str(end) if end < len(items) else None
    return items[start:end], Page((), following, len(items) if paging.cursor is None else None)
