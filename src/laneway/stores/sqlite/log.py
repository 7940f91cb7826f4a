"""Log: gives events their numbers and appends them, inside the transaction of what they tell."""

from collections import Counter
from collections.abc import Iterable, Sequence

from laneway import wire
from laneway.domain.errors import ThreadDrift
from laneway.domain.event import Delta, Event, ItemDelta, session_log
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.queries import SQL
from laneway.wire import StoredEvent

ORDINAL_BITS = 20
"""An event's row is its position and its ordinal in one number, so at most 2^20 events are told by one commit."""


def row_of(position: int, ordinal: int) -> int:
    return position << ORDINAL_BITS | ordinal


def position_of(row: int) -> int:
    return row >> ORDINAL_BITS


def ordinal_of(row: int) -> int:
    return row & ((1 << ORDINAL_BITS) - 1)


def append_events(connection: Connection, events: Sequence[Event]) -> tuple[StoredEvent, ...]:
    """Append the events of one commit. Their numbers are dense: a rollback takes the counters back with it."""
    if not events:
        return ()
    for event in events:
        _check_scope(event)
    numbers = _Numbers(connection, [event.log for event in events], [event.thread_id for event in events])
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
    for event, row in zip(events, stored, strict=True):
        item_id = event.data.item_id if isinstance(event.data, ItemDelta) else None
        _insert(connection, row, event.at, event.data.survives, item_id)
    return tuple(stored)


def append_deltas(connection: Connection, deltas: Sequence[Delta]) -> tuple[str, ...]:
    """Append the deltas whose turn is running under their fence; returns the ids of the other turns."""
    claims = {
        turn_id: connection.execute(SQL["claim"], (turn_id,)).fetchone()
        for turn_id in dict.fromkeys(delta.turn_id for delta in deltas)
    }
    gone = {id for (id,) in connection.execute(SQL["hidden"])}
    kept = [delta for delta in deltas if _is_claimed(delta, claims[delta.turn_id], gone)]
    if kept:
        _append_kept(connection, kept)
    refused = [delta for delta in deltas if not _is_claimed(delta, claims[delta.turn_id], gone)]
    return tuple(dict.fromkeys(delta.turn_id for delta in refused))


def _append_kept(connection: Connection, deltas: Sequence[Delta]) -> None:
    logs = [session_log(delta.session_id) for delta in deltas]
    numbers = _Numbers(connection, logs, [delta.thread_id for delta in deltas])
    for ordinal, (delta, log) in enumerate(zip(deltas, logs, strict=True), start=1):
        row = StoredEvent(
            log, numbers.offset(log), numbers.seq(delta.thread_id), numbers.position, ordinal,
            delta.data.type, delta.owner, delta.session_id, delta.thread_id, wire.encode_delta(delta),
        )  # fmt: skip
        _insert(connection, row, delta.at, item_id=delta.data.item_id)


def _is_claimed(delta: Delta, claim: tuple[str, str, str, int] | None, gone: set[str]) -> bool:
    named = (delta.owner, delta.session_id, delta.thread_id, delta.fence)
    return claim == named and not gone & {delta.session_id, delta.thread_id}


def _check_scope(event: Event) -> None:
    if event.data.scope == "user":
        return
    if not event.session_id or (event.data.scope == "thread" and not event.thread_id):
        raise ThreadDrift(f"An event {event.data.type} does not name the {event.data.scope} that it belongs to.")


def _insert(
    connection: Connection, event: StoredEvent, at: str, survives: bool = False, item_id: str | None = None
) -> None:
    connection.execute(
        SQL["append_event"],
        (
            row_of(event.position, event.ordinal), event.log, event.offset, event.seq, event.type, event.owner,
            event.session_id, event.thread_id, item_id, survives, at, event.body,
        ),
    )  # fmt: skip


class _Numbers:
    """The numbers of one commit: the next position, and a run of offsets and seqs for each log and thread in it."""

    def __init__(self, connection: Connection, logs: Iterable[str], threads: Iterable[str | None]) -> None:
        self.position = int(single(connection.execute(SQL["next_position"]))[0])
        self._offsets = _reserve(connection, "move_log", Counter(logs))
        self._seqs = _reserve(connection, "move_thread", Counter(id for id in threads if id is not None))

    def offset(self, log: str) -> int:
        self._offsets[log] += 1
        return self._offsets[log]

    def seq(self, thread_id: str | None) -> int | None:
        if thread_id is None:
            return None
        self._seqs[thread_id] += 1
        return self._seqs[thread_id]


def _reserve(connection: Connection, query: str, counts: Counter[str]) -> dict[str, int]:
    """Move each counter on by its count; returns the numbers before."""
    return {
        name: int(single(connection.execute(SQL[query], (name, count)))[0]) - count for name, count in counts.items()
    }
