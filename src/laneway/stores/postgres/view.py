"""View: loads what a decision needs, inside the write transaction and as its principal may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, assert_never, cast

from laneway.clock import Clock
from laneway.domain.changes import Count, Folded, Need, One, Some, Span
from laneway.domain.errors import Internal
from laneway.domain.instant import Instant
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.stores.postgres.ask import Question, ask_as
from laneway.stores.postgres.connection import Connection, Row
from laneway.stores.postgres.fold import folded, folding
from laneway.stores.postgres.sight import Sight
from laneway.stores.postgres.table import TABLES

R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class LoadedView:
    """The declared needs. To ask for anything else is a mistake of the caller's and raises `Internal`."""

    now: Instant
    _records: dict[tuple[str, str], Record | None] = field(default_factory=dict[tuple[str, str], Record | None])
    _lists: dict[str, dict[str, Record]] = field(default_factory=dict[str, dict[str, Record]])
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _texts: dict[str, str] = field(default_factory=dict[str, str])

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

    @property
    def records(self) -> list[tuple[Kind[Record], str, Record | None]]:
        """Everything that was looked for, with its kind; None for what is not there."""
        return [(TABLES[name].kind, id, record) for (name, id), record in self._records.items()]

    def take(self, need: Need, rows: Sequence[Row], sight: Sight) -> list[One]:
        """Keep what answers a need; returns what is to be followed from there."""
        match need:
            case One(kind, id, follow):
                found = self._decoded(kind, rows, sight)
                self._records[kind.name, id] = found[0] if found else None
                return [One(kind, id, follow)]
            case Some(kind, _, _, follow):
                found = self._decoded(kind, rows, sight)
                self._keep(kind, found)
                return [One(kind, record.id, follow) for record in found if follow]
            case Span(kind):
                self._keep(kind, self._decoded(kind, rows, sight))
            case Count(kind):
                self._counts[kind.name] = self._counts.get(kind.name, 0) + int(rows[0][0])
            case Folded():
                self._texts.update(folded(rows))
            case _:
                assert_never(need)
        return []

    def unknown(self, trail: One) -> One | None:
        """The first record of a trail that has not been read; None when the trail ends before."""
        kind, id = trail.kind, trail.id
        for step in (*trail.follow, None):
            if (kind.name, id) not in self._records:
                return One(kind, id)
            record = self._records[kind.name, id]
            next_id: str | None = None if record is None or step is None else getattr(record, step)
            if next_id is None or step is None:
                return None
            target = kind.references[step]
            kind, id = TABLES[target if isinstance(target, str) else target.name].kind, next_id
        return None

    def _keep(self, kind: Kind[Record], records: Sequence[Record]) -> None:
        self._lists.setdefault(kind.name, {}).update({record.id: record for record in records})
        self._records.update({(kind.name, record.id): record for record in records})

    def _decoded(self, kind: Kind[Record], rows: Sequence[Row], sight: Sight) -> list[Record]:
        return [TABLES[kind.name].decode(body, sight) for _, _, body in rows]


async def load_view(
    connection: Connection, principal: Principal, needs: Sequence[Need], clock: Clock | None
) -> LoadedView:
    """Load every need as of this moment of the transaction; its time is the database's unless a clock is given."""
    owner = None if principal.system else principal.user_id
    view = LoadedView("")
    asked, trails = needs, list[One]()
    while True:
        answers, sight, now = await ask_as(connection, owner, partial(_questions, asked))
        view.now = view.now or (clock.now() if clock else now)
        for need, rows in zip(asked, answers, strict=True):
            trails += view.take(need, rows, sight)
        unknown = {(one.kind.name, one.id): one for trail in trails if (one := view.unknown(trail))}
        if not unknown:
            return view
        asked = tuple(unknown.values())


def _questions(needs: Sequence[Need], sight: Sight) -> list[Question]:
    return [_question(need, sight) for need in needs]


def _question(need: Need, sight: Sight) -> Question:
    match need:
        case One(kind, id):
            return TABLES[kind.name].get(id, sight)
        case Some(kind, where, limit):
            return TABLES[kind.name].some(where, limit, sight)
        case Span(kind):
            return TABLES[kind.name].span(need, sight)
        case Count(kind, where):
            return TABLES[kind.name].count(where, sight)
        case Folded(thread_id):
            return folding(thread_id, sight)
        case _:
            assert_never(need)
