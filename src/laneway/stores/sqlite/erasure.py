"""Erasure: deletes what was hidden, some hundred rows a commit, so that it neither blocks nor has to start over."""

from laneway.domain.event import home_log, session_log
from laneway.sql.scopes import by_scope
from laneway.sql.table import quoted
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.queries import SQL
from laneway.stores.sqlite.search import remove_rows
from laneway.stores.sqlite.table import TABLES, Table

_SCOPES = by_scope(TABLES.values())


def erase_some(connection: Connection, limit: int) -> bool:
    """Erase at most about `limit` rows of what is hidden; True while more of it is left."""
    erased = 0
    while (found := connection.execute(SQL["hidden_first"]).fetchone()) is not None:
        if erased >= limit:
            return True
        if not erased:
            connection.execute(SQL["want_scrub"])
        id, progress = found
        erased += _erase(connection, str(id), int(progress), limit - erased)
    return False


def _erase(connection: Connection, id: str, progress: int, limit: int) -> int:
    """Erase some rows of one hidden thread, session or user, its own row last; returns how many, at least 1."""
    within = connection.execute(SQL["thread_of_session"], (id,)).fetchone()
    if within is not None:
        return _erase_thread(connection, str(within[0]), limit)
    done = _erase_thread(connection, id, limit) or _erase_session(connection, id, progress, limit)
    if not done and connection.execute(SQL["has_log"], (home_log(id),)).fetchone() is not None:
        done = _erase_owner(connection, id, limit)
    if not done:
        connection.execute(SQL["reveal"], (id,))
    return done or 1


def _erase_thread(connection: Connection, thread_id: str, limit: int) -> int:
    for table in _SCOPES.thread:
        if done := _delete(connection, table, str(table.kind.thread), thread_id, limit):
            return done
    if done := _changed(connection, "bury_thread_events", (thread_id, limit)):
        return done
    entries = connection.execute(SQL["entries_of_thread"], (thread_id, limit)).fetchall()
    if entries:
        remove_rows(connection, [int(row) for (row,) in entries])
        return len(entries)
    connection.execute(SQL["drop_folds_of_thread"], (thread_id,))
    return _delete(connection, TABLES["thread"], "id", thread_id, 1)


def _erase_session(connection: Connection, session_id: str, progress: int, limit: int) -> int:
    for table in _SCOPES.session:
        if done := _delete(connection, table, str(table.kind.session), session_id, limit):
            return done
    log = session_log(session_id)
    (end,) = connection.execute(SQL["log_window_end"], (log, progress, limit)).fetchone() or (None,)
    if end is not None:
        connection.execute(SQL["bury_log"], (log, progress, end))
        connection.execute(SQL["note_progress"], (session_id, end))
        return limit
    if done := _changed(connection, "bury_elsewhere", (session_id, limit)):
        return done
    return _delete(connection, TABLES["session"], "id", session_id, 1)


def _erase_owner(connection: Connection, owner: str, limit: int) -> int:
    for table in _SCOPES.owner:
        if done := _delete(connection, table, "owner", owner, limit):
            return done
    if done := _changed(connection, "bury_owner_events", (owner, limit)):
        return done
    connection.execute(SQL["drop_folds_of_owner"], (owner,))
    connection.execute(SQL["drop_owner_log"], (owner,))
    return 0


def _delete(connection: Connection, table: Table, column: str, id: str, limit: int) -> int:
    rows = f"SELECT row FROM {table.name} WHERE {quoted(column)} = ? LIMIT ?"
    connection.execute(f"DELETE FROM {table.name} WHERE row IN ({rows})", (id, limit))
    return connection.changes()


def _changed(connection: Connection, query: str, bindings: tuple[str, int]) -> int:
    connection.execute(SQL[query], bindings)
    return connection.changes()
