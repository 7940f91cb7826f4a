"""Cursor: a place in a query's order as text: the last record's values there, not a count."""

import base64
import binascii

import msgspec

from laneway import wire
from laneway.domain.errors import BadCursor
from laneway.domain.record import Record
from laneway.sql.clause import Value
from laneway.sql.order import Order, order_of
from laneway.sql.table import KindTable
from laneway.store import Query

_LENGTH = 8192
_INTEGERS = range(-(2**63), 2**63)

_Cursor = tuple[str, tuple[str | int | None, ...]]
"""What it belongs to, and the last record's values of the order's columns."""


def encode_cursor(query: Query, table: KindTable, last: Record) -> str:
    """The cursor of a page that ends with a record."""
    order, held = order_of(query), table.held_by(last)
    values = tuple(held[name] for name, _ in order)
    return base64.urlsafe_b64encode(wire.encode((_belonging(query, order), values))).rstrip(b"=").decode()


def decode_cursor(text: str, query: Query, table: KindTable) -> tuple[Value, ...]:
    """Read a cursor back; raises `BadCursor` for anything that this query has not made."""
    order = order_of(query)
    try:
        if len(text) > _LENGTH:
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


def _fits(value: str | int | None, table: KindTable, name: str) -> bool:
    """Whether the column could hold the value: a database may refuse to compare it with any other."""
    if value is None:
        return True
    if name in table.integers:
        return isinstance(value, int) and value in _INTEGERS
    return isinstance(value, str) and "\x00" not in value


def _belonging(query: Query, order: Order) -> str:
    return " ".join([query.kind.name, *(f"{'-' if descends else ''}{name}" for name, descends in order)])
