"""Reader: answers every ask of a read from one snapshot."""

from collections.abc import Sequence
from typing import assert_never

from laneway.domain.principal import Principal
from laneway.store import Ask, Fold, Get, Query, Snapshot
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.fold import fold_thread
from laneway.stores.postgres.log_reader import log_tail, newest_position
from laneway.stores.postgres.page import read_page
from laneway.stores.postgres.table import TABLES, Sight, sight_of


async def answer(connection: Connection, principal: Principal, asks: Sequence[Ask], log: str | None) -> Snapshot:
    """Answer every ask in the connection's present transaction, which sees one moment of the database."""
    sight = await sight_of(connection, principal)
    results = tuple([await _answer_one(connection, ask, sight) for ask in asks])
    offset = 0 if log is None else await log_tail(connection, log)
    return Snapshot(results, offset, await newest_position(connection))


async def _answer_one(connection: Connection, ask: Ask, sight: Sight) -> object:
    match ask:
        case Get(kind, id):
            return await TABLES[kind.name].get(connection, id, sight)
        case Query():
            return await read_page(connection, ask, sight)
        case Fold(thread_id):
            return await fold_thread(connection, thread_id, sight)
        case _:
            assert_never(ask)
