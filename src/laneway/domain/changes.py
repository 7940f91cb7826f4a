"""Changes: what a decision commits: record puts and deletes with the events that tell them, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from laneway.domain.event import Event
from laneway.domain.instant import Instant
from laneway.domain.json import Json
from laneway.domain.record import Kind, Record

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class One:
    """Needs the record of an id; `follow` then loads, attribute by attribute, the records that it points to."""

    kind: Kind[Record]
    id: str
    follow: tuple[str, ...] = ()
    """A chain such as `("active_turn_id", "node")`: each step leads from the last record reached."""


@dataclass(frozen=True, slots=True)
class Some:
    """Needs the records of a kind whose columns equal the given values, in the order they were first put."""

    kind: Kind[Record]
    where: Mapping[str, str | int]
    limit: int = 1000
    follow: tuple[str, ...] = ()
    """As for `One`, from each record that was found."""


@dataclass(frozen=True, slots=True)
class Span:
    """Needs the records of a numbered kind whose columns equal the given values, between two numbers (exclusive)."""

    kind: Kind[Record]
    where: Mapping[str, str | int]
    above: int = 0
    below: int | None = None
    newest: bool = False
    """Where there are more than `limit`, load the newest of them instead of the oldest."""
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Folded:
    """Needs the text so far of a thread's unfinished items: the fold of their deltas."""

    thread_id: str


@dataclass(frozen=True, slots=True)
class Count:
    """Needs to know how many of the principal's records of a kind have columns that equal the given values."""

    kind: Kind[Record]
    where: Mapping[str, str | int]


Need = One | Some | Span | Folded | Count


class View(Protocol):
    """What a decision sees: the declared needs, as the principal may see them, inside the write transaction."""

    @property
    def now(self) -> Instant:
        """The store's own time: the one against which heartbeats are read."""
        ...

    def get(self, kind: Kind[R], id: str) -> R | None:
        """Return a declared record; None when it is missing, hidden or somebody else's."""
        ...

    def some(self, kind: Kind[R]) -> Sequence[R]:
        """Return every record of a kind that a `Some` or a `Span` loaded."""
        ...

    def count(self, kind: Kind[R]) -> int:
        """Return how many records the declared `Count`s of a kind found, all together."""
        ...

    def folded(self, item_id: str) -> str:
        """Return the text so far of an unfinished item that a `Folded` covers."""
        ...


@dataclass(frozen=True, slots=True)
class Put:
    """Write a record. `numbered_by` is the index of the event whose number the store fills in (`Kind.numbered`);
    without it, the record keeps the number that it has."""

    kind: Kind[Record]
    record: Record
    numbered_by: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete one record."""

    kind: Kind[Record]
    id: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All or nothing: what one command changes."""

    puts: tuple[Put, ...] = ()
    drops: tuple[Drop, ...] = ()
    events: tuple[Event, ...] = ()
    erase: tuple[str, ...] = ()
    """Ids of threads, sessions and users of which every trace goes: hidden by this commit, erased by `Store.erase`
    later. A user's sessions are named, too."""

    def plus(self, other: "Changes") -> "Changes":
        """Both, as one commit; `other` must not number its puts."""
        return Changes(
            self.puts + other.puts, self.drops + other.drops, self.events + other.events, self.erase + other.erase
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command changes, and what its sender is told when it has been recorded."""

    changes: Changes = field(default_factory=Changes)
    reply: Json = None
