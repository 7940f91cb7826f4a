"""Log: gives events their numbers and appends them, inside the transaction of what they tell."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from laneway import wire
from laneway.domain.errors import NotFound, ThreadDrift
from laneway.domain.event import Delta, Event, ItemDelta, session_log
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import ALIVE, NEED_OF_THREAD, Lock, keys_of, locks_of_log
from laneway.stores.postgres.queries import SQL
from laneway.wire import StoredEvent

ORDINAL_BITS = 20
"""An event's row is its position and its ordinal in one number, so at most 2^20 events are told by one commit."""

Entry = tuple[StoredEvent, str, bool, str | None]
"""An event, its time, whether it outlives what it names, and the item that it is a delta of."""


def row_of(position: int, ordinal: int) -> int:
    return position << ORDINAL_BITS | ordinal


def position_of(row: int) -> int:
    return row >> ORDINAL_BITS


def ordinal_of(row: int) -> int:
    return row & ((1 << ORDINAL_BITS) - 1)


def stored_events(events: Sequence[Event], numbers: "Numbers") -> tuple[StoredEvent, ...]:
    """Give the events of one commit their numbers. They are dense: a rollback takes the counters back with it."""
    stored: list[StoredEvent] = []
    for ordinal, event in enumerate(events, start=1):
        offset, seq = numbers.offset(event.log), numbers.seq(event.thread_id)
        place = event.numbered_by
        numbered = event if place is None else event.numbered(seq if place == ordinal - 1 else stored[place].seq)
        stored.append(
            StoredEvent(
                event.log, offset, seq, numbers.position, ordinal, event.data.type, event.owner, event.session_id,
                event.thread_id, wire.encode_event(numbered),
            )
        )  # fmt: skip
    return tuple(stored)


def entries_of(events: Sequence[Event], stored: Sequence[StoredEvent]) -> list[Entry]:
    """What the log's table holds of events."""
    return [
        (row, event.at, event.data.survives, event.data.item_id if isinstance(event.data, ItemDelta) else None)
        for event, row in zip(events, stored, strict=True)
    ]


def locks_of_deltas(deltas: Sequence[Delta]) -> set[Lock]:
    """All that is locked for deltas, from their claims to their counters: what they need is known beforehand."""
    needed = {Lock(NEED_OF_THREAD, delta.thread_id, shared=True) for delta in deltas}
    alive = {Lock(ALIVE, id, shared=True) for delta in deltas for id in (delta.thread_id, delta.session_id)}
    return needed | alive | locks_of_log((session_log(delta.session_id), delta.thread_id) for delta in deltas)


async def append_deltas(connection: Connection, deltas: Sequence[Delta]) -> tuple[str, ...]:
    """Append the deltas whose turn is running under their fence; returns the ids of the other turns.

    Their locks are held: a claim that tells anything in one of these logs is either seen here or told after this.
    """
    turn_ids = list(dict.fromkeys(delta.turn_id for delta in deltas))
    claims: dict[str, tuple[object, ...]] = {}
    gone: set[str] = set()
    for id, *claim in await connection.fetch(SQL["claims"], (turn_ids,)):
        if claim[0] is None:
            gone.add(id)
        else:
            claims[id] = tuple(claim)
    kept = [delta for delta in deltas if _is_claimed(delta, claims.get(delta.turn_id), gone)]
    if kept:
        await _append_kept(connection, kept)
    refused = [delta for delta in deltas if not _is_claimed(delta, claims.get(delta.turn_id), gone)]
    return tuple(dict.fromkeys(delta.turn_id for delta in refused))


async def _append_kept(connection: Connection, deltas: Sequence[Delta]) -> None:
    logs = [session_log(delta.session_id) for delta in deltas]
    numbers = await reserve(connection, zip(logs, (delta.thread_id for delta in deltas), strict=True))
    entries: list[Entry] = []
    for ordinal, (delta, log) in enumerate(zip(deltas, logs, strict=True), start=1):
        row = StoredEvent(
            log, numbers.offset(log), numbers.seq(delta.thread_id), numbers.position, ordinal,
            delta.data.type, delta.owner, delta.session_id, delta.thread_id, wire.encode_delta(delta),
        )  # fmt: skip
        entries.append((row, delta.at, False, delta.data.item_id))
    await connection.execute(*appending(entries))


def _is_claimed(delta: Delta, claim: tuple[object, ...] | None, gone: set[str]) -> bool:
    named = (delta.owner, delta.session_id, delta.thread_id, delta.fence)
    return claim == named and not gone & {delta.session_id, delta.thread_id}


def check_scope(event: Event) -> None:
    """Refuse an event that does not name what it belongs to."""
    if event.data.scope == "user":
        return
    if not event.session_id or (event.data.scope == "thread" and not event.thread_id):
        raise ThreadDrift(f"An event {event.data.type} does not name the {event.data.scope} that it belongs to.")


def appending(entries: Sequence[Entry]) -> Question:
    """Inserts all rows of a commit with one statement: a column at a time."""
    columns = zip(
        *(
            (
                row_of(event.position, event.ordinal), event.log, event.offset, event.seq, event.type, event.owner,
                event.session_id, event.thread_id, item_id, int(survives), at, event.body,
            )
            for event, at, survives, item_id in entries
        ),
        strict=True,
    )  # fmt: skip
    return SQL["append_events"], tuple(list(column) for column in columns)


class Numbers:
    """The numbers of one commit: its position, and a run of offsets and seqs for each log and thread in it."""

    def __init__(self, position: int, offsets: dict[str, int], seqs: dict[str, int]) -> None:
        self.position = position
        self._offsets = offsets
        self._seqs = seqs

    def offset(self, log: str) -> int:
        self._offsets[log] += 1
        return self._offsets[log]

    def seq(self, thread_id: str | None) -> int | None:
        if thread_id is None:
            return None
        self._seqs[thread_id] += 1
        return self._seqs[thread_id]


async def reserve(
    connection: Connection, places: Iterable[tuple[str, str | None]], locks: Iterable[Lock] = (),
    named: Collection[str] = (),
) -> Numbers:  # fmt: skip
    """Take the last locks, refuse what names something given up, and take the numbers of events in logs and threads.

    The transaction gets its id here, behind everybody whom it waited for: the order of ids is that of commits.
    """
    logs, threads = Counter[str](), Counter[str]()
    for log, thread_id in places:
        logs[log] += 1
        if thread_id is not None:
            threads[thread_id] += 1
    bindings = (
        *keys_of(locks), list(named), list(logs), list(logs.values()), list(threads), list(threads.values()),
    )  # fmt: skip
    answers = await connection.fetch(SQL["reserve"], bindings)
    if answers[0][0] == "gone":
        raise NotFound
    connection.transaction_id = int(answers[0][2])
    return Numbers(
        connection.transaction_id,
        {name: int(tail) - logs[name] for what, name, tail in answers if what == "log"},
        {name: int(tail) - threads[name] for what, name, tail in answers if what == "thread"},
    )
