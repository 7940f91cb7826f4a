"""View: loads what a decision needs, inside the write transaction and as its principal may see it."""

from collections.abc import Sequence
from functools import partial
from typing import assert_never

from laneway.clock import Clock
from laneway.domain.changes import Count, Folded, Need, One, Some, Span
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.view import LoadedView
from laneway.sql.sight import Sight
from laneway.stores.postgres.ask import Question, ask_as
from laneway.stores.postgres.connection import Connection, Row
from laneway.stores.postgres.fold import folded, folding
from laneway.stores.postgres.table import TABLES


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
            trails += _take(view, need, rows, sight)
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
