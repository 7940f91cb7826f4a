"""Timers: raises each occurrence that has fallen due, exactly once, as soon as it is due."""

from collections.abc import Mapping

import structlog

from laneway.domain.alert import MissedPolicy, Timer, TimerState
from laneway.domain.command import CreateTimer, FireTimer, UpdateTimer
from laneway.domain.errors import Conflict, Invalid, NotFound, TooMany
from laneway.domain.instant import Instant, seconds_between
from laneway.domain.json import Json
from laneway.domain.kinds import TIMER
from laneway.domain.node import Living
from laneway.domain.principal import SYSTEM, Principal
from laneway.runtime.schedule import is_missed, next_after, schedule
from laneway.runtime.submit import Answer, Idempotency, Runtime
from laneway.store import Get, Page, Query, Store, Where

log = structlog.get_logger(__name__)

LATE_S = 60.0
"""An occurrence that is later than this was missed: its timer's policy says what happens."""
LEFT_S = 2.0
"""An occurrence that is later than this is raised by whichever node finds it."""
BATCH = 100


class Timers:
    """Makes, changes and fires timers. The due times are rows of the store; nothing is kept in memory."""

    def __init__(self, runtime: Runtime, store: Store) -> None:
        self._runtime = runtime
        self._store = store

    async def create(
        self, principal: Principal, session_id: str, *, text: str, at: str | None = None, every: Json = None,
        cron: str | None = None, timezone: str | None = None, agent_id: str | None = None,
        missed: MissedPolicy = "once", idempotency: Idempotency | None = None,
    ) -> Answer:  # fmt: skip
        """Set a timer; raises `Invalid` for times that make no sense."""
        now = self._runtime.clock.now()
        times = schedule(now, when_at=at, every_s=every, cron=cron, timezone=timezone)
        command = CreateTimer(
            at=now, seed=self._runtime.clock.seed(), session_id=session_id, text=text, next_at=times.next_at,
            when_at=times.at, every_s=times.every_s, cron=times.cron, timezone=times.timezone, agent_id=agent_id,
            missed=missed,
        )  # fmt: skip
        return await self._runtime.submit(principal, command, idempotency)

    async def update(
        self, principal: Principal, session_id: str, timer_id: str, *, changes: Mapping[str, Json],
        state: TimerState | None = None, if_version: int | None = None, idempotency: Idempotency | None = None,
    ) -> Answer:  # fmt: skip
        """Change a timer. `changes` may name text, agent_id, missed, at, every, cron and timezone."""
        timer = (await self._store.read(principal, Get(TIMER, timer_id))).results[0]
        if not isinstance(timer, Timer) or timer.session_id != session_id:
            raise NotFound
        now = self._runtime.clock.now()
        plain = {name: value for name, value in changes.items() if name in ("text", "agent_id", "missed")}
        times, next_at = _rescheduled(timer, changes, state, now)
        if times and timer.state == "done":
            state = state or "active"
        command = UpdateTimer(
            at=now, seed=self._runtime.clock.seed(), session_id=session_id, timer_id=timer_id,
            changes={**plain, **times}, next_at=next_at, state=state, if_version=if_version,
        )  # fmt: skip
        return await self._runtime.submit(principal, command, idempotency)

    async def fire_due(self, nodes: Living | None = None) -> float | None:
        """Raise every occurrence that is due; return the seconds until the next one, None when there is none.

        Of several nodes one raises a timer's occurrences, and the others what it has left for too long.
        """
        now = self._runtime.clock.now()
        cursor: str | None = None
        while True:
            # Each timer has one try a pass: one that cannot be fired must not stand before all the others.
            due, cursor = await self._due(Where("due_at", "<=", now), BATCH, cursor)
            for timer in due:
                is_left = seconds_between(timer.due_at or now, now) > LEFT_S
                if nodes is None or is_left or nodes.is_mine(timer.id, 0):
                    await self._fire(timer, now)
            if cursor is None:
                break
        following, _ = await self._due(Where("due_at", ">", now), 1)
        return seconds_between(now, following[0].due_at or now) if following else None

    async def _due(self, when: Where, limit: int, cursor: str | None = None) -> tuple[list[Timer], str | None]:
        query = Query(TIMER, (when,), (("due_at", "asc"),), limit, cursor=cursor)
        page = (await self._store.read(SYSTEM, query)).results[0]
        assert isinstance(page, Page)
        return [record for record in page.records if isinstance(record, Timer)], page.next_cursor

    async def _fire(self, timer: Timer, now: Instant) -> None:
        occurrence = timer.due_at
        if occurrence is None:
            return
        try:
            command = FireTimer(
                at=now, seed=self._runtime.clock.seed(), session_id=timer.session_id, timer_id=timer.id,
                timer_version=timer.version, occurrence=occurrence, next_at=next_after(timer, occurrence, now),
                skip=timer.missed == "skip" and is_missed(occurrence, now, LATE_S),
            )  # fmt: skip
            # In the owner's name: what counts towards a bound is the owner's, not everybody's.
            await self._runtime.submit(Principal(timer.owner), command)
        except (Conflict, NotFound) as refused:
            # Raised already, changed or deleted in the meantime: the store's word stands.
            log.info("occurrence not raised", timer_id=timer.id, code=refused.code)
        except (Invalid, TooMany) as refused:
            log.error("occurrence cannot be raised", timer_id=timer.id, code=refused.code, detail=refused.detail)


def _rescheduled(
    timer: Timer, changes: Mapping[str, Json], state: TimerState | None, now: Instant
) -> tuple[Mapping[str, Json], Instant | None]:
    """The fields of a new definition, and the next time under it: a re-armed timer does not fire for the past."""
    given = {name: changes[name] for name in ("at", "every", "cron", "timezone") if changes.get(name) is not None}
    if given:
        zone = given.get("timezone") or (timer.timezone if "cron" in given or timer.cron else None)
        times = schedule(
            now,
            when_at=_text(given.get("at")),
            every_s=given.get("every"),
            cron=_text(given.get("cron")) or (timer.cron if "timezone" in given else None),
            timezone=_text(zone),
        )
        fields = {"at": times.at, "every_s": times.every_s, "cron": times.cron, "timezone": times.timezone}
        return fields, times.next_at
    if state == "active" and timer.next_at is not None and timer.next_at < now and timer.at is None:
        return {}, next_after(timer, timer.next_at, now)
    return {}, timer.next_at


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
