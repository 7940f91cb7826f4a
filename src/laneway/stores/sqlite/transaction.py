"""Transaction: one command inside the writer's transaction: load, decide, write."""

from collections.abc import Callable, Sequence

from laneway.domain.changes import Changes, Decision, Need, View
from laneway.domain.commit import named_by, takes_a_place, with_number
from laneway.domain.errors import NotFound
from laneway.domain.frozen import replace
from laneway.domain.instant import Instant
from laneway.domain.principal import Principal
from laneway.store import Committed
from laneway.stores.sqlite.chain import link_entries
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.log import append_events
from laneway.stores.sqlite.queries import SQL
from laneway.stores.sqlite.table import TABLES, sight_of
from laneway.stores.sqlite.view import load_view


def transact(
    connection: Connection,
    principal: Principal,
    needs: Sequence[Need],
    decide: Callable[[View], Decision],
    now: Instant,
) -> Committed:
    """Run one command. What it raises leaves the caller's savepoint to be rolled back."""
    view = load_view(connection, principal, needs, now)
    decision = decide(view)
    changes = decision.changes
    if sight_of(connection, principal).erasing:
        _refuse_hidden(connection, changes)
    events = append_events(connection, changes.events)
    changes = replace(changes, puts=link_entries(connection, (with_number(put, events) for put in changes.puts)))
    _write(connection, changes)
    return Committed(changes, decision.reply, events)


def _write(connection: Connection, changes: Changes) -> None:
    for drop in changes.drops:
        TABLES[drop.kind.name].drop(connection, drop.id)
    # A place is left before it is taken: the turn that ends before the one that starts, in whichever order they came.
    for put in sorted(changes.puts, key=takes_a_place):
        TABLES[put.kind.name].put(connection, put.record)
    for id in changes.erase:
        connection.execute(SQL["hide"], (id,))


def _refuse_hidden(connection: Connection, changes: Changes) -> None:
    """Nothing is written to what an earlier commit has given up for erasure: whoever is late finds it missing."""
    gone = {id for (id,) in connection.execute(SQL["hidden"])}
    if gone & named_by(changes):
        raise NotFound()
