"""Page: one page of a kind, by keyset: a cursor holds the last record's place in the order, not a count."""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from laneway import wire
from laneway.domain.errors import BadCursor
from laneway.domain.record import Record
from laneway.store import Page, Query
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.condition import Clause, all_of
from laneway.stores.postgres.connection import Binding, Row
from laneway.stores.postgres.sight import Sight
from laneway.stores.postgres.table import TABLES, Table

_CURSOR_LENGTH = 8192
_INTEGERS = range(-(2**63), 2**63)

_Order = tuple[tuple[str, bool], ...]
"""Columns with whether they descend; the id comes last and makes the order total."""
_Cursor = tuple[str, tuple[str | int | None, ...]]
"""What it belongs to, and the last record's values of the order's columns."""


def page_questions(query: Query, sight: Sight) -> list[Question]:
    """Asks for a page and one record more, and for the total where it is wanted."""
    table = TABLES[query.kind.name]
    order = _order_of(query)
    text, bindings = all_of(table, query.where)
    text, bindings = text + sight.condition(table.kind), (*bindings, *sight.bindings)
    questions: list[Question] = []
    if query.count:
        questions.append((f"SELECT count(*), NULL::text, NULL::bytea FROM {table.name} WHERE {text}", bindings))
    if query.cursor is not None:
        after, values = _after(table, order, _decode_cursor(query.cursor, query, table, order))
        text, bindings = f"{text} AND {after}", (*bindings, *values)
    sorting = ", ".join(_sorting(table, name, descends) for name, descends in order)
    page = f"SELECT body FROM {table.name} WHERE {text} ORDER BY {sorting} LIMIT ? OFFSET ?"
    text = f"SELECT row_number() OVER (), NULL::text, body FROM ({page}) AS page"
    return [(text, (*bindings, query.limit + 1, query.offset)), *questions]


def page_of(query: Query, rows: Sequence[Row], count: Sequence[Row] | None, sight: Sight) -> Page:
    """The page that the answers make."""
    table = TABLES[query.kind.name]
    records = tuple(table.decode(body, sight) for _, _, body in rows[: query.limit])
    more = len(rows) > query.limit and bool(records)
    next_cursor = _encode_cursor(query, table, records[-1]) if more else None
    return Page(records, next_cursor, None if count is None else int(count[0][0]))


def _order_of(query: Query) -> _Order:
    order = tuple((name, direction == "desc") for name, direction in query.order if name != "id")
    id_descends = query.order[-1][1] == "desc" if query.order else False
    return (*order, ("id", id_descends))


def _after(table: Table, order: _Order, values: tuple[Binding, ...]) -> Clause:
    """What lies behind a place in the order. NULL sorts before every value."""
    (name, descends), value = order[0], values[0]
    column = table.column(name)
    beyond, bindings = _beyond(column, descends, value)
    if len(order) == 1:
        return beyond, bindings
    rest, more = _after(table, order[1:], values[1:])
    text = f"({beyond} OR ({column} IS NOT DISTINCT FROM ? AND {rest}))"
    if value is not None and (not descends or name in table.required):
        # Implied by the rest, but only in this form does an index begin at the cursor.
        text, bindings = f"({column} {'<=' if descends else '>='} ? AND {text})", (value, *bindings)
    return text, (*bindings, value, *more)


def _beyond(column: str, descends: bool, value: Binding) -> Clause:
    if value is None:
        return ("FALSE", ()) if descends else (f"{column} IS NOT NULL", ())
    return (f"({column} < ? OR {column} IS NULL)", (value,)) if descends else (f"{column} > ?", (value,))


def _sorting(table: Table, name: str, descends: bool) -> str:
    # Where there is no NULL, the clause about it would only keep an index from being used.
    nulls = "" if name in table.required else " NULLS LAST" if descends else " NULLS FIRST"
    return f"{table.column(name)} {'DESC' if descends else 'ASC'}{nulls}"


def _encode_cursor(query: Query, table: Table, last: Record) -> str:
    order, held = _order_of(query), table.held_by(last)
    values = tuple(held[name] for name, _ in order)
    return base64.urlsafe_b64encode(wire.encode((_belonging(query, order), values))).rstrip(b"=").decode()


def _decode_cursor(text: str, query: Query, table: Table, order: _Order) -> tuple[Binding, ...]:
    """Read a cursor back; raises `BadCursor` for anything that this query has not made."""
    try:
        if len(text) > _CURSOR_LENGTH:
            raise ValueError
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        belonging, values = wire.decode(body, _Cursor)
        if belonging != _belonging(query, order) or len(values) != len(order):
            raise ValueError
        if not all(_fits(value, table, name) for value, (name, _) in zip(values, order, strict=True)):
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadCursor("The cursor is not one that this list has given.", hint="Start again without one.") from None
    return values


def _fits(value: str | int | None, table: Table, name: str) -> bool:
    """Whether a column could hold the value: the server would refuse to compare it with any other."""
    if value is None:
        return True
    if name in table.integers:
        return isinstance(value, int) and value in _INTEGERS
    return isinstance(value, str) and "\x00" not in value


def _belonging(query: Query, order: _Order) -> str:
    return " ".join([query.kind.name, *(f"{'-' if descends else ''}{name}" for name, descends in order)])
