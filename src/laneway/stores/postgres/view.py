"""View: loads what a decision needs, inside the write transaction and as its principal may see it."""

from collections.abc import Sequence
from typing import Protocol, assert_never

from laneway.clock import Clock
from laneway.domain.changes import Count, Folded, Need, One, Some, Span
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.view import LoadedView
from laneway.sql.sight import Sight
from laneway.stores.postgres.ask import Alike, ask_as
from laneway.stores.postgres.connection import Connection, Row
from laneway.stores.postgres.fold import folded, folding
from laneway.stores.postgres.table import TABLES


class Needing(Protocol):
    """Who needs what."""

    @property
    def principal(self) -> Principal: ...
    @property
    def needs(self) -> Sequence[Need]: ...


async def load_views(connection: Connection, group: Sequence[Needing], clock: Clock | None) -> list[LoadedView]:
    """Load what each needs as of this moment of the transaction. Its time is the database's, or a clock's."""
    loading = [_Loading(each.principal.owner, each.needs) for each in group]
    while True:
        answers, erasing, now = await ask_as(
            connection, lambda erasing: [question for each in loading for question in each.questions(erasing)]
        )
        rest = iter(answers)
        for each in loading:
            each.view.now = each.view.now or (clock.now() if clock else now)
            each.take([next(rest) for _ in each.asked], erasing)
        if not any(each.asked for each in loading):
            return [each.view for each in loading]


class _Loading:
    """A view that is being loaded for an owner, or for the system: what is asked now, and where that leads."""

    def __init__(self, owner: str | None, needs: Sequence[Need]) -> None:
        self.view = LoadedView("")
        self.asked: Sequence[Need] = needs
        self._owner = owner
        self._trails: list[One] = []

    def questions(self, erasing: bool) -> list[Alike]:
        """What is asked."""
        return [_question(need, Sight(self._owner, erasing)) for need in self.asked]

    def take(self, answers: Sequence[Sequence[Row]], erasing: bool) -> None:
        """Keep the answers, and ask on from there."""
        for need, rows in zip(self.asked, answers, strict=True):
            self._trails += _take(self.view, need, rows, Sight(self._owner, erasing))
        unknown = {(one.kind.name, one.id): one for trail in self._trails if (one := self.view.unknown(trail))}
        self.asked = tuple(unknown.values())


def _question(need: Need, sight: Sight) -> Alike:
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


def _take(view: LoadedView, need: Need, rows: Sequence[Row], sight: Sight) -> list[One]:
    """Keep what answers a need; returns what is to be followed from there."""
    match need:
        case One(kind, id):
            found = _decoded(kind, rows, sight)
            view.keep(kind, id, found[0] if found else None)
            return [need]
        case Some(kind, _, _, follow):
            found = _decoded(kind, rows, sight)
            view.keep_some(kind, found)
            return [One(kind, record.id, follow) for record in found if follow]
        case Span(kind):
            view.keep_some(kind, _decoded(kind, rows, sight))
        case Count(kind):
            view.add_count(kind, int(rows[0][0]))
        case Folded():
            view.add_texts(folded(rows))
        case _:
            assert_never(need)
    return []


def _decoded(kind: Kind[Record], rows: Sequence[Row], sight: Sight) -> list[Record]:
    return [TABLES[kind.name].decode(body, sight) for _, _, body in rows]
