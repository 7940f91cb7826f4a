"""Table: reads and writes the records of one kind."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from laneway import wire
from laneway.domain.changes import Span
from laneway.domain.kinds import KINDS
from laneway.domain.record import Kind, Record
from laneway.sql.sight import Sight
from laneway.sql.table import KindTable, quoted
from laneway.stores.postgres.ask import Alike, Question
from laneway.stores.postgres.connection import Connection


class Table(KindTable):
    """One kind's table, with its SQL."""

    def __init__(self, kind: Kind[Record]) -> None:
        super().__init__(kind)
        names = (*self.keys, "body")
        setting = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in (*self.columns, "body"))
        arrays = ", ".join(f"?::{'bytea' if name == 'body' else self._type(name)}[]" for name in names)
        self._put = (
            f"INSERT INTO {self.name} AS kept ({', '.join(map(quoted, names))}) SELECT * FROM unnest({arrays})"
            f" ON CONFLICT (id) DO UPDATE SET {setting} WHERE kept.owner = excluded.owner"
            " RETURNING (kept.xmax = 0) AS is_new"
        )

    def get(self, id: str, sight: Sight) -> Alike:
        """Asks for a record as far as it can be seen."""
        return self._alike("0::bigint", "body", {"id": id}, sight, "LIMIT 1")

    def some(self, where: Mapping[str, str | int], limit: int, sight: Sight) -> Alike:
        """Asks for the records whose columns equal the given values, in the order they were first put."""
        return self._alike("row", "body", where, sight, f"ORDER BY row LIMIT {limit}")

    def span(self, span: Span, sight: Sight) -> Alike:
        """Asks for the records that a span names, oldest or newest first."""
        number = self.column(self.kind.numbered or "id")
        order, sign = ("DESC", "-") if span.newest else ("ASC", "")
        bounds = {f"{number} > ?": span.above}
        if span.below is not None:
            bounds[f"{number} < ?"] = span.below
        return self._alike(
            sign + number, "body", span.where, sight, f"ORDER BY {number} {order} LIMIT {span.limit}", bounds
        )

    def count(self, where: Mapping[str, str | int], sight: Sight) -> Alike:
        """Asks how many records there are whose columns equal the given values."""
        return self._alike("count(*)", "NULL::bytea", where, sight)

    def scope(self, id: str) -> Alike | None:
        """Asks for the id of the thread, or else of the session, that a record belongs to; None when to neither."""
        named = [quoted(name) for name in (self.kind.thread, self.kind.session) if name is not None]
        if not named:
            return None
        told = f"0::bigint AS place, coalesce({', '.join(named)}) AS text, NULL::bytea AS body"
        return Alike(f"SELECT {told} FROM {self.name} WHERE id = ? LIMIT 1", ("text",), (id,))

    def _alike(
        self, place: str, body: str, where: Mapping[str, str | int], sight: Sight, ending: str = "",
        bounds: Mapping[str, int] = MappingProxyType({}),
    ) -> Alike:  # fmt: skip
        condition = " AND ".join((self.equal(where), *bounds)) + sight.condition(self.kind)
        told = f"{place} AS place, NULL::text AS text, {body} AS body"
        types = (*map(self._type, where), *("bigint" for _ in bounds), *("text" for _ in sight.bindings))
        row = (*where.values(), *bounds.values(), *sight.bindings)
        return Alike(f"SELECT {told} FROM {self.name} WHERE {condition} {ending}", types, row)

    def putting(self, records: Sequence[Record]) -> Question:
        """Writes records, and answers with how many. The place in the order of first puts stays what it was."""
        columns = zip(*((*self.values(record), wire.encode(record)) for record in records), strict=True)
        return self._put, tuple(list(column) for column in columns)

    async def drop(self, connection: Connection, ids: Sequence[str]) -> None:
        """Delete records; a missing one is no error."""
        await connection.execute(f"DELETE FROM {self.name} WHERE id = ANY (?::text[])", (ids,))

    def _type(self, name: str) -> str:
        return "bigint" if name in self.integers else "text"


TABLES = MappingProxyType({kind.name: Table(kind) for kind in KINDS})
"""The table of each kind, by the kind's name."""
