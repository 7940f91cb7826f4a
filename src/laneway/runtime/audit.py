"""Audit: walks the chain of audit entries and says where it is broken."""

from dataclasses import dataclass

from laneway.domain.audit import AuditEntry, fault_of
from laneway.domain.kinds import AUDIT
from laneway.domain.principal import SYSTEM
from laneway.store import Page, Query, Store, Where

PAGE = 500


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How far the chain is whole."""

    entries: int
    """How many entries were found right, from the first on."""
    newest: str
    """The hash of the last of them. Written down elsewhere, it shows later that nothing before it was changed."""
    fault: str | None
    """What is wrong with the entry after it; None when there is nothing wrong, or no further entry."""


async def check_audit(store: Store) -> AuditReport:
    """Follow the chain from its beginning, a page at a time, to its end or to its first fault."""
    cursor: str | None = None
    count, last = 0, None
    while True:
        query = Query(AUDIT, (Where("number", ">", 0),), (("number", "asc"),), PAGE, cursor=cursor)
        (found,) = (await store.read(SYSTEM, query)).results
        assert isinstance(found, Page)
        for entry in found.records:
            assert isinstance(entry, AuditEntry)
            if (fault := fault_of(entry, last)) is not None:
                return AuditReport(count, last.hash if last else "", fault)
            count, last = count + 1, entry
        if (cursor := found.next_cursor) is None:
            return AuditReport(count, last.hash if last else "", None)
