"""Fold: the text so far of unfinished items, built from the deltas that the log has of them."""

from collections.abc import Iterable

from laneway.domain.kinds import ITEM
from laneway.sql.sight import Sight
from laneway.stores.postgres.ask import Alike
from laneway.stores.postgres.connection import Row
from laneway.stores.postgres.queries import SQL
from laneway.wire import text_of_delta


def folding(thread_id: str, sight: Sight) -> Alike:
    """Asks for the deltas of a thread's unfinished items."""
    row = (thread_id, *sight.bindings)
    return Alike(SQL["deltas_of_open_items"].replace("{sight}", sight.condition(ITEM)), ("text",) * len(row), row)


def folded(deltas: Iterable[Row]) -> dict[str, str]:
    """The texts so far, by item id; of an item without a delta, an empty one."""
    texts: dict[str, str] = {}
    for _, item_id, body in deltas:
        text = "" if body is None else text_of_delta(body)
        texts[item_id] = texts.get(item_id, "") + text
    return texts
