"""Fold: the text so far of unfinished items, built from the deltas that the log has of them."""

from laneway.domain.kinds import ITEM
from laneway.sql.sight import Sight
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.queries import SQL
from laneway.stores.sqlite.table import TABLES
from laneway.wire import text_of_delta

_ITEMS = 1000
"""Unfinished items of a thread at most: a turn has one or two of each agent."""


def fold_thread(connection: Connection, thread_id: str, sight: Sight) -> dict[str, str]:
    """The texts of a thread's unfinished items, by item id."""
    items = TABLES[ITEM.name].some(connection, {"thread_id": thread_id, "open": 1}, _ITEMS, sight)
    return {item.id: _text(connection, item.id) for item in items}


def _text(connection: Connection, item_id: str) -> str:
    bodies = connection.execute(SQL["item_deltas"], (item_id,))
    return "".join(text_of_delta(body) for (body,) in bodies)
