"""View: loads what a decision needs, inside the write transaction and as its principal may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar, assert_never, cast

from laneway.clock import Clock
from laneway.domain.changes import Count, Folded, Need, One, Some, Span
from laneway.domain.errors import Internal
from laneway.domain.instant import Instant
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.fold import fold_thread
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES, Sight, sight_of

R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class LoadedView:
    """The declared needs. To ask for anything else is a mistake of the caller's and raises `Internal`."""

    now: Instant
    _records: dict[tuple[str, str], Record | None] = field(default_factory=dict[tuple[str, str], Record | None])
    _lists: dict[str, dict[str, Record]] = field(default_factory=dict[str, dict[str, Record]])
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _texts: dict[str, str] = field(default_factory=dict[str, str])

    def get(self, kind: Kind[R], id: str) -> R | None:
        if (kind.name, id) not in self._records:
            raise Internal(f"A decision asked for a {kind.name} that it had not declared.")
        # A record under a kind's name was decoded as that kind's type.
        return cast("R | None", self._records[kind.name, id])

    def some(self, kind: Kind[R]) -> Sequence[R]:
        if kind.name not in self._lists:
            raise Internal(f"A decision asked for records of the kind {kind.name} that it had not declared.")
        return cast("list[R]", list(self._lists[kind.name].values()))

    def count(self, kind: Kind[R]) -> int:
        if kind.name not in self._counts:
            raise Internal(f"A decision asked for the number of {kind.name} records that it had not declared.")
        return self._counts[kind.name]

    def folded(self, item_id: str) -> str:
        return self._texts.get(item_id, "")

    @property
    def records(self) -> list[tuple[Kind[Record], Record]]:
        """Everything that was found, with its kind."""
        return [(TABLES[name].kind, record) for (name, _), record in self._records.items() if record is not None]

    async def load(self, connection: Connection, need: Need, sight: Sight) -> None:
        """Add what one need names."""
        match need:
            case One(kind, id, follow):
                await self._load_one(connection, kind, id, follow, sight)
            case Some(kind, where, limit, follow):
                found = await TABLES[kind.name].some(connection, where, limit, sight)
                self._keep(kind, found)
                for record in found if follow else ():
                    await self._load_one(connection, kind, record.id, follow, sight)
            case Span():
                self._keep(need.kind, await TABLES[need.kind.name].span(connection, need, sight))
            case Count(kind, where):
                found = await TABLES[kind.name].count(connection, where, sight)
                self._counts[kind.name] = self._counts.get(kind.name, 0) + found
            case Folded(thread_id):
                self._texts.update(await fold_thread(connection, thread_id, sight))
            case _:
                assert_never(need)

    def _keep(self, kind: Kind[Record], records: Sequence[Record]) -> None:
        self._lists.setdefault(kind.name, {}).update({record.id: record for record in records})
        self._records.update({(kind.name, record.id): record for record in records})

    async def _load_one(
        self, connection: Connection, kind: Kind[Record], id: str, follow: tuple[str, ...], sight: Sight
    ) -> None:
        for step in (*follow, None):
            key = (kind.name, id)
            if key not in self._records:
                self._records[key] = await TABLES[kind.name].get(connection, id, sight)
            record = self._records[key]
            if record is None or step is None:
                return
            target = kind.references[step]
            kind = TABLES[target if isinstance(target, str) else target.name].kind
            next_id: str | None = getattr(record, step)
            if next_id is None:
                return
            id = next_id


async def load_view(
    connection: Connection, principal: Principal, needs: Sequence[Need], clock: Clock | None
) -> LoadedView:
    """Load every need as of this moment of the transaction; its time is the database's unless a clock is given."""
    sight = await sight_of(connection, principal)
    view = LoadedView(clock.now() if clock else (await connection.single(SQL["now"]))[0])
    for need in needs:
        await view.load(connection, need, sight)
    return view
