"""View: the answers to what a decision needs. A store fills it in, and the decision reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from laneway.domain.changes import One
from laneway.domain.errors import Internal
from laneway.domain.instant import Instant
from laneway.domain.kinds import target_of
from laneway.domain.record import Kind, Record

R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class LoadedView:
    """The declared needs. To ask for anything else is a mistake of the caller's and raises `Internal`."""

    now: Instant
    _records: dict[tuple[str, str], Record | None] = field(default_factory=dict[tuple[str, str], Record | None])
    _kinds: dict[str, Kind[Record]] = field(default_factory=dict[str, Kind[Record]])
    _lists: dict[str, dict[str, Record]] = field(default_factory=dict[str, dict[str, Record]])
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _texts: dict[str, str] = field(default_factory=dict[str, str])

    # --- what a decision reads -----------------------------------------------------------------------------------

    def get(self, kind: Kind[R], id: str) -> R | None:
        if (kind.name, id) not in self._records:
            raise Internal(f"A decision asked for a {kind.name} that it had not declared.")
        # A record under a kind's name was decoded as that kind's type.
        return cast("R | None", self._records[kind.name, id])

    def some(self, kind: Kind[R]) -> Sequence[R]:
        if kind.name not in self._lists:
            raise Internal(f"A decision asked for records of the kind {kind.name} that it had not declared.")
        return cast("list[R]", list(self._lists[kind.name].values()))

    def count(self, kind: Kind[R]) -> int:
        if kind.name not in self._counts:
            raise Internal(f"A decision asked for the number of {kind.name} records that it had not declared.")
        return self._counts[kind.name]

    def folded(self, item_id: str) -> str:
        return self._texts.get(item_id, "")

    # --- what a store fills in -----------------------------------------------------------------------------------

    def keep(self, kind: Kind[Record], id: str, record: Record | None) -> None:
        """Answer for one record; None when it cannot be seen."""
        self._kinds[kind.name] = kind
        self._records[kind.name, id] = record

    def keep_some(self, kind: Kind[Record], records: Sequence[Record]) -> None:
        """Answer with the records that a `Some` or a `Span` finds."""
        self._lists.setdefault(kind.name, {}).update({record.id: record for record in records})
        for record in records:
            self.keep(kind, record.id, record)

    def add_count(self, kind: Kind[Record], number: int) -> None:
        """Answer a `Count`."""
        self._counts[kind.name] = self._counts.get(kind.name, 0) + number

    def add_texts(self, texts: Mapping[str, str]) -> None:
        """Answer a `Folded`: item id → text."""
        self._texts.update(texts)

    def unknown(self, trail: One) -> One | None:
        """The first record of a trail that nobody has answered for; None when the trail ends before."""
        kind, id = trail.kind, trail.id
        for step in (*trail.follow, None):
            if (kind.name, id) not in self._records:
                return One(kind, id)
            record = self._records[kind.name, id]
            next_id: str | None = None if record is None or step is None else getattr(record, step)
            if next_id is None or step is None:
                return None
            kind, id = target_of(kind, step), next_id
        return None

    def looked_for(self, kind: Kind[Record], id: str) -> bool:
        """Whether a record was asked for, be it there or not."""
        return (kind.name, id) in self._records

    def seen(self, kind: Kind[Record], id: str) -> Record | None:
        """The record as far as it was asked for and can be seen."""
        return self._records.get((kind.name, id))

    @property
    def records(self) -> list[tuple[Kind[Record], str, Record | None]]:
        """Everything that was looked for, with its kind; None for what cannot be seen."""
        return [(self._kinds[name], id, record) for (name, id), record in self._records.items()]
