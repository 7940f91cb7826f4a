"""Transaction: one command inside the writer's transaction: load, decide, write."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from laneway.domain.changes import Changes, Decision, Need, Put, View
from laneway.domain.errors import Internal, NotFound
from laneway.domain.frozen import replace
from laneway.domain.instant import Instant
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.turn import ACTIVE, Turn
from laneway.store import Committed
from laneway.stores.sqlite.chain import link_entries
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.log import append_events
from laneway.stores.sqlite.queries import SQL
from laneway.stores.sqlite.table import TABLES, sight_of
from laneway.stores.sqlite.view import load_view
from laneway.wire import StoredEvent


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
    changes = replace(changes, puts=link_entries(connection, (_numbered(put, events) for put in changes.puts)))
    _write(connection, changes)
    return Committed(changes, decision.reply, events)


def _write(connection: Connection, changes: Changes) -> None:
    for drop in changes.drops:
        TABLES[drop.kind.name].drop(connection, drop.id)
    # A place is left before it is taken: the turn that ends before the one that starts, in whichever order they came.
    for put in sorted(changes.puts, key=_takes_a_place):
        TABLES[put.kind.name].put(connection, put.record)
    for id in changes.erase:
        connection.execute(SQL["hide"], (id,))


def _takes_a_place(put: Put) -> bool:
    """Whether the record holds values that a unique index guards."""
    if isinstance(put.record, Turn):
        return put.record.status in ACTIVE
    return any(None not in [getattr(put.record, name) for name in names] for names in put.kind.unique)


def _numbered(put: Put, events: Sequence[StoredEvent]) -> Put:
    if put.numbered_by is None:
        return put
    if put.kind.numbered is None:
        raise Internal(f"Records of the kind {put.kind.name} are not numbered.")
    event = events[put.numbered_by]
    number = event.seq if put.kind.numbered == "seq" else event.offset
    record: Any = put.record  # a frozen dataclass, as every kind's type is
    return replace(put, record=replace(record, **{put.kind.numbered: number}))


def _refuse_hidden(connection: Connection, changes: Changes) -> None:
    """Nothing is written to what an earlier commit has given up for erasure: whoever is late finds it missing."""
    gone = {id for (id,) in connection.execute(SQL["hidden"])}
    if gone.intersection(_named(changes)):
        raise NotFound()


def _named(changes: Changes) -> Iterable[str | None]:
    for put in changes.puts:
        yield put.record.owner or None
        yield _attribute(put.record, put.kind, put.kind.thread)
        yield _attribute(put.record, put.kind, put.kind.session)
    for event in changes.events:
        if not event.data.survives:
            yield event.thread_id
            yield event.session_id


def _attribute(record: Record, kind: Kind[Record], name: str | None) -> str | None:
    return None if name is None else getattr(record, name)
