"""Condition: a query's conditions as SQL. Values are always placeholders; names are always declared ones."""

from collections.abc import Sequence
from typing import assert_never

from msgspec import DecodeError

from laneway.domain.errors import Internal
from laneway.domain.json import Json
from laneway.domain.kinds import TURN
from laneway.domain.turn import ACTIVE
from laneway.store import Where
from laneway.stores.postgres.connection import Binding
from laneway.stores.postgres.table import ACTIVE_ONLY, Table
from laneway.wire import decode, encode

Clause = tuple[str, tuple[Binding, ...]]


def all_of(table: Table, conditions: Sequence[Where]) -> Clause:
    """Every condition together: SQL for after WHERE, and its bindings."""
    clauses = [_one(table, where) for where in conditions]
    text = " AND ".join(clause for clause, _ in clauses) or "TRUE"
    if any(_is_active_only(table, where) for where in conditions):
        text += ACTIVE_ONLY
    return text, tuple(binding for _, bindings in clauses for binding in bindings)


def _one(table: Table, where: Where) -> Clause:
    column, value = table.column(where.column), where.value
    match where.operator:
        case "in":
            values = _pair_or_more(where)
            return (f"{column} IN ({', '.join('?' * len(values))})", values) if values else ("FALSE", ())
        case "entry":
            return _entry(column, *_pair_or_more(where))
        case "has":
            value = _single(where)
            # The first half finds by an index what the second half then looks at.
            return f"({column}::jsonb @> ?::jsonb AND {_has(column)})", (encode([value]).decode(), value)
        case "=":
            return (f"{column} IS NULL", ()) if value is None else (f"{column} = ?", (_single(where),))
        case "!=":
            return f"{column} IS DISTINCT FROM ?", (_single(where),)
        case "<" | "<=" | ">" | ">=":
            return f"{column} {where.operator} ?", (_single(where),)
        case _:
            assert_never(where.operator)


def _has(column: str) -> str:
    return f"EXISTS (SELECT 1 FROM json_array_elements_text({column}::json) AS part (value) WHERE part.value = ?)"


def _entry(column: str, key: str, value: str) -> Clause:
    # Numbers and booleans match as they are written, because a value in an address has no type.
    simple = "json_typeof(pair.value) NOT IN ('object', 'array', 'null')"
    pairs = f"SELECT 1 FROM json_each({column}::json) AS pair"
    exact = f"EXISTS ({pairs} WHERE pair.key = ? AND {simple} AND pair.value #>> '{{}}' = ?)"
    forms = [encode({key: form}).decode() for form in _forms(value)]
    contained = " OR ".join(f"{column}::jsonb @> ?::jsonb" for _ in forms)
    return f"(({contained}) AND {exact})", (*forms, key, value)


def _forms(value: str) -> list[Json]:
    """What a text in an address may stand for: itself, and the number or boolean that is written so."""
    try:
        other = decode(value.encode(), object)
    except DecodeError:
        return [value]
    return [value, other] if isinstance(other, bool | int | float) else [value]


def _single(where: Where) -> Binding:
    if isinstance(where.value, tuple):
        raise Internal(f"A condition {where.operator} takes one value.")
    return where.value


def _pair_or_more(where: Where) -> tuple[str, ...]:
    if not isinstance(where.value, tuple):
        raise Internal(f"A condition {where.operator} takes a tuple of values.")
    return where.value


def _is_active_only(table: Table, where: Where) -> bool:
    if table.kind.name != TURN.name or where.column != "status":
        return False
    values = where.value if isinstance(where.value, tuple) else (where.value,)
    return where.operator in ("=", "in") and ACTIVE.issuperset(values)
