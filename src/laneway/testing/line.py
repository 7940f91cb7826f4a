"""A process's line to the store: it counts what is committed, and it can be cut, as a death would cut it."""

from collections.abc import Awaitable, Callable, Sequence

from laneway.domain.changes import Changes, Decision, Need, View
from laneway.domain.errors import Unavailable
from laneway.domain.event import Delta
from laneway.domain.principal import Principal
from laneway.store import Ask, Committed, Figures, FullStore, LogRead, Retention, SearchEntry, SearchHit, Snapshot


class StoreLine:
    """A `Store` and `SearchIndex` that hands everything on to a real one, until it is cut."""

    def __init__(self, store: FullStore) -> None:
        self._store = store
        self._is_cut = False
        self.commits: list[tuple[str, ...]] = []
        """The types of the events of every commit that was made through this line, deltas included."""
        self.before_read: Callable[[tuple[Ask, ...]], Awaitable[None]] | None = None
        """Called before each read, for a test that wants to stand between two steps."""

    def cut(self) -> None:
        """From now on nothing that this process does reaches the store."""
        self._is_cut = True

    async def open(self) -> None:
        await self._real.open()

    async def close(self) -> None:
        await self._store.close()

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        committed = await self._real.transact(principal, needs, decide)
        if committed.changes != Changes():
            self.commits.append(tuple(event.type for event in committed.events))
        return committed

    async def append(self, deltas: Sequence[Delta]) -> tuple[str, ...]:
        refused = await self._real.append(deltas)
        self.commits.append(tuple(delta.data.type for delta in deltas if delta.turn_id not in refused))
        return refused

    async def read(self, principal: Principal, *asks: Ask, log: str | None = None) -> Snapshot:
        if self.before_read is not None:
            await self.before_read(asks)
        return await self._real.read(principal, *asks, log=log)

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        return await self._real.read_log(log, after, limit, thread_id)

    async def read_user(self, owner: str | None, after: tuple[int, int], limit: int) -> LogRead:
        return await self._real.read_user(owner, after, limit)

    async def erase(self, limit: int = 500) -> bool:
        return await self._real.erase(limit)

    async def compact(self, retention: Retention) -> int:
        return await self._real.compact(retention)

    async def index(self, entries: Sequence[SearchEntry], position: int) -> int:
        return await self._real.index(entries, position)

    async def search(
        self, principal: Principal, text: str, session_id: str | None = None, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        return await self._real.search(principal, text, session_id, limit)

    async def figures(self) -> Figures:
        return await self._real.figures()

    @property
    def _real(self) -> FullStore:
        if self._is_cut:
            raise Unavailable("This process is dead.")
        return self._store
