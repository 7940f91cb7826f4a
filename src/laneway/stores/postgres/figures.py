"""Figures: how the store stands, for whoever watches it."""

from laneway import wire
from laneway.domain.instant import Instant, later, seconds_between
from laneway.domain.queue import QueueItem
from laneway.log import row_of
from laneway.store import Figures, StoreOptions
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL


async def read_figures(connection: Connection, options: StoreOptions) -> Figures:
    """What the database holds, read by bounded scans of indexes."""
    waiting, oldest = await connection.single(SQL["waiting_items"])
    (now,) = await connection.single(SQL["now"])
    running, leaseless = await connection.single(SQL["running_turns"], (later(now, -options.lease_s),))
    (indexed,) = await connection.single(SQL["search_cursor"])
    (unapplied,) = await connection.single(SQL["unapplied_events"], (row_of(indexed + 1, 0),))
    beat = await connection.first(SQL["last_beat"], (options.node,))
    return Figures(
        waiting, await _accepted_at(connection, oldest), running, leaseless, unapplied,
        silent_s=None if beat is None else seconds_between(beat[0], now),
    )  # fmt: skip


async def _accepted_at(connection: Connection, row: int | None) -> Instant | None:
    found = None if row is None else await connection.first(SQL["queue_item_in_row"], (row,))
    return None if found is None else wire.decode(found[0], QueueItem).created_at
