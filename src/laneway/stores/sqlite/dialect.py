"""Dialect: how SQLite looks into JSON, and into the texts of threads."""

from laneway.sql.clause import Clause, Value
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.search import find_threads

MANY = 1000
"""Threads from which on it is quicker to look each one of a list up among them than to find each of them."""


class SQLiteDialect:
    """JSON lies in columns of text, texts in an index that is asked first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def has(self, column: str, value: Value) -> Clause:
        return f"EXISTS (SELECT 1 FROM json_each({column}) AS part WHERE part.value = ?)", (value,)

    def entry(self, column: str, key: str, value: str) -> Clause:
        text = "CASE pair.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(pair.value AS TEXT) END"
        simple = "pair.type NOT IN ('object', 'array', 'null')"
        return (
            f"EXISTS (SELECT 1 FROM json_each({column}) AS pair WHERE pair.key = ? AND {simple} AND {text} = ?)",
            (key, value),
        )

    def matches(self, column: str, text: str, owner: str | None) -> Clause:
        count, ids = find_threads(self._connection, text, owner)
        # A column with a sign before it is not what an index is chosen for.
        sign = "+" if count > MANY else ""
        return f"{sign}{column} IN (SELECT value FROM json_each(?))", (ids,)
