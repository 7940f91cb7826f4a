"""Locks: what keeps two transactions apart, taken in one order everywhere: needs, then what is told, then the logs.

They are advisory locks on names, not row locks, for three reasons. A name can be locked before its row exists, so of
two first writers the second sees what the first wrote. They take no transaction id: a transaction gets its id after the
last lock, behind everybody whom it waited for, and so ids follow the order of commits wherever two commits meet. And a
record is locked by the thread, or else the session, that it belongs to: a few names instead of a thousand rows.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from laneway.domain.changes import Changes, Count, Folded, Need, One, Some, Span
from laneway.domain.kinds import NODE
from laneway.domain.record import Kind, Record
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.table import TABLES

NEED_OF_THREAD, NEED, ALIVE, SEQ, LOG = range(5)
"""The order in which locks are taken. Every transaction goes from left to right, and by name within one."""


@dataclass(frozen=True, slots=True, order=True)
class Lock:
    """One name. Shared holders keep out only those that do not share."""

    rank: int
    name: str
    shared: bool = False


async def take(connection: Connection, locks: Iterable[Lock]) -> None:
    """Take locks in their order, for the rest of the transaction."""
    wanted = sorted(locks)
    for shared, text in _TAKE.items():
        keys = [_key(lock.rank, lock.name) for lock in wanted if lock.shared == shared]
        if keys:
            await connection.fetch(text, (keys,))


# The rows of unnest come in the order of the array.
_TAKE = {
    True: "SELECT pg_advisory_xact_lock_shared(key) FROM unnest(?::bigint[]) AS key",
    False: "SELECT pg_advisory_xact_lock(key) FROM unnest(?::bigint[]) AS key",
}


async def locks_of(connection: Connection, needs: Sequence[Need], owner: str | None) -> set[Lock]:
    """What has to be locked before the needs are read."""
    locks = {await _lock_of(connection, need, owner) for need in needs}
    return {lock for lock in locks if lock is not None}


async def _lock_of(connection: Connection, need: Need, owner: str | None) -> Lock | None:
    match need:
        case One(kind, id):
            return await _lock_of_one(connection, kind, id)
        case Folded(thread_id):
            return Lock(NEED_OF_THREAD, thread_id)
        case Some(kind, where) | Span(kind, where) | Count(kind, where):
            thread_id = where.get(kind.thread or "")
            if isinstance(thread_id, str):
                return Lock(NEED_OF_THREAD, thread_id)
            # Who counts before adding would otherwise count what another one counts at the same moment.
            return Lock(NEED, f"{owner} {kind.name} {sorted(where.items())}")


async def _lock_of_one(connection: Connection, kind: Kind[Record], id: str) -> Lock | None:
    # A node's beat depends on nothing that is read, so to read it a moment too early is to have come a moment earlier.
    if kind.name == NODE.name:
        return None
    if "id" in (kind.thread, kind.session):
        return Lock(NEED_OF_THREAD if kind.thread == "id" else NEED, id)
    scope = await TABLES[kind.name].find_scope(connection, id)
    if scope is None:
        return Lock(NEED, f"{kind.name} {id}")
    return Lock(NEED_OF_THREAD if kind.thread is not None else NEED, scope)


def locks_of_records(records: Iterable[tuple[Kind[Record], Record]]) -> set[Lock]:
    """The locks that records are under, once it is known what they belong to."""
    return {_lock_of_record(kind, record) for kind, record in records if kind.name != NODE.name}


def _lock_of_record(kind: Kind[Record], record: Record) -> Lock:
    thread_id = None if kind.thread is None else getattr(record, kind.thread)
    if thread_id is not None:
        return Lock(NEED_OF_THREAD, thread_id)
    session_id = None if kind.session is None else getattr(record, kind.session)
    if session_id is not None:
        # As `find_scope` has it: a kind that may have a thread is looked for among the threads.
        return Lock(NEED_OF_THREAD if kind.thread is not None else NEED, session_id)
    return Lock(NEED, f"{kind.name} {record.id}")


def locks_of_changes(changes: Changes, named: Iterable[str | None]) -> set[Lock]:
    """What is locked to write: what must not be given up meanwhile, and the counters, as late as possible."""
    erased = set(changes.erase)
    alive = {Lock(ALIVE, id, shared=True) for id in named if id is not None and id not in erased}
    return (
        alive
        | {Lock(ALIVE, id) for id in erased}
        | locks_of_log((event.log, event.thread_id) for event in changes.events)
    )


def locks_of_log(places: Iterable[tuple[str, str | None]]) -> set[Lock]:
    """The counters of logs and of threads in them."""
    locks: set[Lock] = set()
    for log, thread_id in places:
        locks.add(Lock(LOG, log))
        if thread_id is not None:
            locks.add(Lock(SEQ, thread_id))
    return locks


@lru_cache(maxsize=10_000)
def _key(rank: int, name: str) -> int:
    digest = hashlib.blake2b(f"{rank} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
