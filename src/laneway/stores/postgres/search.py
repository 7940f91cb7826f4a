"""Search: an index of item texts and titles, fed from the log."""

from collections.abc import Sequence

from laneway.domain.errors import Invalid
from laneway.domain.principal import Principal
from laneway.store import SearchEntry, SearchHit
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import ALIVE, Lock, taking
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.terms import snippet, terms_of

TERMS = 64
# The marks of a snippet, and what the database cannot keep.
_CLEAN = str.maketrans({"\x02": None, "\x03": None, "\x00": " "})


async def index_entries(connection: Connection, entries: Sequence[SearchEntry], position: int) -> int:
    """Put, replace or remove entries, and move the projection's cursor, which never goes back; returns it."""
    # One after another: two that put the same entry would find it missing both.
    await connection.fetch(SQL["one_job"], ("search",))
    # The projection may be late: what has been deleted meanwhile must not come back through it.
    scopes = {id for entry in entries for id in (entry.thread_id, entry.session_id)}
    if scopes:
        await connection.script(taking({Lock(ALIVE, id, shared=True) for id in scopes}))
        newest = {(entry.thread_id, entry.item_id): entry for entry in entries}
        await connection.execute(
            SQL["remove_entries"], ([thread for thread, _ in newest], [item for _, item in newest])
        )
        await _insert(connection, [entry for entry in newest.values() if entry.text])
    return int((await connection.single(SQL["move_search"], (position,)))[0])


async def find_entries(
    connection: Connection, principal: Principal, text: str, session_id: str | None, limit: int
) -> tuple[SearchHit, ...]:
    """Find the newest entries that have every term."""
    terms = terms_asked(text)
    if not terms:
        return ()
    owner = principal.owner
    found = await connection.fetch(SQL["find"], (terms, owner, session_id, limit))
    wanted = set(terms)
    return tuple(SearchHit(thread_id, item_id, snippet(kept, wanted), at) for thread_id, item_id, kept, at in found)


def terms_asked(text: str) -> list[str]:
    """The words of a question; raises `Invalid` for very many."""
    terms = terms_of(text)
    if len(terms) > TERMS:
        raise Invalid(f"A search takes at most {TERMS} words.")
    return terms


async def _insert(connection: Connection, entries: Sequence[SearchEntry]) -> None:
    """Add entries of threads that are there. A word has no space in it."""
    texts = [entry.text.translate(_CLEAN) for entry in entries]
    columns = (
        [entry.owner for entry in entries], [entry.session_id for entry in entries],
        [entry.thread_id for entry in entries], [entry.item_id for entry in entries], [entry.at for entry in entries],
        texts, [" ".join(terms_of(text)) for text in texts],
    )  # fmt: skip
    await connection.execute(SQL["add_entries"], columns)
