"""Transaction: one command in one transaction: lock, load, decide, lock, write."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from laneway.clock import Clock
from laneway.domain.changes import Changes, Decision, Need, Put, View
from laneway.domain.errors import Internal, NotFound
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.turn import ACTIVE, Turn
from laneway.store import Committed
from laneway.stores.postgres.chain import link_entries
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import Lock, locks_of, locks_of_changes, locks_of_records, take
from laneway.stores.postgres.log import append_events
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES
from laneway.stores.postgres.view import LoadedView, load_view
from laneway.wire import StoredEvent


class LearnedLocks(Exception):
    """More has to be locked than was known before reading, and it comes earlier in the order: start again with it."""

    def __init__(self, locks: set[Lock]) -> None:
        super().__init__()
        self.locks = locks


async def transact(
    connection: Connection,
    principal: Principal,
    needs: Sequence[Need],
    decide: Callable[[View], Decision],
    known: set[Lock],
    clock: Clock | None,
) -> Committed:
    """Run one command. What it raises leaves the caller's transaction to be rolled back."""
    view = await _load(connection, principal, needs, known, clock)
    decision = decide(view)
    changes = decision.changes
    if not (changes.puts or changes.drops or changes.events or changes.erase):
        return Committed(changes, decision.reply, ())
    named = set(_named(changes))
    await take(connection, locks_of_changes(changes, named))
    # Read behind the locks: whoever gave something up meanwhile has committed by now.
    await _refuse_hidden(connection, named)
    events = await append_events(connection, changes.events)
    changes = replace(changes, puts=await link_entries(connection, (_numbered(put, events) for put in changes.puts)))
    await _write(connection, changes)
    return Committed(changes, decision.reply, events)


async def _load(
    connection: Connection, principal: Principal, needs: Sequence[Need], known: set[Lock], clock: Clock | None
) -> LoadedView:
    """Lock the needs and read them, until all that was found is locked."""
    held = known | await locks_of(connection, needs, None if principal.system else principal.user_id)
    await take(connection, held)
    while True:
        view = await load_view(connection, principal, needs, clock)
        more = locks_of_records(view.records) - held
        if not more:
            return view
        if held and min(more) < max(held):
            raise LearnedLocks(held | more)
        await take(connection, more)
        held |= more


async def _write(connection: Connection, changes: Changes) -> None:
    for drop in changes.drops:
        await TABLES[drop.kind.name].drop(connection, drop.id)
    # A place is left before it is taken: the turn that ends before the one that starts, in whichever order they came.
    for put in sorted(changes.puts, key=_takes_a_place):
        await TABLES[put.kind.name].put(connection, put.record)
    for id in changes.erase:
        await connection.execute(SQL["hide"], (id,))


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


async def _refuse_hidden(connection: Connection, named: set[str | None]) -> None:
    """Nothing is written to what an earlier commit has given up for erasure: whoever is late finds it missing."""
    gone = {id for (id,) in await connection.fetch(SQL["hidden"])}
    if gone & named:
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
