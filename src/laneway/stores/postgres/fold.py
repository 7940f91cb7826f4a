"""Fold: the text so far of unfinished items, built from the deltas that the log has of them."""

from dataclasses import dataclass

from laneway import wire
from laneway.domain.kinds import ITEM
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES, Sight

_ITEMS = 1000
"""Unfinished items of a thread at most: a turn has one or two of each agent."""


@dataclass(frozen=True, slots=True)
class _DeltaText:
    text: str


@dataclass(frozen=True, slots=True)
class _DeltaBody:
    """The one part of an encoded delta that matters here."""

    data: _DeltaText


async def fold_thread(connection: Connection, thread_id: str, sight: Sight) -> dict[str, str]:
    """The texts of a thread's unfinished items, by item id."""
    items = await TABLES[ITEM.name].some(connection, {"thread_id": thread_id, "open": 1}, _ITEMS, sight)
    texts = {item.id: "" for item in items}
    for item_id, body in await connection.fetch(SQL["deltas_of_items"], (list(texts),)):
        texts[item_id] += wire.decode(b"{" + body, _DeltaBody).data.text
    return texts
