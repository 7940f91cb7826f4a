"""Log reader: events after a cursor, in the order of a log or of an owner's commits."""

from collections.abc import Iterable
from typing import Any

from laneway.domain.errors import BadCursor, CursorExpired
from laneway.store import LogRead
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.log import ordinal_of, position_of, row_of
from laneway.stores.sqlite.queries import SQL
from laneway.wire import StoredEvent

_EXPIRED = "The cursor is older than the events that are kept."
_START_ANEW = "Read the present state, and go on from the offset that it was read at."


def log_tail(connection: Connection, log: str) -> int:
    """The last offset of a log; 0 when it has none."""
    found = connection.execute(SQL["log"], (log,)).fetchone()
    return 0 if found is None else int(found[0])


def newest_position(connection: Connection) -> int:
    """The position of the newest commit that told an event."""
    return int(single(connection.execute(SQL["position"]))[0])


def read_log(connection: Connection, log: str, after: int, limit: int, thread_id: str | None) -> LogRead:
    """Read a log, or one thread's part of it. At most `limit` rows are looked at, tombstones among them."""
    tail, oldest, longest_fold = connection.execute(SQL["log"], (log,)).fetchone() or (0, 0, 0)
    if not 0 <= after <= tail:
        raise BadCursor(f"The cursor {after} lies outside of the log, which ends at {tail}.")
    if after < oldest:
        raise CursorExpired(_EXPIRED, hint=_START_ANEW, oldest=oldest)
    reset_at = _enclosing_fold(connection, log, after, longest_fold, thread_id) if longest_fold else None
    if reset_at is not None:
        return LogRead((), reset_at, tail, oldest, reset_at=reset_at)
    query = SQL["log_after"] if thread_id is None else SQL["thread_after"]
    bindings = (log, after, limit) if thread_id is None else (thread_id, log, after, limit)
    rows = connection.execute(query, bindings).fetchall() if after < tail else []
    cursor = int(rows[-1][2]) if len(rows) == limit else tail
    return LogRead(_visible(connection, rows), cursor, tail, oldest)


def read_user(connection: Connection, owner: str, after: tuple[int, int], limit: int) -> LogRead:
    """Read an owner's events of all logs in the order of commits."""
    newest = int(single(connection.execute(SQL["newest_row"]))[0])
    tail = newest_position(connection)
    position, ordinal = after
    if position < 0 or position > tail or not 0 <= ordinal < row_of(1, 0):
        raise BadCursor(f"The cursor {position}.{ordinal} lies outside of the log, which ends at {tail}.")
    pruned = int(single(connection.execute(SQL["pruned_of_owner"], (owner,)))[0])
    if row_of(position, ordinal) < pruned:
        raise CursorExpired(_EXPIRED, hint=_START_ANEW, oldest=position_of(pruned))
    rows = connection.execute(SQL["owner_after"], (owner, row_of(position, ordinal), limit)).fetchall()
    last = int(rows[-1][0]) if len(rows) == limit else max(newest, row_of(position, ordinal))
    return LogRead(_visible(connection, rows), position_of(last), tail, position_of(pruned), ordinal=ordinal_of(last))


def _enclosing_fold(connection: Connection, log: str, after: int, longest: int, thread_id: str | None) -> int | None:
    """Where to go on when the cursor lies inside pruned deltas: behind every range that overlaps the one it is in."""
    reset_at = None
    while True:
        query = SQL["enclosing_fold"] if thread_id is None else SQL["enclosing_fold_of_thread"]
        bindings = (log, after, longest) if thread_id is None else (log, after, longest, thread_id)
        (last,) = connection.execute(query, bindings).fetchone() or (None,)
        if last is None:
            return reset_at
        reset_at = after = int(last)


def _visible(connection: Connection, rows: Iterable[Any]) -> tuple[StoredEvent, ...]:
    gone = {id for (id,) in connection.execute(SQL["hidden"])}
    return tuple(
        StoredEvent(log, offset, seq, position_of(row), ordinal_of(row), type, owner, session_id, thread_id, body)
        for row, log, offset, seq, type, owner, session_id, thread_id, survives, body in rows
        if type and (survives or not gone.intersection((session_id, thread_id)))
    )
