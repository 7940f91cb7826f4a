"""Figures: how the store stands, for whoever watches it."""

from laneway import wire
from laneway.domain.instant import Instant, later, seconds_between
from laneway.domain.queue import QueueItem
from laneway.log import row_of
from laneway.store import Figures, StoreOptions
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.queries import SQL


def read_figures(connection: Connection, indexed: int, now: Instant, options: StoreOptions) -> Figures:
    """What the database holds, read by bounded scans of indexes."""
    waiting, oldest = single(connection.execute(SQL["waiting_items"]))
    running, leaseless = single(connection.execute(SQL["running_turns"], (later(now, -options.lease_s),)))
    (unapplied,) = single(connection.execute(SQL["unapplied_events"], (row_of(indexed + 1, 0),)))
    beat = connection.execute(SQL["last_beat"], (options.node,)).fetchone()
    return Figures(
        waiting, _accepted_at(connection, oldest), running, leaseless, unapplied,
        silent_s=None if beat is None else seconds_between(beat[0], now),
    )  # fmt: skip


def _accepted_at(connection: Connection, row: int | None) -> Instant | None:
    found = None if row is None else connection.execute(SQL["queue_item_in_row"], (row,)).fetchone()
    return None if found is None else wire.decode(found[0], QueueItem).created_at
