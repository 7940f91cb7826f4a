"""Erasure: deletes what was hidden, some hundred rows a commit, so that it neither blocks nor has to start over."""

from laneway.domain.event import home_log, session_log
from laneway.sql.scopes import by_scope
from laneway.sql.table import quoted
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES, Table

_SCOPES = by_scope(TABLES.values())


async def erase_some(connection: Connection, limit: int) -> bool:
    """Erase at most about `limit` rows of what is hidden; True while more of it is left."""
    # One job at a time: two would delete the same rows, and wait for each other.
    await connection.fetch(SQL["one_job"], ("erase",))
    erased = 0
    while (found := await connection.first(SQL["hidden_first"])) is not None:
        if erased >= limit:
            return True
        id, progress = found
        erased += await _erase(connection, str(id), int(progress), limit - erased)
    return False


async def _erase(connection: Connection, id: str, progress: int, limit: int) -> int:
    """Erase some rows of one hidden thread, session or user, its own row last; returns how many, at least 1."""
    within = await connection.first(SQL["thread_of_session"], (id,))
    if within is not None:
        return await _erase_thread(connection, str(within[0]), limit)
    done = await _erase_thread(connection, id, limit) or await _erase_session(connection, id, progress, limit)
    if not done and await connection.first(SQL["has_log"], (home_log(id),)) is not None:
        done = await _erase_owner(connection, id, limit)
    if not done:
        await connection.execute(SQL["reveal"], (id,))
    return done or 1


async def _erase_thread(connection: Connection, thread_id: str, limit: int) -> int:
    for table in _SCOPES.thread:
        if done := await _delete(connection, table, str(table.kind.thread), thread_id, limit):
            return done
    if done := await _changed(connection, "bury_thread_events", (thread_id, limit)):
        return done
    if done := await _changed(connection, "remove_entries_of_thread", (thread_id, limit)):
        return done
    await connection.execute(SQL["drop_folds_of_thread"], (thread_id,))
    return await _delete(connection, TABLES["thread"], "id", thread_id, 1)


async def _erase_session(connection: Connection, session_id: str, progress: int, limit: int) -> int:
    for table in _SCOPES.session:
        if done := await _delete(connection, table, str(table.kind.session), session_id, limit):
            return done
    log = session_log(session_id)
    (end,) = await connection.first(SQL["log_window_end"], (log, progress, limit)) or (None,)
    if end is not None:
        await connection.execute(SQL["bury_log"], (log, progress, end))
        await connection.execute(SQL["note_progress"], (end, session_id))
        return limit
    if done := await _changed(connection, "bury_elsewhere", (session_id, limit)):
        return done
    return await _delete(connection, TABLES["session"], "id", session_id, 1)


async def _erase_owner(connection: Connection, owner: str, limit: int) -> int:
    for table in _SCOPES.owner:
        if done := await _delete(connection, table, "owner", owner, limit):
            return done
    if done := await _changed(connection, "bury_owner_events", (owner, limit)):
        return done
    await connection.execute(SQL["drop_folds_of_owner"], (owner,))
    await connection.execute(SQL["drop_owner_log"], (owner,))
    return 0


async def _delete(connection: Connection, table: Table, column: str, id: str, limit: int) -> int:
    rows = f"SELECT row FROM {table.name} WHERE {quoted(column)} = ? LIMIT ?"
    return await connection.execute(f"DELETE FROM {table.name} WHERE row IN ({rows})", (id, limit))


async def _changed(connection: Connection, query: str, bindings: tuple[str, int]) -> int:
    return await connection.execute(SQL[query], bindings)
