"""Log reader: events after a cursor, in the order of a log or of an owner's commits."""

from laneway.domain.errors import BadCursor, CursorExpired
from laneway.log import ordinal_of, position_of, row_of, visible_events
from laneway.store import LogRead
from laneway.stores.postgres.connection import Connection, Row
from laneway.stores.postgres.queries import SQL

_EXPIRED = "The cursor is older than the events that are kept."
LAST = 2**63 - 1
"""The last offset that a log could have."""
_START_ANEW = "Read the present state, and go on from the offset that it was read at."
_PAGE_OF_LOG = SQL["log_page"].replace("{of_thread}", "")
_PAGE_OF_THREAD = SQL["log_page"].replace("{of_thread}", " AND event.thread_id = asked.thread_id")


async def read_log(connection: Connection, log: str, after: int, limit: int, thread_id: str | None) -> LogRead:
    """Read a log, or one thread's part of it. At most `limit` rows are looked at, tombstones among them.

    All that is read is of one statement, and so of one moment. Ranges that are pruned after it are only more of them.
    """
    query = _PAGE_OF_LOG if thread_id is None else _PAGE_OF_THREAD
    page = await connection.fetch(query, (log, thread_id, min(after, LAST), limit))
    tail, oldest, longest_fold, gone = page[0][:4]
    if not 0 <= after <= tail:
        raise BadCursor(f"The cursor {after} lies outside of the log, which ends at {tail}.")
    if after < oldest:
        raise CursorExpired(_EXPIRED, hint=_START_ANEW, oldest=oldest)
    fold = "enclosing_fold" if thread_id is None else "enclosing_fold_of_thread"
    end = await _end_of_fold(connection, fold, log, after, longest_fold, () if thread_id is None else (thread_id,))
    if end is not None:
        return LogRead((), end, tail, oldest, reset_at=end)
    rows = [row[4:] for row in page if row[4] is not None]
    cursor = int(rows[-1][2]) if len(rows) == limit else tail
    return LogRead(visible_events(rows, gone or ()), cursor, tail, oldest)


async def read_user(connection: Connection, owner: str | None, after: tuple[int, int], limit: int) -> LogRead:
    """Read an owner's events of all logs, or everybody's, in the order of commits."""
    position, ordinal = after
    start = row_of(position, ordinal)
    query, key = (SQL["page_of_all"], ()) if owner is None else (SQL["owner_page"], (owner, owner))
    page = await connection.fetch(query, (*key, min(start, LAST), limit))
    newest, oldest, longest_fold, gone = page[0][:4]
    tail = position_of(newest)
    if not 0 <= position <= tail or not 0 <= ordinal < row_of(1, 0):
        raise BadCursor(f"The cursor {position}.{ordinal} lies outside of the log, which ends at {tail}.")
    if start < oldest:
        raise CursorExpired(_EXPIRED, hint=_START_ANEW, oldest=position_of(oldest))
    # A projection that reads everybody's events takes whole items only: no fold matters to it.
    end = (
        None if owner is None else await _end_of_fold(connection, "enclosing_fold_of_owner", owner, start, longest_fold)
    )
    if end is not None:
        reset_at = position_of(end)
        return LogRead((), reset_at, tail, position_of(oldest), ordinal=ordinal_of(end), reset_at=reset_at)
    rows = [row[4:] for row in page if row[4] is not None]
    if len(rows) == limit:
        rows += await _rest_of_commit(connection, owner, int(rows[-1][0]))
    last = int(rows[-1][0]) if len(rows) >= limit else max(newest, start)
    return LogRead(
        visible_events(rows, gone or ()), position_of(last), tail, position_of(oldest), ordinal=ordinal_of(last)
    )


async def _rest_of_commit(connection: Connection, owner: str | None, last: int) -> list[Row]:
    """The rows behind one to the end of its commit: a position that has been read has been read whole."""
    query, key = (SQL["all_after"], ()) if owner is None else (SQL["owner_after"], (owner,))
    return await connection.fetch(query, (*key, last, row_of(position_of(last) + 1, 0)))


async def _end_of_fold(
    connection: Connection, query: str, key: str, after: int, longest: int, more: tuple[str, ...] = ()
) -> int | None:
    """Where to go on when the cursor lies inside pruned deltas: behind every range that overlaps the one it is in."""
    end = None
    while longest:
        (last,) = await connection.first(SQL[query], (key, after, longest, *more)) or (None,)
        if last is None:
            break
        end = after = int(last)
    return end
