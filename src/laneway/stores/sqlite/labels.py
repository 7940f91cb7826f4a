"""Labels: the tags and the metadata of threads, one row each in a table of its own, which triggers keep.

A row has what lists of threads are filtered by, too, so that a tag's threads are counted and put in order without
reading the threads themselves.
"""

from laneway.domain.kinds import THREAD
from laneway.sql.clause import Clause
from laneway.sql.condition import Dialect, all_of
from laneway.sql.sight import Sight
from laneway.store import Query, Where
from laneway.stores.sqlite.table import TABLES

LABELS = "thread_label"
LABELLED = frozenset({(THREAD.name, "tags"), (THREAD.name, "metadata")})
_COLUMNS = frozenset({
    "id", "session_id", "agent_id", "kind", "status", "title", "pinned", "archived", "unread", "active_at",
    "created_at",
})  # fmt: skip
"""What conditions and orders may name, for the labels to answer them."""


def labelled(query: Query, sight: Sight, dialect: Dialect) -> Clause | None:
    """A query's conditions for the table of labels; None when that cannot answer it."""
    named = [where for where in query.where if (query.kind.name, where.column) in LABELLED]
    others = [where for where in query.where if where not in named]
    columns = {where.column for where in others} | {name for name, _ in query.order}
    if not named or sight.owner is None or not columns <= _COLUMNS:
        return None
    text, bindings = all_of(TABLES[THREAD.name], others, sight, dialect)
    for where in named[1:]:
        among, further = _is(where)
        text += f" AND id IN (SELECT id FROM {LABELS} WHERE owner = ? AND {among})"
        bindings = (*bindings, sight.owner, *further)
    first, values = _is(named[0])
    return f"{first} AND {text}", (*values, *bindings)


def _is(where: Where) -> Clause:
    """The label that a condition on a list or an object names."""
    key, value = where.value if isinstance(where.value, tuple) else ("", where.value)
    return '"column" = ? AND "key" = ? AND value = ?', (where.column, key, value)
