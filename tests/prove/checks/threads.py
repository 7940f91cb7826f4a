"""Threads: the status that follows from the rest, the record that the events fold to, one alert an occurrence."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.prove.checks.snapshot import ACTIVE, Body, Finding, Snapshot

TOLD = (
    "id", "session_id", "agent_id", "members", "kind", "title", "title_source", "summary", "status", "status_reason",
    "active_turn_id", "queue_depth", "message_count", "last_message", "last_message_at", "unread", "tags", "pinned",
    "archived", "metadata", "parent_thread_id", "forked_from", "version", "created_at", "updated_at", "settings",
    "usage",
)  # fmt: skip


def check_threads(snapshot: Snapshot, is_quiet: bool) -> Iterator[Finding]:
    for thread in snapshot.threads:
        yield from _status(snapshot, thread)
        yield from _fold(snapshot, thread)
        if is_quiet and thread["status"] in ("queued", "running"):
            yield Finding("I-6", f"everything is quiet, but thread {thread['id']} is {thread['status']}")
    yield from _owners(snapshot)
    yield from _firings(snapshot)


def _status(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """The stored status is the one that follows; the active turn is the one that the thread names."""
    turns = [turn for turn in snapshot.of_thread("turn", thread["id"]) if turn["status"] in ACTIVE]
    active = turns[0] if len(turns) == 1 else None
    if thread.get("active_turn_id") != (active["id"] if active else None):
        yield Finding("I-9", f"thread {thread['id']} names the turn {thread.get('active_turn_id')}, {active=}")
    if active is not None and thread.get("active_status") != active["status"]:
        yield Finding("I-9", f"thread {thread['id']} is {thread.get('active_status')}, its turn {active['status']}")
    follows = _following(thread)
    if thread["status"] != follows:
        yield Finding("I-6", f"thread {thread['id']} is {thread['status']}; {follows} follows from the rest")
    numbers = sorted(turn["number"] for turn in snapshot.of_thread("turn", thread["id"]))
    if numbers != list(range(1, thread["turn_count"] + 1)):
        yield Finding("I-9", f"the turns of {thread['id']} are numbered {numbers}")
    for name in ("status", "queue_depth", "active_turn_id"):
        if thread["columns"][name] != _field(thread, name):
            yield Finding("I-9", f"the column {name} of thread {thread['id']} differs from it")


def _following(thread: Body) -> str:
    if thread["archived"]:
        return "archived"
    if thread.get("active_status"):
        return thread["active_status"]
    if thread["settings"]["paused"]:
        return "paused"
    # The first waiting item always fits into a turn, unless it is held.
    return "queued" if thread["queue"] and not thread["queue"][0]["hold"] else "idle"


def _field(thread: Body, name: str) -> Any:
    return len(thread["queue"]) if name == "queue_depth" else thread.get(name)


def _fold(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """I-22: the changes that the events carry, merged in order, give the thread as it is stored."""
    if snapshot.logs.get(thread["session_id"], (0, 0))[1]:
        return
    told: dict[str, Any] = {}
    for event in snapshot.by_thread.get(thread["id"], []):
        change: Mapping[str, Any] | None = event.body.get("thread")
        told.update(change or {})
    differing = [name for name in TOLD if told.get(name) != _field(thread, name)]
    if differing:
        name = differing[0]
        shown = f"{name}: told {told.get(name)!r}, stored {_field(thread, name)!r}"
        yield Finding("I-22", f"the events of {thread['id']} give another thread ({', '.join(differing)}; {shown})")


def _owners(snapshot: Snapshot) -> Iterator[Finding]:
    """I-29: whatever is in a session belongs to the session's owner, and its columns say the same."""
    sessions = snapshot.records["session"]
    for kind, records in snapshot.records.items():
        for id, record in records.items():
            if record["columns"]["owner"] != record["owner"]:
                yield Finding("I-29", f"the column `owner` of {kind} {id} differs from it")
            session = sessions.get(record.get("session_id") or "")
            if session is not None and session["owner"] != record["owner"]:
                yield Finding("I-29", f"{kind} {id} is in a session of another owner")


def _firings(snapshot: Snapshot) -> Iterator[Finding]:
    """I-36: an occurrence raises once, and what was raised has its thread with its first message."""
    firings = snapshot.records["firing"].values()
    for (source, occurrence), count in Counter((each["source"], each["occurrence"]) for each in firings).items():
        if count > 1:
            yield Finding("I-36", f"{source} fired {count} times for {occurrence}")
    briefings = Counter(item["trigger"] for item in snapshot.records["queue_item"].values())
    threads = snapshot.records["thread"]
    for firing in firings:
        if firing["state"] != "fired" or snapshot.hidden:
            continue
        if firing["thread_id"] in threads and briefings[firing["id"]] != 1:
            yield Finding("I-36", f"firing {firing['id']} has {briefings[firing['id']]} briefings")
    alerts = {firing["thread_id"] for firing in firings}
    for thread in snapshot.threads:
        if thread["kind"] == "alert" and thread["id"] not in alerts:
            yield Finding("I-36", f"the alert thread {thread['id']} was raised by nothing")
