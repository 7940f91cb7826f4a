"""The log: numbers without gap or repeat, events that name whom they belong to, tombstones only after a deletion."""

from collections.abc import Iterator, Mapping
from inspect import isclass
from itertools import pairwise

from laneway.domain import event as event_types
from laneway.domain.event import EventScope
from tests.prove.checks.snapshot import Event, Finding, Snapshot

SCOPES: Mapping[str, EventScope] = {
    kind.type: kind.scope
    for kind in vars(event_types).values()
    if isclass(kind) and issubclass(kind, event_types.EventData) and kind is not event_types.EventData
}
"""To whom each type of event is declared to belong."""


def check_log(snapshot: Snapshot) -> Iterator[Finding]:
    yield from _dense_offsets(snapshot)
    yield from _dense_seqs(snapshot)
    yield from _order_of_commits(snapshot)
    yield from _belonging(snapshot)
    yield from _tombstones(snapshot)


def _dense_offsets(snapshot: Snapshot) -> Iterator[Finding]:
    for log, (tail, oldest) in snapshot.logs.items():
        there = [event.offset for event in snapshot.by_log.get(log, [])]
        if len(set(there)) != len(there):
            yield Finding("I-19", f"log {log} has an offset twice")
        missing = set(range(oldest + 1, tail + 1)) - set(there)
        folded = {n for name, first, last in snapshot.folds if name == log for n in range(first, last + 1)}
        if unexplained := missing - folded:
            yield Finding("I-19", f"log {log} (tail {tail}) lacks offsets {sorted(unexplained)[:5]}")
        if there and max(there) > tail:
            yield Finding("I-19", f"log {log} has offset {max(there)} behind its tail {tail}")
    for log in snapshot.by_log.keys() - snapshot.logs.keys():
        yield Finding("I-19", f"log {log} has events and no counter")


def _dense_seqs(snapshot: Snapshot) -> Iterator[Finding]:
    pruned = any(oldest for _, oldest in snapshot.logs.values()) or bool(snapshot.folds)
    for thread in snapshot.threads:
        seqs = [event.seq for event in snapshot.by_thread.get(thread["id"], [])]
        tail = snapshot.thread_tails.get(thread["id"], 0)
        whole = list(range(1, tail + 1))
        if len(set(seqs)) != len(seqs) or (not pruned and seqs != whole) or not set(seqs) <= set(whole):
            yield Finding("I-19", f"thread {thread['id']} has seqs {_short(seqs)}, its counter says {tail}")


def _short(numbers: list[int | None]) -> str:
    return f"{len(numbers)} of them, {numbers[:3]} … {numbers[-3:]}"


def _order_of_commits(snapshot: Snapshot) -> Iterator[Finding]:
    """Within a log, offsets rise with positions; within a thread, seqs rise with offsets."""
    for name, events in (*snapshot.by_log.items(), *snapshot.by_thread.items()):
        for before, after in pairwise(events):
            if after.row <= before.row or (after.log == before.log and after.offset <= before.offset):
                yield Finding("I-19", f"{name}: {after.place} is numbered after {before.place}, but was not told later")
                break
    if snapshot.events and snapshot.events[-1].position > snapshot.position:
        yield Finding("I-19", f"position {snapshot.events[-1].position} is beyond its counter {snapshot.position}")


def _belonging(snapshot: Snapshot) -> Iterator[Finding]:
    """I-23: thread, session and owner of each event agree with each other and with the records."""
    for event in snapshot.events:
        if event.type and (wrong := _misplaced(snapshot, event)):
            yield Finding("I-23", f"{event.place}: {wrong}")


def _misplaced(snapshot: Snapshot, event: Event) -> str | None:
    body = event.body
    if (body["type"], body["thread_id"], body["session_id"]) != (event.type, event.thread_id, event.session_id):
        return "its envelope and its columns differ"
    if SCOPES.get(event.type) == "user":
        return None if event.log == f"user:{event.owner}" else "it is not in its owner's home log"
    if not event.session_id or event.log != event.session_id:
        return f"it names the session {event.session_id}"
    if not event.thread_id and SCOPES.get(event.type) != "session":
        return "it names no thread"
    if (event.thread_id is None) != (event.seq is None):
        return "it has a thread without a seq, or the reverse"
    session = snapshot.records["session"].get(event.session_id)
    if session is not None and session["owner"] != event.owner:
        return "its session has another owner"
    thread = snapshot.records["thread"].get(event.thread_id or "")
    if thread is not None and (thread["owner"], thread["session_id"]) != (event.owner, event.session_id):
        return "its thread is another owner's or another session's"
    turn = snapshot.records["turn"].get(event.turn_id or "")
    if turn is not None and turn["thread_id"] != event.thread_id:
        return "its turn is another thread's"
    return None


def _tombstones(snapshot: Snapshot) -> Iterator[Finding]:
    """I-21, I-48, I-50: tombstones only where something was deleted, and nothing of it is left."""
    deletions = {event.thread_id for event in snapshot.events if event.type == "thread.deleted"}
    deleted_sessions = {event.session_id for event in snapshot.events if event.type == "session.deleted"}
    with_deletions = {event.log for event in snapshot.events if event.type in ("thread.deleted", "session.deleted")}
    for event in snapshot.events:
        if event.type:
            continue
        if event.stored or event.owner or event.at or event.thread_id or event.session_id:
            yield Finding("I-48", f"the tombstone {event.place} still says something")
        if event.log not in with_deletions | deleted_sessions:
            yield Finding("I-21", f"{event.place} became a tombstone, but nothing of its log was deleted")
    gone = (deletions | deleted_sessions) - snapshot.hidden - {None}
    yield from _remains(snapshot, {str(id) for id in gone})


def _remains(snapshot: Snapshot, gone: set[str]) -> Iterator[Finding]:
    for event in snapshot.events:
        if event.type and not event.survives and {event.thread_id, event.session_id} & gone:
            yield Finding("I-48", f"{event.place} is left of what was deleted")
    for kind, records in snapshot.records.items():
        for id, record in records.items():
            named = {id, record.get("thread_id"), record.get("session_id")}
            if kind not in ("audit", "firing", "selection") and named & gone:
                yield Finding("I-50", f"{kind} {id} is left of what was deleted")
    if left := snapshot.search_threads & gone:
        yield Finding("I-50", f"search still has {sorted(left)[:3]}")
