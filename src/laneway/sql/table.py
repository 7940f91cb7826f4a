"""Table: how one kind lies in a table, generated from its declaration. No name in it ever comes from a request."""

from collections.abc import Mapping
from operator import attrgetter
from types import NoneType
from typing import get_args, get_type_hints

from laneway import wire
from laneway.domain.errors import Internal
from laneway.domain.kinds import TURN
from laneway.domain.record import Kind, Record
from laneway.domain.turn import ACTIVE
from laneway.sql.clause import Value
from laneway.sql.sight import Sight

# The partial indexes of active turns serve a query only if it says so in constants.
ACTIVE_ONLY = " AND status IN ('running', 'waiting', 'needs_review')"


class KindTable:
    """The columns of a kind, and what they hold of a record."""

    def __init__(self, kind: Kind[Record]) -> None:
        self.kind = kind
        self.name = quoted(kind.name)
        self.columns = kind.columns + ((kind.numbered,) if kind.numbered else ())
        self.keys = ("id", "owner", *self.columns)
        """All columns that may be asked about. A further one, `body`, has the encoded record."""
        hints = _hints(kind)
        self.required = {name for name, hint in hints.items() if NoneType not in hint} & set(self.keys)
        """The columns that are never NULL."""
        self.integers = {name for name, hint in hints.items() if hint & {int, bool}} & set(self.columns)
        self._attributes = attrgetter(*self.keys)

    def values(self, record: Record) -> tuple[Value, ...]:
        """The id, the owner and the declared columns of a record; tuples and mappings as JSON text."""
        return tuple(
            value if value is None or isinstance(value, str | int) else wire.encode(value).decode()
            for value in self._attributes(record)
        )

    def held_by(self, record: Record) -> dict[str, Value]:
        """What a record's row has in each column that may be asked about."""
        values = (int(value) if isinstance(value, bool) else value for value in self.values(record))
        return dict(zip(self.keys, values, strict=True))

    def decode(self, body: bytes, sight: Sight) -> Record:
        """The record in a row that was found."""
        record = wire.decode(body, self.kind.type)
        # The condition has said so already; this is the wall behind it.
        if sight.owner is not None and record.owner != sight.owner:
            raise Internal(f"A {self.kind.name} of another owner was read.")
        return record

    def column(self, name: str) -> str:
        """The quoted name of a column that may be asked about; raises `Internal` for any other."""
        if name not in self.keys:
            raise Internal(f"The kind {self.kind.name} declares no column of that name.")
        return quoted(name)

    def equal(self, where: Mapping[str, str | int]) -> str:
        """SQL for records whose columns equal the given values, which are its bindings."""
        text = " AND ".join(f"{self.column(name)} = ?" for name in where) or "TRUE"
        return text + (ACTIVE_ONLY if self.kind.name == TURN.name and where.get("status") in ACTIVE else "")


def quoted(name: str) -> str:
    """A declared name as an SQL identifier."""
    return f'"{name}"'


def _hints(kind: Kind[Record]) -> dict[str, set[object]]:
    """The types that each attribute may have."""
    hints: dict[str, object] = {**get_type_hints(kind.type)}
    for name, attribute in vars(kind.type).items():
        if isinstance(attribute, property) and attribute.fget:
            hints[name] = get_type_hints(attribute.fget).get("return")
    return {name: set(get_args(hint)) or {hint} for name, hint in hints.items() if hint is not None}
