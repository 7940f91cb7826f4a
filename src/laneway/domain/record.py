"""Record kinds: what a store keeps, said once. A store learns a kind's columns, thread and session from here alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, Literal, Protocol, TypeVar


class Record(Protocol):
    """What every stored record has."""

    @property
    def id(self) -> str: ...
    @property
    def owner(self) -> str: ...


R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True)
class Kind(Generic[R_co]):
    """One kind of record: a frozen dataclass with an `id`, an `owner`, and attributes that are also kept as columns.

    A store keeps `id`, `owner` and the named columns beside the encoded body. A column's value is the attribute
    (or property) of that name: text, integer, boolean or None as they are, tuples and mappings as JSON text.
    """

    name: str
    type: type[R_co]
    columns: tuple[str, ...] = ()
    references: Mapping[str, "Kind[Record] | str"] = field(default_factory=lambda: MappingProxyType({}))
    """Column → name of the kind whose id it holds; what `One.follow` may walk along."""
    thread: str | None = None
    """The attribute that holds the id of the record's thread; None: it belongs to no thread."""
    session: str | None = None
    """The attribute that holds the id of the record's session; None: it belongs to no session."""
    numbered: Literal["seq", "offset"] | None = None
    """The attribute (and column) that the store fills in with that number of the event which the put names."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Column tuples of which no two records may hold the same values (rows with a NULL among them do not count)."""
