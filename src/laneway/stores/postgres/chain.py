"""Chain: links audit entries, each to the one before, inside the transaction that records them."""

from collections.abc import Iterable
from dataclasses import replace

from laneway import wire
from laneway.domain.audit import AuditEntry, linked
from laneway.domain.changes import Put
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL


async def link_entries(connection: Connection, puts: Iterable[Put]) -> tuple[Put, ...]:
    """The puts, with audit entries as the chain's next links.

    The counter's row keeps everybody else with an entry out until the commit, so what comes before is known. A link
    whose predecessor is gone is made all the same: the act happened, and whoever checks the chain sees the gap.
    """
    links: list[Put] = []
    last: AuditEntry | None = None
    for put in puts:
        if not isinstance(put.record, AuditEntry):
            links.append(put)
            continue
        number = int((await connection.single(SQL["next_audit"]))[0])
        last = linked(put.record, number, last or await _entry(connection, number - 1))
        links.append(replace(put, record=last))
    return tuple(links)


async def _entry(connection: Connection, number: int) -> AuditEntry | None:
    found = await connection.first(SQL["audit_of_number"], (number,))
    return None if found is None else wire.decode(found[0], AuditEntry)
