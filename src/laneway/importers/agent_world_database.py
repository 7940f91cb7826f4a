"""Agent World's database: its tables, read from memory, with nothing in the file able to run or to take long."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import apsw

from laneway.domain.json import JsonObject
from laneway.importer import Unreadable

MAGIC = b"SQLite format 3\x00"
ROWS = 1_000_000
SECONDS = 20.0
"""A file can be made so that a simple question takes for ever."""
VALUE_BYTES = 16 * 1024 * 1024

_SAFE = ("worlds", "world_chats", "agent_memory", "chat_messages", "archived_messages", "memory_archives")


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows that conversations are made of, under their columns' names."""

    worlds: Sequence[JsonObject]
    chats: Sequence[JsonObject]
    memories: Sequence[JsonObject]
    archived: Sequence[JsonObject]


class _Rows(Protocol):
    def __iter__(self) -> Iterator[tuple[object, ...]]: ...


class _Connection(Protocol):
    """The part of apsw's connection that is used here; its own types are not fully known."""

    def deserialize(self, name: str, contents: bytes) -> None: ...
    def execute(self, statements: str) -> _Rows: ...
    def limit(self, id: int, newval: int) -> int: ...
    def set_progress_handler(self, callable: Callable[[], bool], nsteps: int) -> None: ...
    def close(self) -> None: ...


def read_worlds(body: bytes) -> Tables:
    """Read a database; raises `Unreadable` when it is none, is damaged, or is not one of Agent World's."""
    if not body.startswith(MAGIC):
        raise Unreadable("it is not an SQLite database")
    try:
        connection = cast(_Connection, apsw.Connection(":memory:"))  # as above
        try:
            # One that is in WAL mode cannot be opened from memory; the mode is told by these two bytes.
            connection.deserialize("main", body[:18] + b"\x01\x01" + body[20:])
            return _read(connection)
        finally:
            connection.close()
    except (apsw.Error, ValueError, MemoryError) as error:
        raise Unreadable(f"the database cannot be read: {error}") from error


def _read(connection: _Connection) -> Tables:
    connection.execute("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON")
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, VALUE_BYTES)
    ends_at = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > ends_at, 10_000)
    # A view or a virtual table of the same name could be anything.
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
    tables = {str(name) for (name,) in found}
    if "worlds" not in tables:
        raise Unreadable("the database has no worlds")
    memories = [*_rows(connection, tables, "agent_memory"), *_rows(connection, tables, "chat_messages")]
    names = {each.get("id"): each for each in _rows(connection, tables, "memory_archives")}
    archived = [_of_archive(each, names) for each in _rows(connection, tables, "archived_messages")]
    return Tables(_rows(connection, tables, "worlds"), _rows(connection, tables, "world_chats"), memories, archived)


def _rows(connection: _Connection, tables: set[str], table: str) -> list[JsonObject]:
    assert table in _SAFE
    if table not in tables:
        return []
    names = [str(name) for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
    rows = connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid LIMIT {ROWS}')
    return [dict(zip(names, row, strict=True)) for row in rows]


def _of_archive(message: JsonObject, archives: dict[object, JsonObject]) -> JsonObject:
    """An archived message with what only its archive knows."""
    archive = archives.get(message.get("archive_id"), {})
    told = {key: archive.get(key) for key in ("world_id", "agent_id", "session_name")}
    at = message.get("original_timestamp") or message.get("original_created_at")
    return {**told, "created_at": at, **{key: value for key, value in message.items() if value is not None}}
