"""View: loads what a decision needs, inside the write transaction and as its principal may see it."""

from collections.abc import Sequence
from typing import assert_never

from laneway.domain.changes import Count, Folded, Need, One, Some, Span
from laneway.domain.instant import Instant
from laneway.domain.principal import Principal
from laneway.domain.view import LoadedView
from laneway.sql.sight import Sight
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.fold import fold_thread
from laneway.stores.sqlite.table import TABLES, sight_of


def load_view(connection: Connection, principal: Principal, needs: Sequence[Need], now: Instant) -> LoadedView:
    """Load every need as of this moment of the transaction."""
    sight = sight_of(connection, principal)
    view = LoadedView(now)
    for need in needs:
        _load(connection, view, need, sight)
    return view


def _load(connection: Connection, view: LoadedView, need: Need, sight: Sight) -> None:
    match need:
        case One():
            _follow(connection, view, need, sight)
        case Some(kind, where, limit, follow):
            found = TABLES[kind.name].some(connection, where, limit, sight)
            view.keep_some(kind, found)
            for record in found if follow else ():
                _follow(connection, view, One(kind, record.id, follow), sight)
        case Span(kind):
            view.keep_some(kind, TABLES[kind.name].span(connection, need, sight))
        case Count(kind, where):
            view.add_count(kind, TABLES[kind.name].count(connection, where, sight))
        case Folded(thread_id):
            view.add_texts(fold_thread(connection, thread_id, sight))
        case _:
            assert_never(need)


def _follow(connection: Connection, view: LoadedView, trail: One, sight: Sight) -> None:
    while one := view.unknown(trail):
        view.keep(one.kind, one.id, TABLES[one.kind.name].get(connection, one.id, sight))
