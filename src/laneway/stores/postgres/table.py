"""Table: one kind's SQL, generated from its declaration. No name in it ever comes from a request."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import get_args, get_type_hints

from laneway import wire
from laneway.domain.changes import Span
from laneway.domain.errors import Internal
from laneway.domain.kinds import KINDS, TURN
from laneway.domain.record import Kind, Record
from laneway.domain.turn import ACTIVE
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Binding, Connection
from laneway.stores.postgres.sight import Sight

# The partial indexes of active turns serve a query only if it says so in constants.
ACTIVE_ONLY = " AND status IN ('running', 'waiting', 'needs_review')"


class Table:
    """Reads and writes the records of one kind."""

    def __init__(self, kind: Kind[Record]) -> None:
        self.kind = kind
        self.columns = kind.columns + ((kind.numbered,) if kind.numbered else ())
        self.name = quoted(kind.name)
        hints = _hints(kind)
        self.required = {name for name, hint in hints.items() if NoneType not in hint} & {"id", "owner", *self.columns}
        self.integers = {name for name, hint in hints.items() if hint & {int, bool}} & set(self.columns)
        names = ("id", "owner", *self.columns, "body")
        self._attributes = attrgetter(*names[:-1])
        setting = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in (*self.columns, "body"))
        arrays = ", ".join(f"?::{'bytea' if name == 'body' else self._type(name)}[]" for name in names)
        self._put = (
            f"INSERT INTO {self.name} AS kept ({', '.join(map(quoted, names))}) SELECT * FROM unnest({arrays})"
            f" ON CONFLICT (id) DO UPDATE SET {setting} WHERE kept.owner = excluded.owner RETURNING 1"
        )

    def get(self, id: str, sight: Sight) -> Question:
        """Asks for a record as far as it can be seen."""
        return f"{self._body('0::bigint')} id = ?{sight.condition(self.kind)}", (id, *sight.bindings)

    def count(self, where: Mapping[str, str | int], sight: Sight) -> Question:
        """Asks how many records there are whose columns equal the given values."""
        condition = self._equal(where) + sight.condition(self.kind)
        text = f"SELECT count(*), NULL::text, NULL::bytea FROM {self.name} WHERE {condition}"
        return text, (*where.values(), *sight.bindings)

    def some(self, where: Mapping[str, str | int], limit: int, sight: Sight) -> Question:
        """Asks for the records whose columns equal the given values, in the order they were first put."""
        condition = self._equal(where) + sight.condition(self.kind)
        return f"{self._body('row')} {condition} ORDER BY row LIMIT ?", (*where.values(), *sight.bindings, limit)

    def span(self, span: Span, sight: Sight) -> Question:
        """Asks for the records that a span names, oldest or newest first."""
        number, order, sign = self.column(self.kind.numbered or "id"), "ASC", ""
        if span.newest:
            order, sign = "DESC", "-"
        condition = f"{self._equal(span.where)} AND {number} > ?{sight.condition(self.kind)}"
        bindings: list[Binding] = [*span.where.values(), span.above, *sight.bindings]
        if span.below is not None:
            condition += f" AND {number} < ?"
            bindings.append(span.below)
        text = f"{self._body(sign + number)} {condition} ORDER BY {number} {order} LIMIT ?"
        return text, (*bindings, span.limit)

    def scope(self, id: str) -> Question | None:
        """Asks for the id of the thread, or else of the session, that a record belongs to; None when to neither."""
        named = [quoted(name) for name in (self.kind.thread, self.kind.session) if name is not None]
        if not named:
            return None
        return f"SELECT 0::bigint, coalesce({', '.join(named)}), NULL::bytea FROM {self.name} WHERE id = ?", (id,)

    def putting(self, records: Sequence[Record]) -> Question:
        """Writes records, and answers with how many. The place in the order of first puts stays what it was."""
        columns = zip(*((*self.values(record), wire.encode(record)) for record in records), strict=True)
        return self._put, tuple(list(column) for column in columns)

    async def drop(self, connection: Connection, ids: Sequence[str]) -> None:
        """Delete records; a missing one is no error."""
        await connection.execute(f"DELETE FROM {self.name} WHERE id = ANY (?::text[])", (ids,))

    def values(self, record: Record) -> tuple[Binding, ...]:
        """The id, the owner and the declared columns of a record; tuples and mappings as JSON text."""
        return tuple(
            value if value is None or isinstance(value, str | int) else wire.encode(value).decode()
            for value in self._attributes(record)
        )

    def held_by(self, record: Record) -> dict[str, Binding]:
        """What a record's row has in each column that may be asked about."""
        values = (int(value) if isinstance(value, bool) else value for value in self.values(record))
        return dict(zip(("id", "owner", *self.columns), values, strict=True))

    def decode(self, body: bytes, sight: Sight) -> Record:
        record = wire.decode(body, self.kind.type)
        # The condition has said so already; this is the wall behind it.
        if sight.owner is not None and record.owner != sight.owner:
            raise Internal(f"A {self.kind.name} of another owner was read.")
        return record

    def column(self, name: str) -> str:
        """The quoted name of a column that may be asked about; raises `Internal` for any other."""
        if name not in self.columns and name not in ("id", "owner"):
            raise Internal(f"The kind {self.kind.name} declares no column of that name.")
        return quoted(name)

    def _type(self, name: str) -> str:
        return "bigint" if name in self.integers else "text"

    def _body(self, place: str) -> str:
        return f"SELECT {place}, NULL::text, body FROM {self.name} WHERE"

    def _equal(self, where: Mapping[str, str | int]) -> str:
        text = " AND ".join(f"{self.column(name)} = ?" for name in where) or "TRUE"
        return text + (ACTIVE_ONLY if self.kind.name == TURN.name and where.get("status") in ACTIVE else "")


def _hints(kind: Kind[Record]) -> dict[str, set[object]]:
    """The types that each attribute may have."""
    hints: dict[str, object] = {**get_type_hints(kind.type)}
    for name, attribute in vars(kind.type).items():
        if isinstance(attribute, property) and attribute.fget:
            hints[name] = get_type_hints(attribute.fget).get("return")
    return {name: set(get_args(hint)) or {hint} for name, hint in hints.items() if hint is not None}


def quoted(name: str) -> str:
    """A declared name as an SQL identifier."""
    return f'"{name}"'


TABLES = MappingProxyType({kind.name: Table(kind) for kind in KINDS})
"""The table of each kind, by the kind's name."""
