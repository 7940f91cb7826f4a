"""Postgres: the same snapshot of a Postgres database, read in one transaction."""

from collections.abc import Mapping

import msgspec

from laneway.stores.postgres.connection import Connection, connect
from tests.prove.checks.snapshot import KINDS, ORDINAL_BITS, Body, Event, Snapshot


async def take(url: str) -> Snapshot:
    """Read the database at `url`, whose servers may be running, dead or killed a moment ago."""
    connection = await connect(url)
    try:
        # What it reads of a large history takes longer to decode than a server may be silent in a transaction.
        async with connection.transaction("REPEATABLE READ, READ ONLY", _PATIENTLY):
            return await _read(connection)
    finally:
        await connection.close()


async def _read(db: Connection) -> Snapshot:
    events = tuple(
        Event(row, log, offset, seq, kind, owner, session, thread, item, bool(survives), at, body)
        for row, log, offset, seq, kind, owner, session, thread, item, survives, at, body in await db.fetch(
            'SELECT row, log, "offset", seq, type, owner, session_id, thread_id, item_id, survives, at, body '
            "FROM event ORDER BY row"
        )
    )
    return Snapshot(
        {kind: await _records(db, kind) for kind in KINDS},
        events,
        {name: (tail, oldest) for name, tail, oldest in await db.fetch("SELECT name, tail, oldest FROM log")},
        {str(thread): int(tail) for thread, tail in await db.fetch("SELECT thread_id, tail FROM thread_log")},
        # There is no counter of commits: their order is that of the transactions' ids.
        events[-1].row >> ORDINAL_BITS if events else 0,
        frozenset(id for (id,) in await db.fetch("SELECT id FROM hidden")),
        tuple([(log, first, last) for log, first, last in await db.fetch(_FOLDS)]),
        frozenset(name for (name,) in await db.fetch(_INDEXES)),
        (),
        frozenset(id for (id,) in await db.fetch("SELECT DISTINCT thread_id FROM search_entry")),
    )


_PATIENTLY = "SET LOCAL idle_in_transaction_session_timeout = 0"
_FOLDS = "SELECT log, first_offset, last_offset FROM fold"
_INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?"
    " ORDER BY ordinal_position"
)


async def _records(db: Connection, kind: str) -> Mapping[str, Body]:
    names = [name for (name,) in await db.fetch(_COLUMNS, (kind,))]
    found: dict[str, Body] = {}
    for values in await db.fetch(f'SELECT * FROM "{kind}" ORDER BY row'):
        columns: Body = dict(zip(names, values, strict=True))
        record: Body = msgspec.json.decode(columns.pop("body"))
        record["columns"] = columns
        found[columns["id"]] = record
    return found
