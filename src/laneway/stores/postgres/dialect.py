"""Dialect: how Postgres looks into JSON and into the texts of threads. What an index finds by containment is then
looked at exactly."""

from msgspec import DecodeError

from laneway.domain.json import Json
from laneway.sql.clause import Clause, Value
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.search import terms_asked
from laneway.wire import decode, encode


class PostgresDialect:
    """JSON lies in columns of text; the indexes hold it as jsonb."""

    def has(self, column: str, value: Value) -> Clause:
        member = f"SELECT 1 FROM json_array_elements_text({column}::json) AS part (value) WHERE part.value = ?"
        return f"({column}::jsonb @> ?::jsonb AND EXISTS ({member}))", (encode([value]).decode(), value)

    def entry(self, column: str, key: str, value: str) -> Clause:
        simple = "json_typeof(pair.value) NOT IN ('object', 'array', 'null')"
        pairs = f"SELECT 1 FROM json_each({column}::json) AS pair"
        exact = f"EXISTS ({pairs} WHERE pair.key = ? AND {simple} AND pair.value #>> '{{}}' = ?)"
        forms = [encode({key: form}).decode() for form in _forms(value)]
        contained = " OR ".join(f"{column}::jsonb @> ?::jsonb" for _ in forms)
        return f"(({contained}) AND {exact})", (*forms, key, value)

    def matches(self, column: str, text: str, owner: str | None) -> Clause:
        terms = terms_asked(text)
        if not terms:
            return "FALSE", ()
        # A word has no space in it.
        owned, owners = ("", ()) if owner is None else (" AND entry.owner = ?", (owner,))
        return f"{column} IN ({SQL['find_threads']}{owned})", (" ".join(terms), *owners)


def _forms(value: str) -> list[Json]:
    """What a text in an address may stand for: itself, and the number or boolean that is written so."""
    try:
        other = decode(value.encode(), object)
    except DecodeError:
        return [value]
    return [value, other] if isinstance(other, bool | int | float) else [value]


DIALECT = PostgresDialect()
