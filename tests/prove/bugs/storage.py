"""Bugs of the store: acknowledged too early, synced too little, decided on old sight, read by the wrong people."""

import asyncio
import time
from collections.abc import Callable, Sequence

import laneway.deployment
import laneway.sql.sight
import laneway.stores.sqlite.store
from laneway import wire
from laneway.domain.changes import Decision, Need, View
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.sql.sight import Sight
from laneway.sql.table import KindTable
from laneway.store import Committed
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.store import SQLiteStore
from laneway.stores.sqlite.view import load_view
from laneway.stores.sqlite.writer import Committer, Outcome, Work
from tests.prove.bugs.inner import inner, put


class EarlyCommitter(Committer):
    """Tells that messages are recorded, and records them some milliseconds later."""

    def commit(self, group: Sequence[Work[object]]) -> list[Outcome[object]]:
        with self._turnstile:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._run(work) for work in group]
            if not any(_accepts(outcome.value) for outcome in outcomes):
                self._connection.execute("COMMIT")
            return outcomes

    def tidy(self, is_idle: bool) -> None:
        if self._connection.in_transaction:
            time.sleep(0.03)
            self._connection.execute("COMMIT")
        super().tidy(is_idle)


def _accepts(value: object) -> bool:
    return isinstance(value, Committed) and any(event.type == "queue.item_added" for event in value.events)


def acknowledge_before_commit() -> None:
    put(laneway.stores.sqlite.store, "Committer", EarlyCommitter)


def sync_normally() -> None:
    from tests.prove.scenarios import storage  # noqa: PLC0415 - only that scenario's own process has it

    storage.PLANTED_SYNC = "NORMAL"


class EarlyStore(SQLiteStore):
    """Decides on what it has read, and commits that later, whatever has happened in between."""

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        def look(connection: Connection) -> Decision:
            return decide(load_view(connection, principal, needs, self._clock.now()))

        made = await self._parts.writer.submit(look)
        await asyncio.sleep(0)
        return await super().transact(principal, needs, lambda _view: made)


def decide_before_the_transaction() -> None:
    put(laneway.deployment, "SQLiteStore", EarlyStore)


def own_nothing() -> None:
    """Every query forgets the owner, and the wall behind it is gone, too."""
    condition = inner(laneway.sql.sight, "_condition")

    def for_everybody(self: Sight, kind: Kind[Record]) -> str:
        return condition(kind.name, False, self.erasing)

    def decoded(self: KindTable, body: bytes, sight: Sight) -> Record:
        return wire.decode(body, self.kind.type)

    Sight.condition = for_everybody
    setattr(Sight, "bindings", property(lambda _: ()))  # noqa: B010 - a property cannot be assigned to its name
    KindTable.decode = decoded
