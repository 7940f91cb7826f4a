"""Compaction: prunes deltas of finished items and events past their retention. What stays keeps its bytes."""

from laneway.domain.instant import Instant
from laneway.store import Retention
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.queries import SQL

CHUNK = 500
"""Rows a commit, so that nobody waits long behind it."""


def prune_some(connection: Connection, retention: Retention) -> int:
    """Prune one commit's worth of rows; 0 when nothing is left to prune."""
    pruned = 0
    if retention.deltas_before is not None:
        pruned += _prune_deltas(connection, retention.deltas_before)
    if retention.events_before is not None:
        pruned += _prune_events(connection, retention.events_before)
    return pruned


def _prune_deltas(connection: Connection, before: Instant) -> int:
    pruned = 0
    for (item_id,) in connection.execute(SQL["folded_items"], {"before": before}).fetchall():
        if pruned < CHUNK:
            pruned += _fold_item(connection, str(item_id), CHUNK - pruned)
    return pruned


def _fold_item(connection: Connection, item_id: str, limit: int) -> int:
    span = single(connection.execute(SQL["range_of_item"], (item_id,)))
    log, first, last, _, owner, first_row, last_row = span
    # Noted before the rows go: a reader in the middle of them has to be told.
    if first != last:
        connection.execute(SQL["note_fold"], span)
        connection.execute(SQL["widen_longest_fold"], (log, last - first))
        connection.execute(SQL["widen_longest_fold_of_owner"], (owner, last_row - first_row))
    connection.execute(SQL["prune_item_deltas"], (item_id, limit))
    return connection.changes()


def _prune_events(connection: Connection, before: Instant) -> int:
    """Prune from the oldest commit on, up to the first event that is kept: what remains of a log has no holes."""
    rows = connection.execute(SQL["oldest_events"], (CHUNK,)).fetchall()
    last, oldest, owners, count = 0, dict[str, int](), dict[str, int](), 0
    for row, log, offset, owner, at in rows:
        if at >= before:
            break
        last, oldest[log], owners[owner], count = row, offset, row, count + 1
    connection.execute(SQL["prune_events"], (last,))
    for log, offset in oldest.items():
        connection.execute(SQL["raise_oldest"], (log, offset))
        connection.execute(SQL["prune_folds"], (log, offset))
    for owner, row in owners.items():
        connection.execute(SQL["note_pruned"], (owner, row))
    return count
