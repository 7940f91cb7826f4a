"""Snapshot: a whole database as plain values, read in one read-only transaction without any of the code under test."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import apsw
import msgspec

from laneway.domain import kinds
from laneway.stores.sqlite.connection import Connection

Body = dict[str, Any]
"""A record or an event as JSON. Its shape is what the checks are about, so no type may promise one."""

ORDINAL_BITS = 20
ACTIVE = ("running", "waiting", "needs_review")
TERMINAL = ("turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted", "turn.superseded")
KINDS = tuple(kind.name for kind in kinds.KINDS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must always hold and does not."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


@dataclass(frozen=True)
class Event:
    """One row of the log; a tombstone has an empty type."""

    row: int
    log: str
    offset: int
    seq: int | None
    type: str
    owner: str
    session_id: str | None
    thread_id: str | None
    item_id: str | None
    survives: bool
    at: str
    stored: bytes

    @cached_property
    def body(self) -> Body:
        return msgspec.json.decode(b"{" + self.stored)

    @property
    def data(self) -> Body:
        return self.body["data"]

    @property
    def turn_id(self) -> str | None:
        return self.body.get("turn_id")

    @property
    def position(self) -> int:
        return self.row >> ORDINAL_BITS

    @property
    def place(self) -> str:
        return f"{self.log}#{self.offset} {self.type}"

    def line(self) -> bytes:
        """The data line that every reader must get."""
        numbers: Body = {"offset": self.offset} | ({} if self.seq is None else {"seq": self.seq})
        whole = msgspec.json.encode(numbers)[:-1] + b"," + self.stored
        return whole if whole.isascii() else _NOT_ASCII.sub(_escape, whole.decode()).encode()


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


@dataclass(frozen=True)
class Snapshot:
    """Everything that one database holds at one moment."""

    records: Mapping[str, Mapping[str, Body]]
    """By kind and id; the columns are under `columns` in each."""
    events: tuple[Event, ...]
    """In the order of commits."""
    logs: Mapping[str, tuple[int, int]]
    """Name → (tail, oldest)."""
    thread_tails: Mapping[str, int]
    position: int
    hidden: frozenset[str]
    folds: tuple[tuple[str, int, int], ...]
    indexes: frozenset[str]
    integrity: tuple[str, ...]
    search_threads: frozenset[str]

    @cached_property
    def by_log(self) -> Mapping[str, list[Event]]:
        grouped: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(self.events, key=lambda each: each.offset):
            grouped[event.log].append(event)
        return grouped

    @cached_property
    def by_thread(self) -> Mapping[str, list[Event]]:
        """The events of each thread in the order of their seq."""
        grouped: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            if event.thread_id is not None and event.seq is not None:
                grouped[event.thread_id].append(event)
        return {thread_id: sorted(events, key=lambda each: each.seq or 0) for thread_id, events in grouped.items()}

    @cached_property
    def threads(self) -> list[Body]:
        """The threads that are there: not deleted, not being erased, nor is their session."""
        return [
            thread
            for thread in self.records["thread"].values()
            if not thread["deleted"] and not self.hidden & {thread["id"], thread["session_id"]}
        ]

    def of_thread(self, kind: str, thread_id: str) -> list[Body]:
        """A thread's records of a kind, in the order in which they were first put."""
        return self._by_thread[kind].get(thread_id, [])

    @cached_property
    def _by_thread(self) -> Mapping[str, Mapping[str, list[Body]]]:
        grouped: dict[str, dict[str, list[Body]]] = {kind: defaultdict(list) for kind in KINDS}
        for kind in KINDS:
            for record in self.records[kind].values():
                if record.get("thread_id"):
                    grouped[kind][record["thread_id"]].append(record)
        return grouped


def take(path: Path) -> Snapshot:
    """Read the database at `path`, whose server may be running, dead or killed a moment ago."""
    connection = open_database(path)
    try:
        connection.execute("BEGIN")
        return _read(connection)
    finally:
        connection.close()


def open_database(path: Path) -> Connection:
    """Open a database beside its server, to read from."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(5000)
    return connection


def _read(db: Connection) -> Snapshot:
    return Snapshot(
        {kind: _records(db, kind) for kind in KINDS},
        tuple(
            Event(row, log, offset, seq, kind, owner, session, thread, item, bool(survives), at, body)
            for row, log, offset, seq, kind, owner, session, thread, item, survives, at, body in db.execute(
                'SELECT row, log, "offset", seq, type, owner, session_id, thread_id, item_id, survives, at, body '
                "FROM event ORDER BY row"
            )
        ),
        {name: (tail, oldest) for name, tail, oldest in db.execute("SELECT name, tail, oldest FROM log")},
        dict(db.execute("SELECT thread_id, tail FROM thread_log").fetchall()),
        db.execute("SELECT value FROM counter WHERE name = 'position'").fetchall()[0][0],
        frozenset(id for (id,) in db.execute("SELECT id FROM hidden")),
        tuple(db.execute("SELECT log, first_offset, last_offset FROM fold").fetchall()),
        frozenset(name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")),
        tuple(line for (line,) in db.execute("PRAGMA integrity_check(20)") if line != "ok"),
        frozenset(id for (id,) in db.execute("SELECT DISTINCT thread_id FROM search_entry")),
    )  # fmt: skip


def _records(db: Connection, kind: str) -> Mapping[str, Body]:
    names = [name for _, name, *_ in db.execute(f'PRAGMA table_info("{kind}")')]
    found: dict[str, Body] = {}
    for values in db.execute(f'SELECT * FROM "{kind}" ORDER BY row'):
        columns: Body = dict(zip(names, values, strict=True))
        record: Body = msgspec.json.decode(columns.pop("body"))
        record["columns"] = columns
        found[columns["id"]] = record
    return found
