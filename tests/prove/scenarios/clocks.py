"""T-1, T-3: the wall clock jumps, the machine sleeps. Timers are raised once, as they say; running turns go on."""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from laneway.app import App
from laneway.config import load
from laneway.domain.alert import Firing, Timer
from laneway.domain.command import CreateSession, CreateThread, CreateUser, NewMessage
from laneway.domain.decide.timers import MINUTE_LENGTH
from laneway.domain.instant import Instant, later, seconds_between
from laneway.domain.item import Part
from laneway.domain.kinds import FIRING, TIMER, TURN
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.session import SessionResource
from laneway.domain.turn import Turn
from laneway.runtime.timers import LATE_S
from laneway.store import Page, Query, Where
from laneway.testing.clock import FakeClock
from tests.prove.audit import audit
from tests.prove.scenario import Report

ME = Principal("usr_ada")
ASLEEP_S = 600.0
MANY = 40
ALERTS_PER_MINUTE = 10
JUMPS = (3600.0, -3600.0, 86_400.0, -86_400.0, 10 * 365 * 86_400.0, -10 * 365 * 86_400.0, 1.0, -1.0, 59.0, -61.0)
BEFORE_DST = "2026-03-29T00:30:00.000000Z"
"""Half an hour before Berlin's clocks go forward; the seeds also start before they go back."""
BEFORE_REPEAT = "2026-10-24T23:30:00.000000Z"


class JumpingClock(FakeClock):
    """A fake clock whose wall time can be set, as an administrator or NTP does; monotonic time goes on undisturbed."""

    def __init__(self, start: Instant, seed: int) -> None:
        super().__init__(start, seed)
        self._shift = 0.0

    def now(self) -> Instant:
        return later(super().now(), self._shift)

    def jump(self, seconds: float) -> None:
        self._shift += seconds

    async def freeze(self, seconds: float) -> None:
        """As SIGSTOP does: all time goes on, and whoever should have woken meanwhile wakes afterwards."""
        self._elapsed += seconds
        await self.advance(0)


def run(seed: int, jumps: int) -> Report:
    report = Report()
    fired = 0
    for number in range(jumps):
        fired += asyncio.run(_round(random.Random(f"{seed}/{number}"), report))
        if not report.passed:
            report.findings.append(f"it was round {number} of seed {seed}")
            break
    report.figures = {"rounds": jumps, "fired": fired}
    return report


async def _round(randomness: random.Random, report: Report) -> int:
    async with _app(randomness, report, alerts_per_minute=0) as (app, clock):
        timers = await _set_timers(app, randomness)
        running = await _run_a_turn(app)
        for _ in range(6):
            for _ in range(randomness.randrange(1, 4)):
                await _pass(clock, randomness.choice((1.0, 20.0, 61.0)))
            clock.jump(randomness.choice(JUMPS))
            await _pass(clock, 3.0)
        await _check_turn(app, running, report)
        await _catch_up(app, clock)
        return await _check_firings(app, timers, report)


@asynccontextmanager
async def _app(
    randomness: random.Random, report: Report, alerts_per_minute: int
) -> AsyncGenerator[tuple[App, JumpingClock]]:
    """A started app whose clock jumps; audited in the end."""
    clock = JumpingClock(randomness.choice((BEFORE_DST, BEFORE_REPEAT)), randomness.getrandbits(32))
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        limits = {"alerts_per_minute": alerts_per_minute}
        flags = {"data_dir": folder, "script_agent": True, "default_agent": "script", "limits": limits}
        app = App(load(environ={}, flags=flags), clock=clock)
        await app.start()
        yield app, clock
        await app.stop()
        report.findings += [str(finding) for finding in audit(Path(folder) / "laneway.db")]


async def _settle(app: App) -> SessionResource:
    made = CreateUser(at=app.clock.now(), seed=app.clock.seed(), user_id=ME.user_id, name="ada", role="owner")
    await app.runtime.submit(SYSTEM, made)
    command = CreateSession(at=app.clock.now(), seed=app.clock.seed(), user_id=ME.user_id)
    session = (await app.runtime.submit(ME, command)).reply
    assert isinstance(session, SessionResource)
    return session


async def _set_timers(app: App, randomness: random.Random) -> list[str]:
    session, ids = await _settle(app), list[str]()
    for missed in ("once", "skip"):
        at = later(app.clock.now(), randomness.uniform(5, 4000))
        ids += [
            await _timer(app, session.id, missed=missed, at=at),
            await _timer(app, session.id, missed=missed, every=randomness.choice((7, 60, 3600))),
            await _timer(app, session.id, missed=missed, cron="*/15 * * * *", timezone="Europe/Berlin"),
            await _timer(app, session.id, missed=missed, cron="30 2 * * *", timezone="Europe/Berlin"),
        ]
    return ids


async def _timer(app: App, session_id: str, **when: Any) -> str:
    reply = (await app.timers.create(ME, session_id, text="tick", **when)).reply
    return str(getattr(reply, "id"))  # noqa: B009 - a reply is any JSON


async def _run_a_turn(app: App) -> str:
    message = NewMessage(parts=(Part("text", text="sleep 1000000"),), sender="ada")
    command = CreateThread(at=app.clock.now(), seed=app.clock.seed(), user_id=ME.user_id, message=message)
    await app.runtime.submit(ME, command)
    while not app.runner.running:  # noqa: ASYNC110 - the runner tells nobody that a turn has begun
        await asyncio.sleep(0.001)
    return app.runner.running[0]


async def _pass(clock: JumpingClock, seconds: float) -> None:
    """Let time pass in steps of a second, as it does, and let what woke up do its work."""
    for _ in range(int(seconds)):
        await clock.advance(1.0)
        await asyncio.sleep(0.002)


async def _check_turn(app: App, turn_id: str, report: Report) -> None:
    """I-38: a lease is not lost to a clock that jumps: the turn still runs, in its first attempt."""
    page = (await app.store.read(SYSTEM, Query(TURN, limit=100))).results[0]
    assert isinstance(page, Page)
    turn = next(each for each in page.records if isinstance(each, Turn) and each.id == turn_id)
    report.expect((turn.status, turn.attempt) == ("running", 1), f"I-38: the turn is {turn.status}, {turn.attempt=}")


async def _check_firings(app: App, timers: list[str], report: Report) -> int:
    """Never twice for one occurrence, never early, and nothing that is due is left.

    An occurrence is a time on the wall: after a jump back, a repeating timer waits until that time comes round again.
    """
    firings, kept = await _firings(app), await _timers(app)
    report.expect(len({(each.source, each.occurrence) for each in firings}) == len(firings), "I-36: fired twice")
    for firing in firings:
        report.expect(firing.at >= firing.occurrence, f"I-37: {firing.occurrence} was raised early, at {firing.at}")
    now = app.clock.now()
    for timer in kept:
        if timer.state == "active" and timer.due_at is not None:
            late = seconds_between(timer.due_at, now)
            report.expect(late < 3, f"I-38: {timer.id} is due since {late} s and does not fire")
    report.expect({timer.id for timer in kept} == set(timers), "a timer is gone")
    return len(firings)


async def _firings(app: App) -> list[Firing]:
    found = (await app.store.read(SYSTEM, Query(FIRING, limit=5000))).results[0]
    return [each for each in _records(found) if isinstance(each, Firing)]


async def _timers(app: App) -> list[Timer]:
    found = (await app.store.read(SYSTEM, Query(TIMER, limit=1000))).results[0]
    return [each for each in _records(found) if isinstance(each, Timer)]


async def _catch_up(app: App, clock: JumpingClock) -> None:
    """Let seconds pass until nothing is due: commits take real time, in which the clock stands still."""
    for _ in range(50):
        due = Query(TIMER, (Where("due_at", "<=", clock.now()),), limit=1)
        if not _records((await app.store.read(SYSTEM, due)).results[0]):
            return
        await clock.advance(1.0)
        await asyncio.sleep(0.05)


def _records(page: object) -> tuple[object, ...]:
    assert isinstance(page, Page)
    return page.records


# --- T-3 -------------------------------------------------------------------------------------------------------------


def run_sleep(seed: int, sleeps: int) -> Report:
    """T-3: everything stands still for ten minutes: on waking each timer does what its policy says, and no more."""
    report, states = Report(), Counter[str]()
    for number in range(sleeps):
        states += asyncio.run(_sleep(random.Random(f"{seed}/{number}"), report))
        if not report.passed:
            report.findings.append(f"it was round {number} of seed {seed}")
            break
    report.figures = {"sleeps": sleeps, "seconds_each": int(ASLEEP_S), **{f"alerts_{k}": n for k, n in states.items()}}
    return report


async def _sleep(randomness: random.Random, report: Report) -> Counter[str]:
    async with _app(randomness, report, ALERTS_PER_MINUTE) as (app, clock):
        session, fallen_asleep = await _settle(app), clock.now()
        for number in range(MANY):
            missed = ("once", "skip")[number % 2]
            at = later(fallen_asleep, randomness.uniform(5, ASLEEP_S))
            await _timer(app, session.id, missed=missed, **randomness.choice(({"at": at}, {"every": 60}, {"every": 7})))
        running = await _run_a_turn(app)
        await _pass(clock, 3.0)
        before, commits = await _timers(app), (await app.store.figures()).commits
        # A laptop's own time stands still while it sleeps; that of a stopped process goes on.
        if randomness.random() < 0.5:
            clock.jump(ASLEEP_S)
        else:
            await clock.freeze(ASLEEP_S)
        woken = clock.now()
        await _pass(clock, 3.0)
        await _catch_up(app, clock)
        made = (await app.store.figures()).commits - commits
        report.expect(made <= MANY * 8, f"T-3: {made} commits after waking, for {MANY} timers")
        await _check_turn(app, running, report)
        firings = [each for each in await _firings(app) if fallen_asleep < each.occurrence <= woken <= each.at]
        _check_policies(before, firings, woken, report)
        return Counter(each.state for each in firings)


def _check_policies(timers: list[Timer], firings: list[Firing], woken: Instant, report: Report) -> None:
    """One firing for all that a timer missed, skipped where it says so, and never more alerts a minute than may be."""
    made = {timer.id: [each for each in firings if each.source == timer.id] for timer in timers}
    for timer in timers:
        slept = timer.due_at is not None and timer.due_at <= woken
        count = len(made[timer.id])
        report.expect(count == int(slept), f"I-37: {timer.id} was raised {count} times for what it missed")
    policies = {timer.id: timer.missed for timer in timers}
    for each in firings:
        is_missed = seconds_between(each.occurrence, each.at) > LATE_S
        is_right = (each.state == "skipped") == (is_missed and policies[each.source] == "skip")
        report.expect(is_right, f"I-37: a timer with missed={policies[each.source]} was {each.state} on waking")
    minutes = Counter(each.at[:MINUTE_LENGTH] for each in firings if each.state == "fired")
    most = max(minutes.values(), default=0)
    report.expect(most <= ALERTS_PER_MINUTE, f"T-3: {most} alerts in one minute, of {ALERTS_PER_MINUTE}")
