"""Tally: the order of a tally's shares, and what lies behind a place in it."""

from collections.abc import Sequence

from laneway.sql.clause import Clause
from laneway.sql.cursor import Values, is_integer, is_text, read_cursor, write_cursor
from laneway.store import Share, Tally, TallyPage


def sorting(tally: Tally, key: str, many: str) -> str:
    """SQL for after ORDER BY, by what a share's key and count are there."""
    return f"{many} DESC, {key}" if tally.order == "count" else key


def behind(tally: Tally, key: str, many: str) -> Clause:
    """What lies behind the tally's cursor: SQL for after HAVING, and its bindings."""
    if tally.cursor is None:
        return "TRUE", ()
    count, last = read_cursor(tally.cursor, _belonging(tally), _fits)
    if tally.order == "key":
        return f"{key} > ?", (last,)
    return f"({many} < ? OR ({many} = ? AND {key} > ?))", (count, count, last)


def page_of(tally: Tally, found: Sequence[Share], total: int | None) -> TallyPage:
    """The page, of a share more than was asked for."""
    shares = tuple(found[: tally.limit])
    more = len(found) > tally.limit and bool(shares)
    next_cursor = write_cursor(_belonging(tally), (shares[-1].count, shares[-1].key)) if more else None
    return TallyPage(shares, next_cursor, total)


def _belonging(tally: Tally) -> str:
    return f"{tally.kind.name} {tally.by} by {tally.order}"


def _fits(values: Values) -> bool:
    return len(values) == 2 and is_integer(values[0]) and is_text(values[1])
