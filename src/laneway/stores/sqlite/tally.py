"""Tally: how the records of a kind spread over the values of a column, counted, added up and ranked by the database."""

from laneway.sql.clause import Clause
from laneway.sql.condition import all_of
from laneway.sql.sight import Sight
from laneway.store import Share, Tally
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.dialect import SQLiteDialect
from laneway.stores.sqlite.labels import LABELLED, LABELS
from laneway.stores.sqlite.table import TABLES, Table


def read_tally(connection: Connection, tally: Tally, sight: Sight) -> tuple[Share, ...]:
    """Answer a tally in the connection's present transaction."""
    table = TABLES[tally.kind.name]
    clause = all_of(table, tally.where, sight, SQLiteDialect(connection))
    if (tally.kind.name, tally.by) in LABELLED:
        return _members(connection, tally, clause)
    key = table.column(tally.by)
    sums = "".join(f", coalesce(sum({table.column(name)}), 0)" for name in tally.sums)
    rows = connection.execute(
        f"SELECT {key}, count(*){sums} FROM {table.name} WHERE {clause[0]}"
        f" GROUP BY {key} ORDER BY count(*) DESC, {key} LIMIT ?",
        (*clause[1], tally.limit),
    ).fetchall()
    ranks = _ranks(connection, tally, table, clause)
    return tuple(
        Share(str(key), int(count), tuple(map(int, sums)), *ranks.get(str(key), (None, None)))
        for key, count, *sums in rows
    )


def _members(connection: Connection, tally: Tally, clause: Clause) -> tuple[Share, ...]:
    """The members of a list column, which lie in the table of labels beside the columns that conditions name."""
    rows = connection.execute(
        f'SELECT value, count(*) FROM {LABELS} WHERE "column" = ? AND {clause[0]}'
        " GROUP BY value ORDER BY count(*) DESC, value LIMIT ?",
        (tally.by, *clause[1], tally.limit),
    )
    return tuple(Share(str(value), int(count)) for value, count in rows)


def _ranks(connection: Connection, tally: Tally, table: Table, clause: Clause) -> dict[str, tuple[int, int]]:
    """The values at the nearest ranks of 50 and 95 in a hundred, for each key."""
    if tally.spread is None:
        return {}
    key, spread = table.column(tally.by), table.column(tally.spread)
    rows = connection.execute(
        f"SELECT key, min(CASE WHEN place >= (many + 1) / 2 THEN value END),"
        " min(CASE WHEN place >= (many * 95 + 99) / 100 THEN value END) FROM ("
        f" SELECT {key} AS key, {spread} AS value, row_number() OVER by_key AS place,"
        f" count(*) OVER (PARTITION BY {key}) AS many"
        f" FROM {table.name} WHERE {spread} IS NOT NULL AND {clause[0]}"
        f" WINDOW by_key AS (PARTITION BY {key} ORDER BY {spread})"
        ") GROUP BY key",
        clause[1],
    )
    return {str(key): (int(p50), int(p95)) for key, p50, p95 in rows}
