"""JSON: how SQLite looks into it."""

from laneway.sql.clause import Clause, Value


class SQLiteJson:
    """JSON lies in columns of text."""

    def has(self, column: str, value: Value) -> Clause:
        return f"EXISTS (SELECT 1 FROM json_each({column}) AS part WHERE part.value = ?)", (value,)

    def entry(self, column: str, key: str, value: str) -> Clause:
        text = "CASE pair.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(pair.value AS TEXT) END"
        simple = "pair.type NOT IN ('object', 'array', 'null')"
        return (
            f"EXISTS (SELECT 1 FROM json_each({column}) AS pair WHERE pair.key = ? AND {simple} AND {text} = ?)",
            (key, value),
        )


JSON = SQLiteJson()
