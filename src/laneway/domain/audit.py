"""Audit: one entry for each security-relevant act, in a chain in which every entry holds the hash of the one before.

Whoever changes, removes or inserts an entry afterwards would have to make all later hashes anew; and the newest of them
stands in the log lines and wherever else somebody has written it down.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from laneway.domain.instant import Instant


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One security-relevant act. It names ids, never a user's text; nothing changes or removes it."""

    id: str
    owner: str
    act: str
    subject: str
    at: Instant
    number: int | None = None
    """Its place in the chain, from 1 without a gap. The store fills in this and what follows, in the act's commit."""
    previous: str = ""
    """The hash of the entry before; empty for the first."""
    hash: str = ""
    """SHA-256 over everything else, as `hash_of` writes it."""
    by: str | None = None
    """The user who did it, where that is not the owner: an admin."""


def linked(entry: AuditEntry, number: int, previous: AuditEntry | None) -> AuditEntry:
    """The entry as the next link of the chain, behind `previous`."""
    entry = replace(entry, number=number, previous=previous.hash if previous else "", hash="")
    return replace(entry, hash=hash_of(entry))


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of the entry's fields as JSON: in ASCII, sorted by name, without spaces, without `hash` and absent ones.

    A field that is added to entries later is None in the older ones, and leaves their hashes as they are.
    """
    fields = {name: value for name, value in asdict(entry).items() if name != "hash" and value is not None}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def fault_of(entry: AuditEntry, previous: AuditEntry | None) -> str | None:
    """What is wrong with an entry that comes behind `previous` (None: with the first); None when nothing is."""
    expected = (previous.number or 0) + 1 if previous else 1
    if entry.number != expected:
        return f"entry {expected} is missing: {entry.number} comes in its place"
    if entry.hash != hash_of(entry):
        return f"entry {expected} was changed"
    if entry.previous != (previous.hash if previous else ""):
        return f"entry {expected} does not follow the entry before it"
    return None
