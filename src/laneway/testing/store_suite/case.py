"""Case: what every part of the suite stands on: stores over one place, opened for a test and closed behind it."""

from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

import pytest

from laneway.domain.changes import Decision, View
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.record import Kind, Record
from laneway.store import FullStore, Get, LogRead, Page, Query, Store, StoreOptions
from laneway.testing.clock import FakeClock
from laneway.wire import StoredEvent

R = TypeVar("R", bound=Record)


class StoreCase:
    """Implement `make_store`; where a store outlives its process, override `is_durable` and `finds`, too."""

    is_durable = False
    is_shared = False
    """Several stores may be open over the same data at the same time."""
    keeps_own_time = False
    """The store's time is its server's, not that of the clock that it is made with."""

    def make_store(self, clock: FakeClock, options: StoreOptions) -> FullStore:
        """Make a store that is not open yet. Every store of one test is over the same data."""
        raise NotImplementedError

    def finds(self, text: str) -> list[str]:
        """The names of the files or tables in which the text can be found, however deep."""
        return []

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    async def store(self, clock: FakeClock) -> AsyncGenerator[FullStore]:
        store = self.make_store(clock, StoreOptions())
        await store.open()
        yield store
        await store.close()


async def commit(store: Store, decide: Callable[[View], Decision], principal: Principal = SYSTEM) -> int:
    """Commit a decision that needs nothing; returns its last offset."""
    return (await store.transact(principal, (), decide)).offset


async def get(store: Store, kind: Kind[R], id: str, principal: Principal = SYSTEM) -> R | None:
    """Read one record."""
    (found,) = (await store.read(principal, Get(kind, id))).results
    assert found is None or isinstance(found, kind.type)
    return found


async def page(store: Store, query: Query, principal: Principal = SYSTEM) -> Page:
    """Read one page."""
    (found,) = (await store.read(principal, query)).results
    assert isinstance(found, Page)
    return found


async def whole_log(store: Store, log: str, thread_id: str | None = None, step: int = 3) -> list[StoredEvent]:
    """Read a log from its beginning to its end, some rows at a time."""
    events: list[StoredEvent] = []
    read = LogRead((), 0, -1)
    while read.cursor != read.tail:
        read = await store.read_log(log, read.cursor, step, thread_id)
        events += read.events
    return events


async def whole_user(store: Store, owner: str | None, step: int = 3) -> list[StoredEvent]:
    """Read all of a user's events, in the order of commits."""
    events: list[StoredEvent] = []
    read = LogRead((), 0, -1)
    while read.cursor != read.tail:
        read = await store.read_user(owner, (read.cursor, read.ordinal), step)
        events += read.events
    return events
