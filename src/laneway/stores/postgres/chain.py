"""Chain: links audit entries, each to the one before, inside the transaction that records them."""

from collections.abc import Iterable

from laneway import wire
from laneway.domain.audit import AuditEntry
from laneway.domain.changes import Put
from laneway.domain.commit import entries_in, with_links
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL


async def link_entries(connection: Connection, puts: Iterable[Put]) -> tuple[Put, ...]:
    """The puts, with audit entries as the chain's next links.

    The counter's row keeps everybody else with an entry out until the commit, so what comes before is known.
    """
    puts = tuple(puts)
    many = entries_in(puts)
    if not many:
        return puts
    last = int((await connection.single(SQL["take_audit"], (many,)))[0]) - many
    (found,) = await connection.single(SQL["audit_of_number"], (last,))
    return with_links(puts, last + 1, None if found is None else wire.decode(found, AuditEntry))
