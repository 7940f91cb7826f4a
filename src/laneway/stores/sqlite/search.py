"""Search: an index of item texts and titles, fed from the log. Owner and session are terms of it, too."""

import hashlib
from collections.abc import Sequence

import apsw

from laneway.domain.errors import Invalid
from laneway.domain.instant import Instant, seconds_between
from laneway.domain.principal import Principal
from laneway.store import Ask, Query, SearchEntry, SearchHit
from laneway.stores.sqlite.connection import Connection, single
from laneway.stores.sqlite.queries import SQL

TERMS = 64
_MARKS = str.maketrans("", "", "\x02\x03")


def index_entries(connection: Connection, entries: Sequence[SearchEntry], position: int) -> int:
    """Put, replace or remove entries, and move the projection's cursor, which never goes back; returns it."""
    for entry in entries:
        _remove(connection, entry)
        # The projection may be late: what has been deleted meanwhile must not come back through it.
        if entry.text and connection.execute(SQL["is_searchable"], (entry.thread_id, entry.owner)).fetchone():
            _insert(connection, entry)
    return int(single(connection.execute(SQL["move_search"], (position,)))[0])


def search_cursor(connection: Connection) -> int:
    """How far the projection was when it was last written down."""
    return int(single(connection.execute(SQL["search_cursor"]))[0])


def find_entries(
    connection: Connection, principal: Principal, text: str, session_id: str | None, limit: int
) -> tuple[SearchHit, ...]:
    """Find the newest entries that have every term."""
    owner = principal.owner
    match = _match(connection, text, owner, session_id)
    if match is None:
        return ()
    found = connection.execute(SQL["find"], {"match": match, "owner": owner, "session": session_id, "limit": limit})
    return tuple(SearchHit(thread_id, item_id, snippet, at) for thread_id, item_id, snippet, at in found)


def searches(asks: Sequence[Ask]) -> bool:
    """Whether the index is needed for an answer."""
    queries = (ask for ask in asks if isinstance(ask, Query))
    return any(where.operator == "matches" for query in queries for where in query.where)


def find_threads(connection: Connection, text: str, owner: str | None) -> tuple[int, str]:
    """Find all threads with an entry that has every term: how many, and their ids as JSON."""
    match = _match(connection, text, owner)
    if match is None:
        return 0, "[]"
    count, ids = single(connection.execute(SQL["find_threads"], {"match": match, "owner": owner}))
    return int(count), str(ids)


def _match(connection: Connection, text: str, owner: str | None, session_id: str | None = None) -> str | None:
    """The question for the index; None when there is no word in it."""
    terms = _terms_of(connection, text)
    scopes = [_scope(kind, id) for kind, id in (("o", owner), ("s", session_id)) if id is not None]
    match = " AND ".join([*(f'scope : "{scope}"' for scope in scopes), *(f'text : "{term}"' for term in terms)])
    return match if terms else None


def remove_rows(connection: Connection, rows: Sequence[int]) -> None:
    """Remove entries with every trace of their terms."""
    for row in rows:
        connection.execute(SQL["remove_text"], (row,))
        connection.execute(SQL["remove_entry"], (row,))


def _remove(connection: Connection, entry: SearchEntry) -> None:
    rows = connection.execute(SQL["entry_of_item"], (entry.thread_id, entry.item_id)).fetchall()
    remove_rows(connection, [row for (row,) in rows])


def _insert(connection: Connection, entry: SearchEntry) -> None:
    row = _microseconds(entry.at)
    while connection.execute(SQL["has_entry"], (row,)).fetchone():
        row += 1
    scope = f"{_scope('o', entry.owner)} {_scope('s', entry.session_id)}"
    names = (entry.owner, entry.session_id, entry.thread_id, entry.item_id, entry.at)
    connection.execute(SQL["add_entry"], (row, *names))
    connection.execute(SQL["add_text"], (row, scope, entry.text.translate(_MARKS)))


def _terms_of(connection: Connection, text: str) -> list[str]:
    """The text's terms as the index itself cuts them, so that no character of it means anything to MATCH."""
    tokenizer = connection.fts5_tokenizer("unicode61")
    found = tokenizer(text.encode(), apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False)
    terms = list(dict.fromkeys(term for group in found for term in group))
    if len(terms) > TERMS:
        raise Invalid(f"A search takes at most {TERMS} words.")
    return terms


def _scope(kind: str, id: str) -> str:
    """An id as one term, whatever characters it has."""
    return kind + hashlib.blake2b(id.encode(), digest_size=16).hexdigest()


def _microseconds(at: Instant) -> int:
    return round(seconds_between("1970-01-01T00:00:00.000000Z", at) * 1_000_000)
