"""Order: the order of a query's records, and what lies behind a place in it."""

from laneway.sql.clause import Clause, Value
from laneway.sql.table import KindTable
from laneway.store import Query

Order = tuple[tuple[str, bool], ...]
"""Columns with whether they descend; the id comes last and makes the order total."""


def order_of(query: Query) -> Order:
    """The order that a query asks for."""
    order = tuple((name, direction == "desc") for name, direction in query.order if name != "id")
    id_descends = query.order[-1][1] == "desc" if query.order else False
    return (*order, ("id", id_descends))


def behind(table: KindTable, order: Order, values: tuple[Value, ...]) -> Clause:
    """What lies behind a place in the order. NULL sorts before every value."""
    (name, descends), value = order[0], values[0]
    column = table.column(name)
    beyond, bindings = _beyond(column, descends, value)
    if len(order) == 1:
        return beyond, bindings
    rest, more = behind(table, order[1:], values[1:])
    text = f"({beyond} OR ({column} IS NOT DISTINCT FROM ? AND {rest}))"
    if value is not None and (not descends or name in table.required):
        # Implied by the rest, but only in this form does an index begin at the cursor.
        text, bindings = f"({column} {'<=' if descends else '>='} ? AND {text})", (value, *bindings)
    return text, (*bindings, value, *more)


def _beyond(column: str, descends: bool, value: Value) -> Clause:
    if value is None:
        return ("FALSE", ()) if descends else (f"{column} IS NOT NULL", ())
    return (f"({column} < ? OR {column} IS NULL)", (value,)) if descends else (f"{column} > ?", (value,))
