"""Audit: reads a database and what its clients saw, and says what of `what must always hold` does not hold there."""

from collections.abc import Iterator
from pathlib import Path

from tests.prove.checks.inbox import check_inbox
from tests.prove.checks.log import check_log
from tests.prove.checks.postgres import take as take_postgres
from tests.prove.checks.snapshot import Event, Finding, Snapshot, take
from tests.prove.checks.threads import check_threads
from tests.prove.checks.turns import check_turns
from tests.prove.harness.postgres import elsewhere
from tests.prove.history import History

__all__ = ["Finding", "audit"]

AT_MOST = 20
"""Findings that are reported: a broken counter would otherwise be told once for each event behind it."""


def audit(database: Path | str, history: History | None = None, *, is_quiet: bool = False) -> list[Finding]:
    """Check a SQLite file or the Postgres at an address.

    `is_quiet`: everything has had the time to run, so nothing may be left to do.
    """
    return audit_snapshot(look(database), history or History(), is_quiet=is_quiet)


def look(database: Path | str) -> Snapshot:
    """What a SQLite file, or the Postgres at an address, holds."""
    return take(database) if isinstance(database, Path) else elsewhere(take_postgres(database))


def audit_snapshot(snapshot: Snapshot, history: History, *, is_quiet: bool = False) -> list[Finding]:
    """The same for a snapshot that was taken already."""
    findings: list[Finding] = []
    for finding in _all(snapshot, history, is_quiet):
        findings.append(finding)
        if len(findings) == AT_MOST:
            break
    return findings


def _all(snapshot: Snapshot, history: History, is_quiet: bool) -> Iterator[Finding]:
    yield from (Finding("I-51", f"integrity_check: {line}") for line in snapshot.integrity)
    yield from check_log(snapshot)
    yield from check_inbox(snapshot, history)
    yield from check_turns(snapshot, history)
    yield from check_threads(snapshot, is_quiet)
    yield from _what_clients_read(snapshot, history)


def _what_clients_read(snapshot: Snapshot, history: History) -> Iterator[Finding]:
    """I-20: every client got the same bytes, and they are those of the log."""
    for session_id, offset in history.differing:
        yield Finding("I-20", f"two reads of {session_id}#{offset} gave different bytes")
    stored: dict[tuple[str, int], Event] = {(event.log, event.offset): event for event in snapshot.events}
    for (session_id, offset), data in history.frames.items():
        event = stored.get((session_id, offset))
        if event is None and offset > snapshot.logs.get(session_id, (0, 0))[1]:
            yield Finding("I-20", f"a client read {session_id}#{offset}, which is not stored")
        elif event is not None and event.type and event.line() != data:
            yield Finding("I-20", f"the bytes of {session_id}#{offset} differ from what a client read")
    for session_id, after, offset in history.jumps:
        # What is a tombstone now may have been one then; what is there still was there then.
        left_out = [n for n in range(after + 1, offset) if _is_shown(stored.get((session_id, n)), snapshot)]
        if left_out:
            yield Finding(
                "I-25", f"a reader of {session_id} was told of {offset} after {after}, without {left_out[:3]}"
            )


def _is_shown(event: Event | None, snapshot: Snapshot) -> bool:
    """Whether readers are told of it: not of what is given up for erasure, even while it is still stored."""
    if event is None or not event.type:
        return False
    return event.survives or not snapshot.hidden & {event.thread_id, event.session_id}
