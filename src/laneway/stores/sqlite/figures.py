"""Figures: how the store stands, for whoever watches it."""

from laneway import wire
from laneway.domain.instant import Instant
from laneway.domain.queue import QueueItem
from laneway.log import row_of
from laneway.store import Figures
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.queries import SQL


def read_figures(connection: Connection, indexed: int, lease_began: Instant, commits: int, commands: int) -> Figures:
    """What the database holds, read by bounded scans of indexes, beside what the process has counted."""
    waiting, oldest = single(connection.execute(SQL["waiting_items"]))
    running, leaseless = single(connection.execute(SQL["running_turns"], (lease_began,)))
    (unapplied,) = single(connection.execute(SQL["unapplied_events"], (row_of(indexed + 1, 0),)))
    return Figures(waiting, _accepted_at(connection, oldest), running, leaseless, unapplied, commits, commands)


def _accepted_at(connection: Connection, row: int | None) -> Instant | None:
    found = None if row is None else connection.execute(SQL["queue_item_in_row"], (row,)).fetchone()
    return None if found is None else wire.decode(found[0], QueueItem).created_at
