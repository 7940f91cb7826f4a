"""Store: the contract of what is kept. All safety lives here: ownership, versions, fences, offsets, one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from laneway.domain.changes import Changes, Decision, Need, View
from laneway.domain.event import Delta
from laneway.domain.instant import Instant
from laneway.domain.json import Json
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.wire import StoredEvent

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "has", "entry", "matches"]


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on a kind's column. `has`: a JSON array column contains the value; `entry`: a JSON object column
    has the (key, value) pair; `matches`: the search would find an item or the title of the thread whose id the column
    holds. `column` must be declared by the kind, or be `id`, `owner` or `seq`."""

    column: str
    operator: Operator
    value: str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Get:
    """Asks for one record: the result is the record, or None when it is missing, hidden or somebody else's."""

    kind: Kind[Record]
    id: str


@dataclass(frozen=True, slots=True)
class Query:
    """Asks for a page of a kind: the result is a `Page`."""

    kind: Kind[Record]
    where: tuple[Where, ...] = ()
    order: tuple[tuple[str, Literal["asc", "desc"]], ...] = (("id", "asc"),)
    """Columns; `id` is always the last tie-break, in the direction of the last column."""
    limit: int = 20
    offset: int = 0
    cursor: str | None = None
    """A `Page.next_cursor`: goes on after that page, whatever was inserted or moved before it."""
    count: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records, in order."""

    records: tuple[Record, ...]
    next_cursor: str | None = None
    total: int | None = None
    """How many records all conditions leave; only when asked for."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Asks for the text so far of the unfinished items of a thread: the result maps item id → text."""

    thread_id: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Asks how the records of a kind spread over the values of a column: the result is a `TallyPage`. In a column
    that holds a list each member counts, once a record."""

    kind: Kind[Record]
    by: str
    where: tuple[Where, ...] = ()
    sums: tuple[str, ...] = ()
    """Columns of integers to add up in each share."""
    spread: str | None = None
    """A column of integers of which each share tells the percentiles; records without a value do not count."""
    order: Literal["count", "key"] = "count"
    """The largest first, those alike by their keys; or all by their keys."""
    limit: int = 1000
    offset: int = 0
    cursor: str | None = None
    """A `TallyPage.next_cursor`: goes on after that page."""
    count: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """The records that have one value."""

    key: str
    count: int
    sums: tuple[int, ...] = ()
    p50: int | None = None
    """The smallest value that at least half of them do not exceed; None when there is none."""
    p95: int | None = None


@dataclass(frozen=True, slots=True)
class TallyPage:
    """A page of a tally, in order."""

    shares: tuple[Share, ...]
    next_cursor: str | None = None
    total: int | None = None
    """How many values there are; only when asked for."""


Ask = Get | Query | Fold | Tally


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Answers to all asks of one read, as of one moment of the log."""

    results: tuple[object, ...]
    offset: int
    """The last offset of the log that was named; 0 when none was."""
    position: int
    """Every commit up to this position is visible; of several writers, newer ones may be, too: reading on after it
    skips nothing."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A recorded decision and the numbers that its events were given."""

    changes: Changes
    reply: Json
    events: tuple[StoredEvent, ...]

    @property
    def offset(self) -> int:
        """The offset of the last event, in its own log; 0 when nothing was told."""
        return self.events[-1].offset if self.events else 0


@dataclass(frozen=True, slots=True)
class LogRead:
    """Events after a cursor, in order, and where to go on."""

    events: tuple[StoredEvent, ...]
    cursor: int
    """Read on after this: it moves over tombstones and events of other threads, too."""
    tail: int
    """The newest number there is; `cursor >= tail` means that all has been read."""
    oldest: int = 0
    """Cursors below this are older than what is kept (`CursorExpired` has been raised for one already)."""
    ordinal: int = 0
    """`read_user` only: go on after (`cursor`, `ordinal`)."""
    reset_at: int | None = None
    """The cursor lay inside deltas that were folded. There are no events then: the reader takes the present state, and
    goes on after this number, which is `cursor`, too."""


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """What the search projection keeps of an item or a title (then `item_id` is empty). Empty text removes it."""

    owner: str
    session_id: str
    thread_id: str
    item_id: str
    text: str
    at: Instant


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A match; `snippet` marks the terms with U+0002 and U+0003, which no stored text has."""

    thread_id: str
    item_id: str
    snippet: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Retention:
    """What `compact` may prune: deltas of items that ended before, and whole events from before (None: nothing)."""

    deltas_before: Instant | None = None
    events_before: Instant | None = None


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """How a store behaves for one process."""

    node: str = ""
    """Heartbeats are written under this name from `open` to `close`; empty: none."""
    lease_s: float = 6.0
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


class Store(Protocol):
    """Records and logs. Every call takes the principal, and every query filters by owner unless it is the system's.

    Raises `Unavailable` when the disk or database does not take the write: nothing of it was recorded then.
    """

    async def open(self) -> None:
        """Migrate, take the exclusive lock where one process is all there may be, start the heartbeat."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and release everything. Safe to call twice."""
        ...

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        """Load the needs, decide, and commit all of it durably, or raise what `decide` raised with nothing changed.

        Two transactions whose needs overlap see each other whole or not at all. When it returns, a power cut does
        not lose it. An active turn beside another in one thread is a `Conflict`, as is a broken `Kind.unique`.
        """
        ...

    async def append(self, deltas: Sequence[Delta]) -> tuple[str, ...]:
        """Append deltas in one commit; returns the ids of turns whose fence was stale: nothing of theirs was kept."""
        ...

    async def read(self, principal: Principal, *asks: Ask, log: str | None = None) -> Snapshot:
        """Answer every ask from one snapshot, with the log's offset at that moment."""
        ...

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        """Read a log's events with offset > `after`; raises `BadCursor` for the future, `CursorExpired` for the pruned.

        The caller has checked that its principal owns the log.
        """
        ...

    async def read_user(self, owner: str | None, after: tuple[int, int], limit: int) -> LogRead:
        """Read a user's events (None: everybody's, for projections) after (position, ordinal), in order of commits.

        The numbers that come back are positions. The last commit comes whole, even if that is more than `limit`.
        """
        ...

    async def erase(self, limit: int = 500) -> bool:
        """Erase at most `limit` rows of what was marked for it; True while more is left. Resumes after a crash."""
        ...

    async def compact(self, retention: Retention) -> int:
        """Prune what retention allows; returns how many rows went. Bytes of what stays never change."""
        ...


class SearchIndex(Protocol):
    """The search projection that a store keeps beside its records. It tails the log, off the path of any write."""

    async def index(self, entries: Sequence[SearchEntry], position: int) -> int:
        """Put entries into the search projection and move its cursor on to `position` (0: only tell it); returns it.

        After a crash the cursor may be some way behind: to put an entry again changes nothing.
        """
        ...

    async def search(
        self, principal: Principal, text: str, session_id: str | None = None, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        """Find items and titles that have all the words of `text`, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """How a store stands, for whoever watches it. Counts of what is there stop at a bound: asking stays cheap."""

    waiting: int = 0
    """Queue items that wait; 100,000 stands for any more."""
    oldest_waiting_at: Instant | None = None
    running: int = 0
    leaseless: int = 0
    """Running turns whose node is missing, or has not beaten for a lease."""
    unapplied: int = 0
    """Events behind the search projection's cursor; 10,000 stands for any more."""
    commits: int = 0
    commands: int = 0
    """What this process has committed since it started."""
    connections: int | None = None
    lent: int | None = None
    """The size and use of the pool that reads go through, where there is one."""
    silent_s: float | None = None
    """How long ago the last heartbeat of this process was recorded, by the store's time; None without one."""


class Observed(Protocol):
    """A store that can be watched."""

    async def figures(self) -> Figures:
        """How it stands now, in a few bounded reads."""
        ...


class FullStore(Store, SearchIndex, Observed, Protocol):
    """A store with its search beside it: what a process runs on."""
