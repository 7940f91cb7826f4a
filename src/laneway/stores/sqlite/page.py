"""Page: one page of a kind, by keyset: a cursor holds the last record's place in the order, not a count."""

import base64
import binascii

import msgspec

from laneway import wire
from laneway.domain.errors import BadCursor
from laneway.store import Page, Query
from laneway.stores.sqlite.condition import Clause, all_of
from laneway.stores.sqlite.connection import Binding, Connection, single
from laneway.stores.sqlite.labels import LABELS, labelled
from laneway.stores.sqlite.table import TABLES, Sight, Table

_CURSOR_LENGTH = 8192
_INTEGERS = range(-(2**63), 2**63)

_Order = tuple[tuple[str, bool], ...]
"""Columns with whether they descend; the id comes last and makes the order total."""
_Cursor = tuple[str, tuple[str | int | None, ...]]
"""What it belongs to, and the last record's values of the order's columns."""


def read_page(connection: Connection, query: Query, sight: Sight) -> Page:
    """Answer a query in the connection's present transaction."""
    table = TABLES[query.kind.name]
    order = _order_of(query)
    found_by = labelled(query, sight)
    source = table.name if found_by is None else LABELS
    text, bindings = found_by or _conditions(table, query, sight)
    total = None
    if query.count:
        columns = {where.column for where in query.where}
        counting = table.counting(columns, sight) if found_by is None else f"SELECT count(*) FROM {source}"
        total = int(single(connection.execute(f"{counting} WHERE {text}", bindings))[0])
    if query.cursor is not None:
        after, values = _after(table, order, _decode_cursor(query.cursor, query, order))
        text, bindings = f"{text} AND {after}", (*bindings, *values)
    columns = ", ".join(table.column(name) for name, _ in order)
    sorting = ", ".join(f"{table.column(name)} {'DESC' if descends else 'ASC'}" for name, descends in order)
    rows = connection.execute(
        f"SELECT {'body' if found_by is None else 'id'}, {columns} FROM {source} WHERE {text}"
        f" ORDER BY {sorting} LIMIT ? OFFSET ?",
        (*bindings, query.limit + 1, query.offset),
    ).fetchall()
    shown = rows[: query.limit]
    more = len(rows) > query.limit and bool(shown)
    next_cursor = _encode_cursor(query, order, shown[-1][1:]) if more else None
    bodies = [row[0] if found_by is None else table.body(connection, row[0]) for row in shown]
    return Page(tuple(table.decode(body, sight) for body in bodies), next_cursor, total)


def _conditions(table: Table, query: Query, sight: Sight) -> Clause:
    text, bindings = all_of(table, query.where)
    return text + sight.condition(table.kind), (*bindings, *sight.bindings)


def _order_of(query: Query) -> _Order:
    order = tuple((name, direction == "desc") for name, direction in query.order if name != "id")
    id_descends = query.order[-1][1] == "desc" if query.order else False
    return (*order, ("id", id_descends))


def _after(table: Table, order: _Order, values: tuple[Binding, ...]) -> Clause:
    """What lies behind a place in the order. NULL sorts before every value, as SQLite has it."""
    (name, descends), value = order[0], values[0]
    column = table.column(name)
    beyond, bindings = _beyond(column, descends, value)
    if len(order) == 1:
        return beyond, bindings
    rest, more = _after(table, order[1:], values[1:])
    text = f"({beyond} OR ({column} IS ? AND {rest}))"
    if value is not None and (not descends or name in table.required):
        # Implied by the rest, but only in this form does an index begin at the cursor.
        text, bindings = f"({column} {'<=' if descends else '>='} ? AND {text})", (value, *bindings)
    return text, (*bindings, value, *more)


def _beyond(column: str, descends: bool, value: Binding) -> Clause:
    if value is None:
        return ("0", ()) if descends else (f"{column} IS NOT NULL", ())
    return (f"({column} < ? OR {column} IS NULL)", (value,)) if descends else (f"{column} > ?", (value,))


def _encode_cursor(query: Query, order: _Order, values: tuple[Binding, ...]) -> str:
    return base64.urlsafe_b64encode(wire.encode((_belonging(query, order), values))).rstrip(b"=").decode()


def _decode_cursor(text: str, query: Query, order: _Order) -> tuple[Binding, ...]:
    """Read a cursor back; raises `BadCursor` for anything that this query has not made."""
    try:
        if len(text) > _CURSOR_LENGTH:
            raise ValueError
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        belonging, values = wire.decode(body, _Cursor)
        if belonging != _belonging(query, order) or len(values) != len(order):
            raise ValueError
        if any(isinstance(value, int) and value not in _INTEGERS for value in values):
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadCursor("The cursor is not one that this list has given.", hint="Start again without one.") from None
    return values


def _belonging(query: Query, order: _Order) -> str:
    return " ".join([query.kind.name, *(f"{'-' if descends else ''}{name}" for name, descends in order)])
