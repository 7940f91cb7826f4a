"""Condition: a query's conditions as SQL. Values are always placeholders; names are always declared ones."""

from collections.abc import Sequence
from typing import Protocol, assert_never

from laneway.domain.errors import Internal
from laneway.domain.kinds import TURN
from laneway.domain.turn import ACTIVE
from laneway.sql.clause import Clause, Value
from laneway.sql.sight import Sight
from laneway.sql.table import ACTIVE_ONLY, KindTable
from laneway.store import Where


class Dialect(Protocol):
    """How a database looks into JSON and into texts."""

    def has(self, column: str, value: Value) -> Clause:
        """A list in the column has the value."""
        ...

    def entry(self, column: str, key: str, value: str) -> Clause:
        """An object in the column has the value under the key. Numbers and booleans match as they are written,
        because a value in an address has no type."""
        ...

    def matches(self, column: str, text: str, owner: str | None) -> Clause:
        """The column holds the id of a thread, of that owner if any, which has all the words of a text."""
        ...


def all_of(table: KindTable, conditions: Sequence[Where], sight: Sight, dialect: Dialect) -> Clause:
    """Every condition together, for what can be seen: SQL for after WHERE, and its bindings."""
    clauses = [_one(table, where, sight, dialect) for where in conditions]
    text = " AND ".join(clause for clause, _ in clauses) or "TRUE"
    if any(_is_active_only(table, where) for where in conditions):
        text += ACTIVE_ONLY
    values = [value for _, bindings in clauses for value in bindings]
    return text + sight.condition(table.kind), (*values, *sight.bindings)


def _one(table: KindTable, where: Where, sight: Sight, dialect: Dialect) -> Clause:
    column, value = table.column(where.column), where.value
    match where.operator:
        case "in":
            values = _pair_or_more(where)
            return (f"{column} IN ({', '.join('?' * len(values))})", values) if values else ("FALSE", ())
        case "entry":
            return dialect.entry(column, *_pair_or_more(where))
        case "has":
            return dialect.has(column, _single(where))
        case "matches":
            return dialect.matches(column, str(_single(where)), sight.owner)
        case "=":
            return (f"{column} IS NULL", ()) if value is None else (f"{column} = ?", (_single(where),))
        case "!=":
            return f"{column} IS DISTINCT FROM ?", (_single(where),)
        case "<" | "<=" | ">" | ">=":
            return f"{column} {where.operator} ?", (_single(where),)
        case _:
            assert_never(where.operator)


def _single(where: Where) -> Value:
    if isinstance(where.value, tuple):
        raise Internal(f"A condition {where.operator} takes one value.")
    return where.value


def _pair_or_more(where: Where) -> tuple[str, ...]:
    if not isinstance(where.value, tuple):
        raise Internal(f"A condition {where.operator} takes a tuple of values.")
    return where.value


def _is_active_only(table: KindTable, where: Where) -> bool:
    if table.kind.name != TURN.name or where.column != "status":
        return False
    values = where.value if isinstance(where.value, tuple) else (where.value,)
    return where.operator in ("=", "in") and ACTIVE.issuperset(values)
