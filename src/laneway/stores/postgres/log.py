"""Log: gives events their numbers and appends them, inside the transaction of what they tell."""

from collections import Counter
from collections.abc import Iterable, Sequence

from laneway import wire
from laneway.domain.errors import ThreadDrift
from laneway.domain.event import Delta, Event, ItemDelta, session_log
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import ALIVE, NEED_OF_THREAD, Lock, locks_of_log, take
from laneway.stores.postgres.queries import SQL
from laneway.wire import StoredEvent

ORDINAL_BITS = 20
"""An event's row is its position and its ordinal in one number, so at most 2^20 events are told by one commit."""

_Entry = tuple[StoredEvent, str, bool, str | None]
"""An event, its time, whether it outlives what it names, and the item that it is a delta of."""


def row_of(position: int, ordinal: int) -> int:
    return position << ORDINAL_BITS | ordinal


def position_of(row: int) -> int:
    return row >> ORDINAL_BITS


def ordinal_of(row: int) -> int:
    return row & ((1 << ORDINAL_BITS) - 1)


async def append_events(connection: Connection, events: Sequence[Event]) -> tuple[StoredEvent, ...]:
    """Append the events of one commit. Their numbers are dense: a rollback takes the counters back with it."""
    if not events:
        return ()
    for event in events:
        _check_scope(event)
    numbers = await _reserve_numbers(connection, [event.log for event in events], [event.thread_id for event in events])
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
    await _insert(
        connection,
        [
            (row, event.at, event.data.survives, event.data.item_id if isinstance(event.data, ItemDelta) else None)
            for event, row in zip(events, stored, strict=True)
        ],
    )
    return tuple(stored)


async def append_deltas(connection: Connection, deltas: Sequence[Delta]) -> tuple[str, ...]:
    """Append the deltas whose turn is running under their fence; returns the ids of the other turns."""
    needed = {Lock(NEED_OF_THREAD, delta.thread_id, shared=True) for delta in deltas}
    alive = {Lock(ALIVE, id, shared=True) for delta in deltas for id in (delta.thread_id, delta.session_id)}
    await take(connection, needed | alive)
    await take(connection, locks_of_log((session_log(delta.session_id), delta.thread_id) for delta in deltas))
    # Read behind the locks: a claim that tells anything in one of these logs is either seen here or told after this.
    turn_ids = list(dict.fromkeys(delta.turn_id for delta in deltas))
    claims = {turn_id: tuple(claim) for turn_id, *claim in await connection.fetch(SQL["claims"], (turn_ids,))}
    gone = {id for (id,) in await connection.fetch(SQL["hidden"])}
    kept = [delta for delta in deltas if _is_claimed(delta, claims.get(delta.turn_id), gone)]
    if kept:
        await _append_kept(connection, kept)
    refused = [delta for delta in deltas if not _is_claimed(delta, claims.get(delta.turn_id), gone)]
    return tuple(dict.fromkeys(delta.turn_id for delta in refused))


async def _append_kept(connection: Connection, deltas: Sequence[Delta]) -> None:
    logs = [session_log(delta.session_id) for delta in deltas]
    numbers = await _reserve_numbers(connection, logs, [delta.thread_id for delta in deltas])
    rows: list[_Entry] = []
    for ordinal, (delta, log) in enumerate(zip(deltas, logs, strict=True), start=1):
        row = StoredEvent(
            log, numbers.offset(log), numbers.seq(delta.thread_id), numbers.position, ordinal,
            delta.data.type, delta.owner, delta.session_id, delta.thread_id, wire.encode_delta(delta),
        )  # fmt: skip
        rows.append((row, delta.at, False, delta.data.item_id))
    await _insert(connection, rows)


def _is_claimed(delta: Delta, claim: tuple[object, ...] | None, gone: set[str]) -> bool:
    named = (delta.owner, delta.session_id, delta.thread_id, delta.fence)
    return claim == named and not gone & {delta.session_id, delta.thread_id}


def _check_scope(event: Event) -> None:
    if event.data.scope == "user":
        return
    if not event.session_id or (event.data.scope == "thread" and not event.thread_id):
        raise ThreadDrift(f"An event {event.data.type} does not name the {event.data.scope} that it belongs to.")


async def _insert(connection: Connection, entries: Sequence[_Entry]) -> None:
    """Insert all rows of a commit with one statement: a column at a time."""
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
    await connection.execute(SQL["append_events"], [list(column) for column in columns])


class _Numbers:
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


async def _reserve_numbers(connection: Connection, logs: Iterable[str], threads: Iterable[str | None]) -> _Numbers:
    """Take the transaction's id for a position, and move the counters on. The caller holds the counters' locks."""
    (position,) = await connection.single(SQL["next_position"])
    connection.transaction_id = int(position)
    offsets = await _reserve(connection, "move_logs", Counter(logs))
    seqs = await _reserve(connection, "move_threads", Counter(id for id in threads if id is not None))
    return _Numbers(int(position), offsets, seqs)


async def _reserve(connection: Connection, query: str, counts: Counter[str]) -> dict[str, int]:
    """Move each counter on by its count; returns the numbers before."""
    if not counts:
        return {}
    moved = await connection.fetch(SQL[query], (list(counts), list(counts.values())))
    return {name: int(tail) - counts[name] for name, tail in moved}
