"""Cursor: a place in an order as text: the values there of what came last, not a count."""

import base64
import binascii
from collections.abc import Callable

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

Values = tuple[str | int | None, ...]
_Cursor = tuple[str, Values]
"""What it belongs to, and the values of the order's columns."""


def encode_cursor(query: Query, table: KindTable, last: Record) -> str:
    """The cursor of a page that ends with a record."""
    order, held = order_of(query), table.held_by(last)
    return write_cursor(_belonging(query, order), tuple(held[name] for name, _ in order))


def decode_cursor(text: str, query: Query, table: KindTable) -> tuple[Value, ...]:
    """Read a cursor back; raises `BadCursor` for anything that this query has not made."""
    order = order_of(query)

    def fits(values: Values) -> bool:
        pairs = zip(values, order, strict=True)
        return len(values) == len(order) and all(_fits(value, table, name) for value, (name, _) in pairs)

    return read_cursor(text, _belonging(query, order), fits)


def write_cursor(belonging: str, values: tuple[Value, ...]) -> str:
    """The cursor of a place in what it belongs to."""
    return base64.urlsafe_b64encode(wire.encode((belonging, values))).rstrip(b"=").decode()


def read_cursor(text: str, belonging: str, fits: Callable[[Values], bool]) -> Values:
    """The values of a cursor; raises `BadCursor` when it belongs to something else, or they do not fit."""
    try:
        if len(text) > _LENGTH:
            raise ValueError
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found, values = wire.decode(body, _Cursor)
        if found != belonging or not fits(values):
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadCursor("The cursor is not one that this list has given.", hint="Start again without one.") from None
    return values


def is_integer(value: object) -> bool:
    """Whether a column of integers could hold it."""
    return isinstance(value, int) and value in _INTEGERS


def is_text(value: object) -> bool:
    """Whether a column of text could hold it."""
    return isinstance(value, str) and "\x00" not in value


def _fits(value: str | int | None, table: KindTable, name: str) -> bool:
    """Whether the column could hold the value: a database may refuse to compare it with any other."""
    return value is None or (is_integer(value) if name in table.integers else is_text(value))


def _belonging(query: Query, order: Order) -> str:
    return " ".join([query.kind.name, *(f"{'-' if descends else ''}{name}" for name, descends in order)])
