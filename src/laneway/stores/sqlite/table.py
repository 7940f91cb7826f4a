"""Table: one kind's SQL, generated from its declaration. No name in it ever comes from a request."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import get_args, get_type_hints

from laneway import wire
from laneway.domain.changes import Span
from laneway.domain.errors import Internal
from laneway.domain.kinds import KINDS, THREAD, TURN
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.turn import ACTIVE
from laneway.stores.sqlite.connection import Binding, Connection, single

# The partial indexes of active turns serve a query only if it says so in constants.
ACTIVE_ONLY = " AND status IN ('running', 'waiting', 'needs_review')"

# Of how many threads are alike in all these, triggers keep a table: to count a hundred thousand rows takes 8 ms.
_TOTALLED = frozenset({"owner", "deleted", "archived", "kind", "session_id", "agent_id", "pinned"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What a principal may see: its own records that are not deleted, or everybody's; never what is hidden."""

    owner: str | None
    """None: the system, which sees every owner's."""
    erasing: bool
    """Whether anything is hidden: almost always nothing is, and the conditions for it are left out."""

    def condition(self, kind: Kind[Record]) -> str:
        """SQL that follows a WHERE condition of the kind's table; its placeholders take `bindings`."""
        return _condition(kind.name, self.owner is not None, self.erasing)

    @property
    def bindings(self) -> tuple[str, ...]:
        return () if self.owner is None else (self.owner,)


class Table:
    """Reads and writes the records of one kind."""

    def __init__(self, kind: Kind[Record]) -> None:
        self.kind = kind
        self.columns = kind.columns + ((kind.numbered,) if kind.numbered else ())
        self.name = quoted(kind.name)
        self.required = _required(kind) & {"id", "owner", *self.columns}
        names = ("id", "owner", *self.columns, "body")
        self._attributes = attrgetter(*names[:-1])
        self._kept = f"SELECT row, {', '.join(map(quoted, names[:-1]))} FROM {self.name} WHERE id = ?"
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
        text = f"{self.counting(where.keys(), sight)} WHERE {self._equal(where)}{sight.condition(self.kind)}"
        return int(single(connection.execute(text, (*where.values(), *sight.bindings)))[0])

    def counting(self, columns: Collection[str], sight: Sight) -> str:
        """The SELECT of how many records there are under conditions on some columns; a WHERE follows it."""
        if self.kind.name == THREAD.name and _TOTALLED.issuperset(columns) and not sight.erasing:
            return "SELECT coalesce(sum(many), 0) FROM thread_total"
        return f"SELECT count(*) FROM {self.name}"

    def some(self, connection: Connection, where: Mapping[str, str | int], limit: int, sight: Sight) -> list[Record]:
        """Return the records whose columns equal the given values, in the order they were first put."""
        condition = self._equal(where) + sight.condition(self.kind)
        text = f"SELECT body FROM {self.name} WHERE {condition} ORDER BY row LIMIT ?"
        found = connection.execute(text, (*where.values(), *sight.bindings, limit))
        return [self.decode(body, sight) for (body,) in found]

    def span(self, connection: Connection, span: Span, sight: Sight) -> list[Record]:
        """Return the records that a span names, oldest or newest first."""
        number = self.column(self.kind.numbered or "id")
        condition = f"{self._equal(span.where)} AND {number} > ?{sight.condition(self.kind)}"
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

    def values(self, record: Record) -> tuple[Binding, ...]:
        """The id, the owner and the declared columns of a record; tuples and mappings as JSON text."""
        return tuple(
            value if value is None or isinstance(value, str | int) else wire.encode(value).decode()
            for value in self._attributes(record)
        )

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

    def _equal(self, where: Mapping[str, str | int]) -> str:
        text = " AND ".join(f"{self.column(name)} = ?" for name in where) or "1"
        return text + (ACTIVE_ONLY if self.kind.name == TURN.name and where.get("status") in ACTIVE else "")

    def _update(self, changed: tuple[int, ...]) -> str:
        if changed not in self._updates:
            names = [("id", "owner", *self.columns)[place] for place in changed]
            setting = "".join(f", {quoted(name)} = ?" for name in names)
            self._updates[changed] = f"UPDATE {self.name} SET body = ?{setting} WHERE row = ?"
        return self._updates[changed]


def _required(kind: Kind[Record]) -> set[str]:
    """The attributes that are never None, and whose columns are therefore NOT NULL."""
    hints: dict[str, object] = {**get_type_hints(kind.type)}
    for name, attribute in vars(kind.type).items():
        if isinstance(attribute, property) and attribute.fget:
            hints[name] = get_type_hints(attribute.fget).get("return")
    return {name for name, hint in hints.items() if hint is not None and NoneType not in get_args(hint)}


def quoted(name: str) -> str:
    """A declared name as an SQL identifier."""
    return f'"{name}"'


def sight_of(connection: Connection, principal: Principal) -> Sight:
    """What the principal may see in the connection's present transaction."""
    (erasing,) = connection.execute("SELECT EXISTS (SELECT 1 FROM hidden)").fetchone() or (0,)
    return Sight(None if principal.system else principal.user_id, bool(erasing))


@cache
def _condition(name: str, owned: bool, erasing: bool) -> str:
    kind = TABLES[name].kind
    parts = ["owner = ?"] if owned else []
    if owned and "deleted" in kind.columns:
        parts.append("deleted = 0")
    if erasing:
        parts += [
            f"({quoted(column)} IS NULL OR {quoted(column)} NOT IN (SELECT id FROM hidden))"
            for column in (kind.thread, kind.session)
            if column is not None
        ]
    return "".join(f" AND {part}" for part in parts)


TABLES: Mapping[str, Table] = MappingProxyType({kind.name: Table(kind) for kind in KINDS})
