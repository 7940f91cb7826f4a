"""Connection: the part of SQLite's driver that this store uses, with types that say what comes back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

BUSY_MS = 2000
"""How long a connection waits for another one, as when a backup is made from outside."""

Binding = str | int | bytes | None
Row = tuple[Any, ...]
"""One row of a result. Its query says what is in it, which no type can."""


class Rows(Protocol):
    """The rows of one statement."""

    def __iter__(self) -> Iterator[Row]: ...
    def fetchone(self) -> Row | None: ...
    def fetchall(self) -> list[Row]: ...


class Connection(Protocol):
    """An open database, to be used by one thread at a time."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, bindings: Sequence[Binding] | Mapping[str, Binding] = (), /) -> Rows: ...
    def changes(self) -> int:
        """How many rows the last statement changed."""
        ...

    def set_wal_hook(self, callable: Callable[[Any, str, int], int] | None) -> None:
        """Have something called after each commit, with the number of pages in the write-ahead log."""
        ...

    def set_progress_handler(self, callable: Callable[[], bool] | None, nsteps: int = ..., /) -> None:
        """Have something called after each so many steps; when it says True, the statement ends with an error."""
        ...

    def fts5_tokenizer(self, name: str) -> Callable[..., Any]:
        """What cuts text into terms, as the full-text index does it."""
        ...

    def close(self) -> None: ...


def single(rows: Rows) -> Row:
    """The only row of a statement that always has one; it is read to its end, as a change has to be."""
    (row,) = rows.fetchall()
    return row
