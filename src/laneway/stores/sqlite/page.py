"""Page: one page of a kind, by keyset: a cursor holds the last record's place in the order, not a count."""

from laneway.sql.condition import all_of
from laneway.sql.cursor import decode_cursor, encode_cursor
from laneway.sql.order import behind, order_of
from laneway.sql.sight import Sight
from laneway.store import Page, Query
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.dialect import SQLiteDialect
from laneway.stores.sqlite.labels import LABELS, labelled
from laneway.stores.sqlite.table import TABLES


def read_page(connection: Connection, query: Query, sight: Sight) -> Page:
    """Answer a query in the connection's present transaction."""
    table = TABLES[query.kind.name]
    order = order_of(query)
    dialect = SQLiteDialect(connection)
    found_by = labelled(query, sight, dialect)
    source = table.name if found_by is None else LABELS
    text, bindings = found_by or all_of(table, query.where, sight, dialect)
    total = None
    if query.count:
        columns = {where.column for where in query.where}
        counting = table.counting(columns, sight) if found_by is None else f"SELECT count(*) FROM {source}"
        total = int(single(connection.execute(f"{counting} WHERE {text}", bindings))[0])
    if query.cursor is not None:
        after, values = behind(table, order, decode_cursor(query.cursor, query, table))
        text, bindings = f"{text} AND {after}", (*bindings, *values)
    sorting = ", ".join(f"{table.column(name)} {'DESC' if descends else 'ASC'}" for name, descends in order)
    rows = connection.execute(
        f"SELECT {'body' if found_by is None else 'id'} FROM {source} WHERE {text} ORDER BY {sorting} LIMIT ? OFFSET ?",
        (*bindings, query.limit + 1, query.offset),
    ).fetchall()
    bodies = (found if found_by is None else table.body(connection, found) for (found,) in rows[: query.limit])
    records = tuple(table.decode(body, sight) for body in bodies)
    more = len(rows) > query.limit and bool(records)
    return Page(records, encode_cursor(query, table, records[-1]) if more else None, total)
