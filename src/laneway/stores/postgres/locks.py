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

from laneway.domain.changes import Count, Folded, Need, One, Put, Some, Span
from laneway.domain.commit import scopes_of
from laneway.domain.kinds import NODE
from laneway.domain.record import Kind, Record
from laneway.stores.postgres.ask import Alike, ask
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.table import TABLES

REMEMBERED = 100_000
NEED_OF_THREAD, NEED, ALIVE, SEQ, LOG = range(5)
"""The order in which locks are taken. Every transaction goes from left to right, and by name within one."""


@dataclass(frozen=True, slots=True, order=True)
class Lock:
    """One name. Shared holders keep out only those that do not share."""

    rank: int
    name: str
    shared: bool = False


def taking(locks: Iterable[Lock]) -> str:
    """The statements that take locks in their order, for the rest of the transaction."""
    shared, exclusive = keys_of(locks)
    each = (("_shared", shared), ("", exclusive))
    return "; ".join(
        # Nothing but whole numbers gets into the text. The rows of unnest come in the order of the array.
        f"SELECT pg_advisory_xact_lock{how}(key) FROM unnest('{{{','.join(map(str, keys))}}}'::bigint[]) AS key"
        for how, keys in each
        if keys
    )


def keys_of(locks: Iterable[Lock]) -> tuple[list[int], list[int]]:
    """The keys of the shared ones and of the others, in their order."""
    wanted = sorted(locks)
    return [_key(each.rank, each.name) for each in wanted if each.shared], [
        _key(each.rank, each.name) for each in wanted if not each.shared
    ]


class Scopes:
    """Which thread, or else session, a record belongs to: it never changes, so it is remembered.

    Should it be wrong all the same, the record itself says so when it has been read, and its own lock is taken then.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    async def learn(self, connection: Connection, needs: Sequence[Need]) -> None:
        """Look up what is not known of the records that are needed."""
        asked: dict[tuple[str, str], Alike] = {}
        for need in needs:
            if isinstance(need, One) and (need.kind.name, need.id) not in self._known:
                question = TABLES[need.kind.name].scope(need.id)
                if question is not None and "id" not in (need.kind.thread, need.kind.session):
                    asked[need.kind.name, need.id] = question
        if asked:
            for key, rows in zip(asked, await ask(connection, list(asked.values())), strict=True):
                if rows:
                    self._remember(key, rows[0][1])

    def note(self, puts: Iterable[Put]) -> None:
        """Remember what was just written: it will be asked for next."""
        for put in puts:
            scope = scope_of(put.kind, put.record)
            if "id" not in (put.kind.thread, put.kind.session):
                self._remember((put.kind.name, put.record.id), scope)

    def find(self, kind: Kind[Record], id: str) -> str | None:
        """What the record belongs to; None when to nothing, or when it is not there."""
        return self._known.get((kind.name, id))

    def _remember(self, key: tuple[str, str], scope: str | None) -> None:
        if scope is None:
            return
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[key] = scope


def scope_of(kind: Kind[Record], record: Record) -> str | None:
    """The thread, or else the session, that a record belongs to."""
    return next(iter(scopes_of(kind, record)), None)


def locks_of(needs: Sequence[Need], owner: str | None, scopes: Scopes) -> set[Lock]:
    """What has to be locked before the needs are read."""
    locks = {_lock_of(need, owner, scopes) for need in needs}
    return {lock for lock in locks if lock is not None}


def _lock_of(need: Need, owner: str | None, scopes: Scopes) -> Lock | None:
    match need:
        case One(kind, id):
            return _lock_of_one(kind, id, scopes)
        case Folded(thread_id):
            return Lock(NEED_OF_THREAD, thread_id)
        case Some(kind, where) | Span(kind, where) | Count(kind, where):
            thread_id = where.get(kind.thread or "")
            if isinstance(thread_id, str):
                return Lock(NEED_OF_THREAD, thread_id)
            # Who counts before adding would otherwise count what another one counts at the same moment.
            return Lock(NEED, f"{owner} {kind.name} {sorted(where.items())}")


def _lock_of_one(kind: Kind[Record], id: str, scopes: Scopes) -> Lock | None:
    # A node's beat depends on nothing that is read, so to read it a moment too early is to have come a moment earlier.
    if kind.name == NODE.name:
        return None
    if "id" in (kind.thread, kind.session):
        return Lock(NEED_OF_THREAD if kind.thread == "id" else NEED, id)
    scope = scopes.find(kind, id)
    if scope is None:
        return Lock(NEED, f"{kind.name} {id}")
    return Lock(NEED_OF_THREAD if kind.thread is not None else NEED, scope)


def locks_of_read(records: Iterable[tuple[Kind[Record], str, Record | None]]) -> set[Lock]:
    """The locks that records are under, once it is known what they belong to, or that they are not there."""
    return {_lock_of_record(kind, id, record) for kind, id, record in records if kind.name != NODE.name}


def _lock_of_record(kind: Kind[Record], id: str, record: Record | None) -> Lock:
    if "id" in (kind.thread, kind.session):
        return Lock(NEED_OF_THREAD if kind.thread == "id" else NEED, id)
    scope = None if record is None else scope_of(kind, record)
    if scope is None:
        return Lock(NEED, f"{kind.name} {id}")
    # A kind that may have a thread is looked for among the threads, whether or not this record has one.
    return Lock(NEED_OF_THREAD if kind.thread is not None else NEED, scope)


def locks_of_changes(places: Iterable[tuple[str, str | None]], named: set[str], erased: set[str]) -> set[Lock]:
    """What is locked to write: what must not be given up meanwhile, and the counters, as late as possible."""
    alive = {Lock(ALIVE, id, shared=True) for id in named - erased}
    return alive | {Lock(ALIVE, id) for id in erased} | locks_of_log(places)


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
