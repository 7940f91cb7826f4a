"""Scopes: what goes when a thread, a session or a user is erased."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from laneway.domain.kinds import AUDIT
from laneway.sql.table import KindTable

T = TypeVar("T", bound=KindTable)


@dataclass(frozen=True, slots=True)
class Scopes(Generic[T]):
    """The tables of which rows go, the thread's and the session's own excepted."""

    thread: tuple[T, ...]
    session: tuple[T, ...]
    """Without those whose records always have a thread: they go with it, and need no second index to be found by."""
    owner: tuple[T, ...]
    """What a user has beside sessions and threads, the log of acts excepted: that names ids and stays."""


def by_scope(tables: Iterable[T]) -> Scopes[T]:
    """The tables of each scope."""
    tables = tuple(tables)
    return Scopes(
        tuple(each for each in tables if each.kind.thread not in (None, "id")),
        tuple(
            each
            for each in tables
            if each.kind.session not in (None, "id") and (each.kind.thread or "") not in (*each.required, "id")
        ),
        tuple(each for each in tables if (each.kind.session or "") not in each.required and each.kind is not AUDIT),
    )
