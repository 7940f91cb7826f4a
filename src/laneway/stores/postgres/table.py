"""Table: reads and writes the records of one kind."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from laneway import wire
from laneway.domain.changes import Span
from laneway.domain.kinds import KINDS
from laneway.domain.record import Kind, Record
from laneway.sql.sight import Sight
from laneway.sql.table import KindTable, quoted
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Binding, Connection


class Table(KindTable):
    """One kind's table, with its SQL."""

    def __init__(self, kind: Kind[Record]) -> None:
        super().__init__(kind)
        names = (*self.keys, "body")
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
        condition = self.equal(where) + sight.condition(self.kind)
        text = f"SELECT count(*), NULL::text, NULL::bytea FROM {self.name} WHERE {condition}"
        return text, (*where.values(), *sight.bindings)

    def some(self, where: Mapping[str, str | int], limit: int, sight: Sight) -> Question:
        """Asks for the records whose columns equal the given values, in the order they were first put."""
        condition = self.equal(where) + sight.condition(self.kind)
        return f"{self._body('row')} {condition} ORDER BY row LIMIT ?", (*where.values(), *sight.bindings, limit)

    def span(self, span: Span, sight: Sight) -> Question:
        """Asks for the records that a span names, oldest or newest first."""
        number, order, sign = self.column(self.kind.numbered or "id"), "ASC", ""
        if span.newest:
            order, sign = "DESC", "-"
        condition = f"{self.equal(span.where)} AND {number} > ?{sight.condition(self.kind)}"
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

    def _type(self, name: str) -> str:
        return "bigint" if name in self.integers else "text"

    def _body(self, place: str) -> str:
        return f"SELECT {place}, NULL::text, body FROM {self.name} WHERE"


TABLES = MappingProxyType({kind.name: Table(kind) for kind in KINDS})
"""The table of each kind, by the kind's name."""
