"""Compaction: prunes deltas of finished items and events past their retention. What stays keeps its bytes."""

from laneway.domain.instant import Instant
from laneway.store import Retention
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL

CHUNK = 500
"""Rows a commit, so that nobody waits long behind it."""


async def prune_some(connection: Connection, retention: Retention) -> int:
    """Prune one commit's worth of rows; 0 when nothing is left to prune."""
    await connection.fetch(SQL["one_job"], ("compact",))
    pruned = 0
    if retention.deltas_before is not None:
        pruned += await _prune_deltas(connection, retention.deltas_before)
    if retention.events_before is not None:
        pruned += await _prune_events(connection, retention.events_before)
    return pruned


async def _prune_deltas(connection: Connection, before: Instant) -> int:
    pruned = 0
    for (item_id,) in await connection.fetch(SQL["folded_items"], (before, before)):
        if pruned < CHUNK:
            pruned += await _fold_item(connection, str(item_id), CHUNK - pruned)
    return pruned


async def _fold_item(connection: Connection, item_id: str, limit: int) -> int:
    span = await connection.single(SQL["range_of_item"], (item_id,))
    log, first, last, _, owner, first_row, last_row = span
    # Noted before the rows go: a reader in the middle of them has to be told.
    if first != last:
        await connection.execute(SQL["note_fold"], span)
        await connection.execute(SQL["widen_longest_fold"], (last - first, log))
        await connection.execute(SQL["widen_longest_fold_of_owner"], (owner, last_row - first_row))
    await connection.execute(SQL["keep_position"], (last_row,))
    return await connection.execute(SQL["prune_item_deltas"], (item_id, limit))


async def _prune_events(connection: Connection, before: Instant) -> int:
    """Prune from the oldest commit on, up to the first event that is kept: what remains of a log has no holes."""
    rows = await connection.fetch(SQL["oldest_events"], (CHUNK,))
    last, oldest, owners, count = 0, dict[str, int](), dict[str, int](), 0
    for row, log, offset, owner, at in rows:
        if at >= before:
            break
        last, oldest[log], owners[owner], count = row, offset, row, count + 1
    await connection.execute(SQL["keep_position"], (last,))
    await connection.execute(SQL["prune_events"], (last,))
    for log, offset in oldest.items():
        await connection.execute(SQL["raise_oldest"], (offset, log))
        await connection.execute(SQL["prune_folds"], (log, offset))
    for owner, row in owners.items():
        await connection.execute(SQL["note_pruned"], (owner, row))
    return count
