"""Transaction: one command in one transaction: lock, load, decide, lock, write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from laneway.clock import Clock
from laneway.domain.changes import Changes, Decision, Need, View
from laneway.domain.commit import check_scope, named_by, takes_a_place, with_number
from laneway.domain.errors import Internal
from laneway.domain.principal import Principal
from laneway.domain.record import Record
from laneway.domain.view import LoadedView
from laneway.log import LogRow, number_events, rows_of_events
from laneway.store import Committed
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.chain import link_entries
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import Lock, locks_of_changes, locks_of_read, taking
from laneway.stores.postgres.log import appending, reserve
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES
from laneway.stores.postgres.view import load_view


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
    held: set[Lock],
    clock: Clock | None,
) -> Committed:
    """Run one command under the locks of its needs. What it raises leaves the transaction to be rolled back."""
    view = await _load(connection, principal, needs, held, clock)
    decision = decide(view)
    changes = decision.changes
    if not (changes.puts or changes.drops or changes.events or changes.erase):
        return Committed(changes, decision.reply, ())
    for event in changes.events:
        check_scope(event)
    named = named_by(changes)
    places = ((event.log, event.thread_id) for event in changes.events)
    # Read behind the locks: whoever gave something up meanwhile has committed by now.
    numbers = await reserve(connection, places, locks_of_changes(changes, named), named)
    events = number_events(changes.events, numbers)
    changes = replace(changes, puts=await link_entries(connection, (with_number(put, events) for put in changes.puts)))
    await _write(connection, changes, rows_of_events(changes.events, events))
    return Committed(changes, decision.reply, events)


async def _load(
    connection: Connection, principal: Principal, needs: Sequence[Need], held: set[Lock], clock: Clock | None
) -> LoadedView:
    """Read the needs, and lock what was found to be needed, too, until all that was read is locked."""
    held = set(held)
    while True:
        view = await load_view(connection, principal, needs, clock)
        more = locks_of_read(view.records) - held
        if not more:
            return view
        if held and min(more) < max(held):
            raise LearnedLocks(held | more)
        await connection.script(taking(more))
        held |= more


async def _write(connection: Connection, changes: Changes, rows: Sequence[LogRow]) -> None:
    """Write everything with one statement, but for what is rare: what is dropped, and what is given up."""
    dropped: dict[str, list[str]] = {}
    for drop in changes.drops:
        dropped.setdefault(drop.kind.name, []).append(drop.id)
    for name, ids in dropped.items():
        await TABLES[name].drop(connection, ids)
    records: dict[str, dict[str, Record]] = {}
    # A place is left before it is taken: the turn that ends before the one that starts, in whichever order they came.
    for put in sorted(changes.puts, key=takes_a_place):
        records.setdefault(put.kind.name, {})[put.record.id] = put.record
    writes = [TABLES[name].putting(list(each.values())) for name, each in records.items()]
    if rows:
        writes.append(appending(rows))
    if writes:
        counts = await connection.single(*_all_of(writes))
        _check_owners(records, counts)
    for id in changes.erase:
        await connection.execute(SQL["hide"], (id,))


def _all_of(writes: Sequence[Question]) -> Question:
    """Writes as one statement, which answers with how many rows each has written."""
    return _together(tuple(text for text, _ in writes)), tuple(each for _, bindings in writes for each in bindings)


@lru_cache(maxsize=2000)
def _together(texts: tuple[str, ...]) -> str:
    parts = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(texts))
    return f"WITH {parts} SELECT " + ", ".join(f"(SELECT count(*) FROM w{number})" for number in range(len(texts)))


def _check_owners(records: Mapping[str, Mapping[str, Record]], counts: Sequence[int]) -> None:
    for (name, each), count in zip(records.items(), counts, strict=False):
        if count != len(each):
            raise Internal(f"A put would give a {name} to another owner.")
