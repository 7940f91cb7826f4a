"""Writer: commits commands in groups, some of them at a time, each in a transaction of its own."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from laneway.clock import Clock
from laneway.domain.changes import Decision, Need, View
from laneway.domain.errors import Internal, Unavailable
from laneway.domain.group import Later
from laneway.domain.principal import Principal
from laneway.store import Committed
from laneway.stores.postgres.connection import Contended, Lost
from laneway.stores.postgres.locks import Scopes, locks_of, taking
from laneway.stores.postgres.pool import Pool
from laneway.stores.postgres.transaction import Outcome, Request, transact

GROUP = 32
"""Commands that share a commit at most: the first of them waits for the last."""
GROUPS = 2
"""Groups that are under way at once: one is decided while another's commit reaches the disk."""
ALONE = 8
"""Commands that are under way each by itself, because something of a group failed or waited for too long."""
BACKLOG = 20_000
"""Commands that may wait for a group; more are refused, not kept."""
LOOKED_AT = 256
"""Commands at the front of those that wait among which a group is chosen."""
ATTEMPTS = 20
"""How often a transaction that the database gave up is run again."""
GROUP_LOCK_MS = 1000
"""How long a group waits for a lock, before each of its commands waits for its own. Less than a command alone does:
a process that stands still must hold up only those who need what it has locked."""


@dataclass(slots=True, eq=False)
class _Waiting(Request):
    """A command whose sender waits for its commit."""

    future: asyncio.Future[Committed] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    is_alone: bool = False
    attempts: int = 0


class Writer:
    """Takes what waits as one group, so that load makes commits larger, not more.

    Commands that need the same are never in two groups at once: they wait here, not for each other's locks. A command
    that was accepted is carried out, whether or not its sender still waits for it.
    """

    def __init__(self, pool: Pool, clock: Clock, time: Clock | None) -> None:
        self._pool = pool
        self._clock = clock
        self._time = time
        self._scopes = Scopes()
        self._waiting: deque[_Waiting] = deque()
        self._groups: dict[asyncio.Task[None], Sequence[_Waiting]] = {}
        """What is under way."""
        self._is_starting = False
        self._idle = asyncio.Event()
        self.commits = 0
        self.commands = 0
        """What has been committed since the start, for whoever watches."""

    async def submit(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        """Run a command in one of the next groups; returns when it is durable, or raises what became of it."""
        if len(self._waiting) >= BACKLOG:
            raise Unavailable("The writer's backlog is full.")
        waiting = _Waiting(principal, needs, decide, locks_of(needs, principal.owner, self._scopes))
        self._waiting.append(waiting)
        self._start_soon()
        return await waiting.future

    async def close(self) -> None:
        """Commit what was accepted."""
        while self._waiting or self._groups:
            self._idle.clear()
            await self._idle.wait()

    def _start_soon(self) -> None:
        # Not at once: whoever comes in the same moment shares the commit.
        if not self._is_starting:
            self._is_starting = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._is_starting = False
        while group := self._next_group():
            task = asyncio.create_task(self._carry_out(group), name="store: a group of commands")
            self._groups[task] = group
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        group = self._groups.pop(task)
        if task.cancelled():
            # The loop ends, and with it whoever waited.
            for waiting in group:
                waiting.future.cancel()
        else:
            self._start()
        if not self._groups:
            self._idle.set()

    def _next_group(self) -> list[_Waiting]:
        """The first of those that wait, without who needs the same as a group under way, or as one passed by."""
        busy = {lock for group in self._groups.values() for each in group for lock in each.locks}
        alone = sum(group[0].is_alone for group in self._groups.values())
        rooms = {True: ALONE - alone, False: GROUPS - (len(self._groups) - alone)}
        group: list[_Waiting] = []
        for waiting in list(islice(self._waiting, LOOKED_AT)):
            fits = len(group) < GROUP and all(self._is_shared(each, waiting) for each in group[:1])
            if fits and rooms[waiting.is_alone] > 0 and busy.isdisjoint(waiting.locks):
                group.append(waiting)
                self._waiting.remove(waiting)
            else:
                busy |= waiting.locks
        return group

    def _is_shared(self, one: _Waiting, other: _Waiting) -> bool:
        """Whether two may be in one group: the system's commands and those of users are on two sides of the wall."""
        is_apart = self._pool.is_walled and one.principal.system != other.principal.system
        return not (one.is_alone or other.is_alone or is_apart)

    async def _carry_out(self, group: list[_Waiting]) -> None:
        """Commit a group. Whoever has to be decided behind it, or alone, goes to the front again, in their order."""
        try:
            outcomes = await self._commit(group)
        except Exception as error:  # noqa: BLE001 - it is handed to whom it befalls
            outcomes = await self._given_up(group, error)
        again: list[_Waiting] = []
        for waiting, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Later):
                waiting.is_alone |= outcome.is_alone
                again.append(waiting)
            else:
                _settle(waiting.future, outcome)
        self._waiting.extendleft(reversed(again))

    async def _commit(self, group: Sequence[_Waiting]) -> list[Outcome]:
        async with self._pool.lease() as connection:
            await self._scopes.learn(connection, [need for each in group for need in each.needs])
            for each in group:
                each.locks |= locks_of(each.needs, each.principal.owner, self._scopes)
            locks = {lock for each in group for lock in each.locks}
            impatient = f"SET LOCAL lock_timeout = {GROUP_LOCK_MS}; " if len(group) > 1 else ""
            is_system = group[0].principal.system
            owners = None if is_system else {each.principal.user_id for each in group}
            async with self._pool.committed(connection, opening=impatient + taking(locks), owners=owners):
                outcomes = await transact(connection, group, locks, self._time)
        self.commits += 1
        for outcome in outcomes:
            if isinstance(outcome, Committed):
                self.commands += 1
                self._scopes.note(outcome.changes.puts)
        return outcomes

    async def _given_up(self, group: Sequence[_Waiting], error: Exception) -> list[Outcome]:
        """What becomes of a group whose transaction was given up: its commands are run one by one.

        A lost connection says nothing against the group: it is run once more.
        """
        if isinstance(error, Lost) and not any(each.attempts for each in group):
            for each in group:
                each.attempts += 1
            return [Later() for _ in group]
        if isinstance(error, Unavailable):
            return [Unavailable(error.detail, error.hint) for _ in group]
        if len(group) > 1:
            return [Later(is_alone=True) for _ in group]
        if not isinstance(error, Contended):
            return [error]
        group[0].attempts += 1
        if group[0].attempts == ATTEMPTS:
            return [Unavailable("The database gave the transaction up each time that it was tried.")]
        await self._clock.sleep(0)
        return [Later()]


def _settle(future: asyncio.Future[Committed], outcome: Committed | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Committed):
        future.set_result(outcome)
    elif isinstance(outcome, StopIteration):
        future.set_exception(Internal(f"The command could not be written: {outcome!r}."))
    else:
        future.set_exception(outcome)
