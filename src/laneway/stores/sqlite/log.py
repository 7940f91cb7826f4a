"""Log: gives events their numbers and appends them, inside the transaction of what they tell."""

from collections import Counter
from collections.abc import Iterable, Sequence

from laneway.domain.commit import check_scope, is_claimed
from laneway.domain.event import Delta, Event, session_log
from laneway.log import LogRow, Numbers, number_events, rows_of_deltas, rows_of_events
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.queries import SQL
from laneway.wire import StoredEvent


def append_events(connection: Connection, events: Sequence[Event]) -> tuple[StoredEvent, ...]:
    """Append the events of one commit."""
    if not events:
        return ()
    for event in events:
        check_scope(event)
    numbers = _numbers(connection, [event.log for event in events], [event.thread_id for event in events])
    stored = number_events(events, numbers)
    _insert(connection, rows_of_events(events, stored))
    return stored


def append_deltas(connection: Connection, deltas: Sequence[Delta]) -> tuple[str, ...]:
    """Append the deltas whose turn is running under their fence; returns the ids of the other turns."""
    claims = {
        turn_id: connection.execute(SQL["claim"], (turn_id,)).fetchone()
        for turn_id in dict.fromkeys(delta.turn_id for delta in deltas)
    }
    gone = {id for (id,) in connection.execute(SQL["hidden"])}
    kept = [delta for delta in deltas if is_claimed(delta, claims[delta.turn_id], gone)]
    if kept:
        logs = [session_log(delta.session_id) for delta in kept]
        _insert(connection, rows_of_deltas(kept, _numbers(connection, logs, [delta.thread_id for delta in kept])))
    refused = [delta for delta in deltas if not is_claimed(delta, claims[delta.turn_id], gone)]
    return tuple(dict.fromkeys(delta.turn_id for delta in refused))


def _insert(connection: Connection, rows: Iterable[LogRow]) -> None:
    for row in rows:
        connection.execute(SQL["append_event"], row)


def _numbers(connection: Connection, logs: Iterable[str], threads: Iterable[str | None]) -> Numbers:
    position = int(single(connection.execute(SQL["next_position"]))[0])
    offsets = _reserve(connection, "move_log", Counter(logs))
    return Numbers(
        position, offsets, _reserve(connection, "move_thread", Counter(id for id in threads if id is not None))
    )


def _reserve(connection: Connection, query: str, counts: Counter[str]) -> dict[str, int]:
    """Move each counter on by its count; returns the numbers before."""
    return {
        name: int(single(connection.execute(SQL[query], (name, count)))[0]) - count for name, count in counts.items()
    }
