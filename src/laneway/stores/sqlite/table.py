"""Table: reads and writes the records of one kind."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from laneway import wire
from laneway.domain.changes import Span
from laneway.domain.errors import Internal
from laneway.domain.kinds import KINDS, THREAD
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.sql.sight import Sight
from laneway.sql.table import KindTable, quoted
from laneway.stores.sqlite.connection import Binding, Connection, single

# Of how many threads are alike in all these, triggers keep a table: to count a hundred thousand rows takes 8 ms.
_TOTALLED = frozenset({"owner", "deleted", "archived", "kind", "session_id", "agent_id", "pinned"})


class Table(KindTable):
    """One kind's table, with its SQL."""

    def __init__(self, kind: Kind[Record]) -> None:
        super().__init__(kind)
        names = (*self.keys, "body")
        self._kept = f"SELECT row, {', '.join(map(quoted, self.keys))} FROM {self.name} WHERE id = ?"
        self._insert = (
            f"INSERT INTO {self.name} ({', '.join(map(quoted, names))}) VALUES ({', '.join('?' * len(names))})"
        )
        self._drop = f"DELETE FROM {self.name} WHERE id = ?"
        self._updates: dict[tuple[int, ...], str] = {}

    def get(self, connection: Connection, id: str, sight: Sight) -> Record | None:
        """Return a record as far as it can be seen."""
        found = connection.execute(
            f"SELECT body FROM {self.name} WHERE id = ?{sight.condition(self.kind)}", (id, *sight.bindings)
        ).fetchone()
        return None if found is None else self.decode(found[0], sight)

    def body(self, connection: Connection, id: str) -> bytes:
        """The encoded body of a record that has just been found."""
        return single(connection.execute(f"SELECT body FROM {self.name} WHERE id = ?", (id,)))[0]

    def count(self, connection: Connection, where: Mapping[str, str | int], sight: Sight) -> int:
        """Count the records whose columns equal the given values."""
        text = f"{self.counting(where.keys(), sight)} WHERE {self.equal(where)}{sight.condition(self.kind)}"
        return int(single(connection.execute(text, (*where.values(), *sight.bindings)))[0])

    def counting(self, columns: Collection[str], sight: Sight) -> str:
        """The SELECT of how many records there are under conditions on some columns; a WHERE follows it."""
        if self.kind.name == THREAD.name and _TOTALLED.issuperset(columns) and not sight.erasing:
            return "SELECT coalesce(sum(many), 0) FROM thread_total"
        return f"SELECT count(*) FROM {self.name}"

    def some(self, connection: Connection, where: Mapping[str, str | int], limit: int, sight: Sight) -> list[Record]:
        """Return the records whose columns equal the given values, in the order they were first put."""
        condition = self.equal(where) + sight.condition(self.kind)
        text = f"SELECT body FROM {self.name} WHERE {condition} ORDER BY row LIMIT ?"
        found = connection.execute(text, (*where.values(), *sight.bindings, limit))
        return [self.decode(body, sight) for (body,) in found]

    def span(self, connection: Connection, span: Span, sight: Sight) -> list[Record]:
        """Return the records that a span names, oldest or newest first."""
        number = self.column(self.kind.numbered or "id")
        condition = f"{self.equal(span.where)} AND {number} > ?{sight.condition(self.kind)}"
        bindings: list[Binding] = [*span.where.values(), span.above, *sight.bindings]
        if span.below is not None:
            condition += f" AND {number} < ?"
            bindings.append(span.below)
        order = "DESC" if span.newest else "ASC"
        text = f"SELECT body FROM {self.name} WHERE {condition} ORDER BY {number} {order} LIMIT ?"
        return [self.decode(body, sight) for (body,) in connection.execute(text, (*bindings, span.limit))]

    def put(self, connection: Connection, record: Record) -> None:
        """Write a record. Only columns that changed are written, so that an index of the others is left alone."""
        values = self.values(record)
        kept = connection.execute(self._kept, (record.id,)).fetchone()
        if kept is None:
            connection.execute(self._insert, (*values, wire.encode(record)))
            return
        if kept[2] != record.owner:
            raise Internal(f"A put would give the {self.kind.name} {record.id} to another owner.")
        changed = tuple(place for place, value in enumerate(values) if kept[place + 1] != value)
        connection.execute(self._update(changed), (wire.encode(record), *(values[place] for place in changed), kept[0]))

    def drop(self, connection: Connection, id: str) -> None:
        """Delete a record; a missing one is no error."""
        connection.execute(self._drop, (id,))

    def _update(self, changed: tuple[int, ...]) -> str:
        if changed not in self._updates:
            names = [self.keys[place] for place in changed]
            setting = "".join(f", {quoted(name)} = ?" for name in names)
            self._updates[changed] = f"UPDATE {self.name} SET body = ?{setting} WHERE row = ?"
        return self._updates[changed]


def sight_of(connection: Connection, principal: Principal) -> Sight:
    """What the principal may see in the connection's present transaction."""
    (erasing,) = connection.execute("SELECT EXISTS (SELECT 1 FROM hidden)").fetchone() or (0,)
    return Sight(principal.owner, bool(erasing))


TABLES = MappingProxyType({kind.name: Table(kind) for kind in KINDS})
