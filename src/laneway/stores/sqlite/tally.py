"""Tally: how the records of a kind spread over the values of a column, counted, added up and ranked by the database."""

from collections.abc import Sequence

from laneway import wire
from laneway.sql.clause import Clause
from laneway.sql.condition import all_of
from laneway.sql.sight import Sight
from laneway.sql.tally import behind, page_of, sorting
from laneway.store import Share, Tally, TallyPage
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.dialect import SQLiteDialect
from laneway.stores.sqlite.labels import LABELLED, LABELS
from laneway.stores.sqlite.table import TABLES

MANY = "count(*)"


def read_tally(connection: Connection, tally: Tally, sight: Sight) -> TallyPage:
    """Answer a tally in the connection's present transaction."""
    table = TABLES[tally.kind.name]
    source, key = table.name, table.column(tally.by)
    text, bindings = all_of(table, tally.where, sight, SQLiteDialect(connection))
    if (tally.kind.name, tally.by) in LABELLED:
        # The members lie in the table of labels, beside the columns that conditions name.
        source, key, text, bindings = LABELS, "value", f'"column" = ? AND {text}', (tally.by, *bindings)
    total = None
    if tally.count:
        total = int(single(connection.execute(f"SELECT count(DISTINCT {key}) FROM {source} WHERE {text}", bindings))[0])
    after, values = behind(tally, key, MANY)
    sums = "".join(f", coalesce(sum({table.column(name)}), 0)" for name in tally.sums)
    rows = connection.execute(
        f"SELECT {key}, {MANY}{sums} FROM {source} WHERE {text} GROUP BY {key} HAVING {after}"
        f" ORDER BY {sorting(tally, key, MANY)} LIMIT ? OFFSET ?",
        (*bindings, *values, tally.limit + 1, tally.offset),
    ).fetchall()
    ranks = _ranks(connection, tally, source, key, [str(row[0]) for row in rows], (text, bindings))
    found = [
        Share(str(key), int(count), tuple(map(int, sums)), *ranks.get(str(key), (None, None)))
        for key, count, *sums in rows
    ]
    return page_of(tally, found, total)


def _ranks(
    connection: Connection, tally: Tally, source: str, key: str, keys: Sequence[str], clause: Clause
) -> dict[str, tuple[int, int]]:
    """The values at the nearest ranks of 50 and 95 in a hundred, for each of the keys."""
    if tally.spread is None:
        return {}
    text, bindings = clause
    spread = TABLES[tally.kind.name].column(tally.spread)
    rows = connection.execute(
        f"SELECT key, min(CASE WHEN place >= (many + 1) / 2 THEN value END),"
        " min(CASE WHEN place >= (many * 95 + 99) / 100 THEN value END) FROM ("
        f" SELECT {key} AS key, {spread} AS value, row_number() OVER by_key AS place,"
        f" count(*) OVER (PARTITION BY {key}) AS many"
        f" FROM {source} WHERE {spread} IS NOT NULL AND {text} AND {key} IN (SELECT value FROM json_each(?))"
        f" WINDOW by_key AS (PARTITION BY {key} ORDER BY {spread})"
        ") GROUP BY key",
        (*bindings, wire.encode(keys).decode()),
    )
    return {str(key): (int(p50), int(p95)) for key, p50, p95 in rows}
