"""Timers: each occurrence raises one alert, in a thread of its own that is briefed; late, paused and full are told."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from laneway.domain.alert import Timer, TimerResource
from laneway.domain.command import DeleteTimer
from laneway.domain.errors import Invalid, NotFound, Stale, TooMany, UnknownAgent
from laneway.domain.instant import later
from laneway.domain.json import Json
from laneway.domain.kinds import THREAD, TIMER
from laneway.domain.rules import Limits
from laneway.domain.thread import Thread
from laneway.runtime.submit import Idempotency
from laneway.store import Page, Query, Where
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner
from tests.runtime.stage import START, Played, echo, running, types


@pytest.fixture
async def app() -> AsyncGenerator[TestApp]:
    async with running(Played("echo", echo)) as app:
        yield app


class Clockwork:
    """One session with its timers."""

    def __init__(self, app: TestApp, ada: Owner, session_id: str) -> None:
        self._app = app
        self._ada = ada
        self.session_id = session_id

    async def set(self, text: str = "wake up", /, **how: Json) -> TimerResource:
        answer = await self._app.timers.create(self._ada.principal, self.session_id, text=text, **how)  # pyright: ignore[reportArgumentType] - a test names what it likes
        assert isinstance(answer.reply, TimerResource)
        return answer.reply

    async def change(self, timer: TimerResource, **how: Json) -> TimerResource:
        state = how.pop("state", None)
        answer = await self._app.timers.update(
            self._ada.principal,
            self.session_id,
            timer.id,
            changes=how,
            state=state,  # pyright: ignore[reportArgumentType] - a test names what it likes
        )
        assert isinstance(answer.reply, TimerResource)
        return answer.reply

    async def shown(self, timer: TimerResource) -> Timer:
        found = await self._ada.find(TIMER, timer.id)
        assert found is not None
        return found

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, with a pass of the timers each step."""
        for _ in range(round(seconds / step)):
            await self._app.advance(step)
            await self._app.timers.fire_due()
        await self._app.drain()

    async def fired(self) -> list[tuple[str, str]]:
        """Each alert so far: how many seconds after the start it was due, and what became of it."""
        return [(firing.occurrence, firing.state) for firing in await self._ada.firings(self.session_id)]


@pytest.fixture
async def clockwork(app: TestApp, ada: Owner) -> Clockwork:
    return Clockwork(app, ada, (await ada.session()).id)


async def alert_threads(app: TestApp, ada: Owner) -> list[Thread]:
    query = Query(THREAD, (Where("kind", "=", "alert"),), (("created_at", "asc"),), limit=1000)
    page = (await app.store.read(ada.principal, query)).results[0]
    assert isinstance(page, Page)
    return [record for record in page.records if isinstance(record, Thread)]


# --- firing ----------------------------------------------------------------------------------------------------------


async def test_a_timer_at_a_time_fires_once_and_is_done(clockwork: Clockwork):
    timer = await clockwork.set(at=later(START, 5))

    await clockwork.pass_time(4)
    early = await clockwork.fired()
    await clockwork.pass_time(10)

    done = await clockwork.shown(timer)
    assert early == []
    assert await clockwork.fired() == [(later(START, 5), "fired")]
    assert (done.state, done.next_at) == ("done", None)


async def test_a_timer_every_so_often_fires_each_time(clockwork: Clockwork):
    await clockwork.set(every=3)

    await clockwork.pass_time(10)

    assert await clockwork.fired() == [(later(START, due), "fired") for due in (3, 6, 9)]


async def test_a_timer_by_cron_fires_in_its_time_zone(clockwork: Clockwork):
    timer = await clockwork.set(cron="30 9 * * *", timezone="Europe/Berlin")

    await clockwork.pass_time(86_400, step=3600)

    assert timer.next_at == "2026-01-01T08:30:00.000000Z"
    assert await clockwork.fired() == [("2026-01-01T08:30:00.000000Z", "fired")]


async def test_an_alert_has_a_thread_whose_first_message_is_the_briefing(
    app: TestApp, ada: Owner, clockwork: Clockwork
):
    timer = await clockwork.set("buy milk", every=5)

    await clockwork.pass_time(5)

    (thread,) = await alert_threads(app, ada)
    (firing,) = await ada.firings(clockwork.session_id)
    (turn,) = await ada.turns(thread.id)
    briefing = (await ada.items(thread.id))[0].text
    assert (thread.kind, thread.title, thread.alert_source) == ("alert", "buy milk", timer.id)
    assert briefing.splitlines()[-1] == "buy milk"
    assert (firing.thread_id, firing.source, turn.trigger) == (thread.id, timer.id, firing.id)
    assert firing.payload == {"due_at": later(START, 5), "text": "buy milk"}
    assert (thread.status, thread.summary) == ("idle", thread.last_message)
    assert thread.summary


async def test_a_failed_alert_says_how_it_ended_too(app: TestApp, ada: Owner, clockwork: Clockwork):
    await clockwork.set("say half\nfail out of luck", every=5, agent_id="script")

    await clockwork.pass_time(5)

    (thread,) = await alert_threads(app, ada)
    assert (thread.status_reason, [turn.status for turn in await ada.turns(thread.id)]) == (
        "agent_failed: out of luck",
        ["failed"],
    )
    assert thread.summary


async def test_somebody_may_go_on_talking_in_an_alert_thread(app: TestApp, ada: Owner, clockwork: Clockwork):
    await clockwork.set(every=100)
    await clockwork.pass_time(100)
    (thread,) = await alert_threads(app, ada)

    await ada.post(thread.id, "and then?")
    await app.drain()

    assert (await ada.said(thread.id))[-1] == ("assistant", "and then?")


# --- exactly once ----------------------------------------------------------------------------------------------------


async def test_two_processes_that_both_find_an_occurrence_raise_it_once(app: TestApp, ada: Owner, clockwork: Clockwork):
    for _ in range(10):
        await clockwork.set(every=5)
    other = app.beside("node-2")
    await other.start()
    await app.advance(5)

    await asyncio.gather(*(node.timers.fire_due() for node in (app, other, app, other)))
    await app.drain()
    await other.drain()

    assert len(await clockwork.fired()) == 10
    assert len(await alert_threads(app, ada)) == 10
    await other.stop()


async def test_a_death_between_two_occurrences_loses_none_and_repeats_none(
    app: TestApp, ada: Owner, clockwork: Clockwork
):
    timers = [await clockwork.set(at=later(START, 5)) for _ in range(5)]
    await app.advance(5)
    passing = asyncio.ensure_future(app.timers.fire_due())
    while len(await clockwork.fired()) < 2:  # noqa: ASYNC110 - each turn of the loop may bring the next commit
        await asyncio.sleep(0)
    await app.kill()
    await asyncio.wait({passing})
    passing.exception()
    following = app.beside("node-2")
    await following.clock.advance(7)
    await following.start()
    await following.timers.fire_due()
    await following.drain()

    firings = await following.user("ada").firings(clockwork.session_id)
    assert sorted(firing.source for firing in firings) == sorted(timer.id for timer in timers)
    await following.stop()


async def test_a_clock_that_is_set_back_raises_nothing_twice(app: TestApp, clockwork: Clockwork):
    await clockwork.set(every=5)
    await clockwork.pass_time(12)
    before = await clockwork.fired()

    app.clock.set_back(3600)
    await clockwork.pass_time(60)

    assert before == await clockwork.fired() == [(later(START, 5), "fired"), (later(START, 10), "fired")]


# --- late ------------------------------------------------------------------------------------------------------------


async def test_what_was_missed_is_made_good_once(app: TestApp, clockwork: Clockwork):
    timer = await clockwork.set(every=10, missed="once")

    await app.advance(3605)
    await app.timers.fire_due()
    await clockwork.pass_time(10, step=5)

    fired = await clockwork.fired()
    assert fired == [(later(START, 10), "fired"), (later(START, 3610), "fired")]
    assert (await clockwork.shown(timer)).next_at == later(START, 3620)


async def test_what_was_missed_may_be_skipped_and_is_told(app: TestApp, ada: Owner, clockwork: Clockwork):
    await clockwork.set(every=10, missed="skip")

    await app.advance(3605)
    await app.timers.fire_due()
    await clockwork.pass_time(10, step=5)

    assert await clockwork.fired() == [(later(START, 10), "skipped"), (later(START, 3610), "fired")]
    assert types(await ada.log(clockwork.session_id)).count("alert.skipped") == 1
    assert len(await alert_threads(app, ada)) == 1


async def test_a_little_late_is_not_missed(app: TestApp, clockwork: Clockwork):
    await clockwork.set(at=later(START, 10), missed="skip")

    await app.advance(40)
    await app.timers.fire_due()

    assert await clockwork.fired() == [(later(START, 10), "fired")]


# --- too many --------------------------------------------------------------------------------------------------------


async def test_alerts_over_the_rate_of_a_session_are_dropped_and_told(ada: Owner):
    async with running(Played("echo", echo), options=TestOptions(limits=Limits(alerts_per_minute=3))) as app:
        bob = app.user("bob")
        busy, calm = [Clockwork(app, bob, (await bob.session()).id) for _ in range(2)]
        for _ in range(5):
            await busy.set(every=10)
        await calm.set(every=10)

        await busy.pass_time(10)
        in_first_minute = [state for _, state in await busy.fired()]
        await app.advance(55)
        await busy.pass_time(5)

        assert sorted(in_first_minute) == ["dropped"] * 2 + ["fired"] * 3
        assert [state for _, state in await calm.fired()][:1] == ["fired"]
        assert sum(state == "fired" for _, state in await busy.fired()) == 6
        firings = await bob.firings(busy.session_id)
        assert {firing.reason for firing in firings if firing.state == "dropped"} == {"alerts_per_minute (3)"}


async def test_one_user_s_full_queues_hold_up_nobody_s_timers_and_lose_no_occurrence_silently():
    options = TestOptions(limits=Limits(queue_per_user=2))
    async with running(Played("echo", echo), options=options) as app:
        ada, bob = app.user("ada"), app.user("bob")
        full, free = Clockwork(app, ada, (await ada.session()).id), Clockwork(app, bob, (await bob.session()).id)
        await full.set(every=5)
        await free.set(every=6)
        for _ in range(2):
            await ada.post((await ada.thread(settings={"paused": True})).id, "waits")

        await full.pass_time(7)

        (firing,) = await ada.firings(full.session_id)
        assert (firing.state, firing.reason, firing.thread_id) == ("dropped", "queue_per_user (2)", None)
        assert [state for _, state in await free.fired()] == ["fired"]


async def test_the_queues_of_everybody_together_do_not_count_as_one_user_s():
    options = TestOptions(limits=Limits(queue_per_user=2))
    async with running(Played("echo", echo), options=options) as app:
        ada = app.user("ada")
        for name in ("bob", "eve", "kim"):
            user = app.user(name)
            await user.post((await user.thread(settings={"paused": True})).id, "waits")
        clockwork = Clockwork(app, ada, (await ada.session()).id)
        await clockwork.set(every=5)

        await clockwork.pass_time(5)

        assert [state for _, state in await clockwork.fired()] == ["fired"]


async def test_more_timers_due_at_once_than_a_pass_reads_all_fire(ada: Owner):
    async with running(Played("echo", echo), options=TestOptions(limits=Limits(alerts_per_minute=0))) as app:
        bob = app.user("bob")
        clockwork = Clockwork(app, bob, (await bob.session()).id)
        for _ in range(150):
            await clockwork.set(at=later(START, 5))

        await app.advance(5)
        await app.timers.fire_due()
        await app.drain()

        assert len(await clockwork.fired()) == 150


async def test_a_session_has_a_bound_on_its_timers():
    async with running(options=TestOptions(limits=Limits(timers_per_session=2))) as app:
        ada = app.user()
        clockwork = Clockwork(app, ada, (await ada.session()).id)
        for _ in range(2):
            await clockwork.set(every=5)

        with pytest.raises(TooMany, match="timers_per_session"):
            await clockwork.set(every=5)


# --- changing --------------------------------------------------------------------------------------------------------


async def test_a_deleted_timer_fires_no_more(ada: Owner, clockwork: Clockwork):
    timer = await clockwork.set(every=5)
    await clockwork.pass_time(5)

    await ada.do(DeleteTimer(**ada.stamp(), session_id=clockwork.session_id, timer_id=timer.id))
    await clockwork.pass_time(20)

    assert len(await clockwork.fired()) == 1


async def test_a_paused_timer_does_not_fire_and_a_resumed_one_not_for_the_past(clockwork: Clockwork):
    timer = await clockwork.set(every=10)
    await clockwork.change(timer, state="paused")
    await clockwork.pass_time(25)
    paused = await clockwork.fired()

    resumed = await clockwork.change(timer, state="active")
    await clockwork.pass_time(10)

    assert paused == []
    assert resumed.next_at == later(START, 30)
    assert await clockwork.fired() == [(later(START, 30), "fired")]


async def test_a_changed_timer_fires_under_its_new_definition_only(app: TestApp, ada: Owner, clockwork: Clockwork):
    timer = await clockwork.set("old", every=10)

    await clockwork.change(timer, every=7, text="new")
    await clockwork.pass_time(10)

    assert await clockwork.fired() == [(later(START, 7), "fired")]
    assert [thread.title for thread in await alert_threads(app, ada)] == ["new"]


async def test_a_pass_that_read_the_old_definition_raises_nothing_under_it(app: TestApp, clockwork: Clockwork):
    timer = await clockwork.set(every=10)
    await app.advance(10)
    passing = asyncio.ensure_future(app.timers.fire_due())
    await clockwork.change(timer, state="paused")
    await passing

    fired, shown = await clockwork.fired(), await clockwork.shown(timer)
    # Either it was raised before the change was recorded, or not at all.
    assert (len(fired), shown.state) in ((0, "paused"), (1, "paused"))
    await clockwork.pass_time(30)
    assert await clockwork.fired() == fired


async def test_a_timer_that_is_done_can_be_set_anew(clockwork: Clockwork):
    timer = await clockwork.set(at=later(START, 5))
    await clockwork.pass_time(6)

    again = await clockwork.change(timer, at=later(START, 20))
    await clockwork.pass_time(20)

    assert (again.state, again.next_at) == ("active", later(START, 20))
    assert await clockwork.fired() == [(later(START, 5), "fired"), (later(START, 20), "fired")]


async def test_a_stale_change_changes_nothing(app: TestApp, ada: Owner, clockwork: Clockwork):
    timer = await clockwork.set(every=10)
    await clockwork.change(timer, text="newer")

    with pytest.raises(Stale):
        await app.timers.update(
            ada.principal, clockwork.session_id, timer.id, changes={"text": "mine"}, if_version=timer.version
        )

    assert (await clockwork.shown(timer)).text == "newer"


@pytest.mark.parametrize(
    "how",
    [
        {}, {"every": 5, "at": START}, {"every": 0}, {"every": -1}, {"every": 1.5}, {"every": True}, {"every": 10**12},
        {"at": "tomorrow"}, {"at": "2026-01-01T00:00:00"}, {"cron": "* * * *"}, {"cron": "61 * * * *"},
        {"cron": "0 0 30 2 *"}, {"cron": "0 0 * * *", "timezone": "Mars/Olympus"}, {"every": 5, "timezone": "UTC"},
        {"cron": "0 0 * * *", "timezone": "../etc/passwd"}, {"cron": "@daily"}, {"cron": "\x00 * * * *"},
    ],
)  # fmt: skip
async def test_times_that_make_no_sense_are_refused(clockwork: Clockwork, how: dict[str, Json]):
    with pytest.raises(Invalid):
        await clockwork.set(**how)

    assert await clockwork.fired() == []


async def test_a_timer_names_an_agent_that_there_is(clockwork: Clockwork):
    with pytest.raises(UnknownAgent):
        await clockwork.set(every=5, agent_id="nobody")


async def test_a_timer_whose_agent_is_gone_drops_its_alerts_and_says_so(app: TestApp, ada: Owner, clockwork: Clockwork):
    await clockwork.set(every=5, agent_id="echo")
    other = app.beside("node-2", Played("another", echo))
    await app.kill()
    await other.start()
    await other.advance(5)

    await other.timers.fire_due()

    (firing,) = await other.user("ada").firings(clockwork.session_id)
    assert (firing.state, firing.reason) == ("dropped", "unknown_agent echo")
    await other.stop()


async def test_nobody_else_sees_or_changes_a_timer(app: TestApp, ada: Owner, clockwork: Clockwork):
    timer = await clockwork.set(every=5)
    eve = app.user("eve")

    for attempt in (
        app.timers.update(eve.principal, clockwork.session_id, timer.id, changes={"text": "hers"}),
        app.timers.create(eve.principal, clockwork.session_id, text="hers", every=5),
        eve.do(DeleteTimer(**eve.stamp(), session_id=clockwork.session_id, timer_id=timer.id)),
    ):
        with pytest.raises(NotFound):
            await attempt

    assert replace(await clockwork.shown(timer), text="") == replace(await clockwork.shown(timer), text="")
    assert (await clockwork.shown(timer)).text == "wake up"


async def test_a_repeated_request_sets_one_timer(app: TestApp, ada: Owner, clockwork: Clockwork):
    key = Idempotency("one timer", b"1")

    answers = [
        await app.timers.create(ada.principal, clockwork.session_id, text="once", every=5, idempotency=key)
        for _ in range(2)
    ]
    await clockwork.pass_time(5)

    assert [answer.replayed for answer in answers] == [False, True]
    assert len(await clockwork.fired()) == 1


async def test_alert_threads_do_not_count_towards_a_user_s_threads():
    options = TestOptions(limits=Limits(threads_per_user=3, alerts_per_minute=0))
    async with running(Played("echo", echo), options=options) as app:
        ada = app.user()
        clockwork = Clockwork(app, ada, (await ada.session()).id)
        await clockwork.set(every=1)
        await clockwork.pass_time(5)

        for _ in range(3):
            await ada.thread()

        with pytest.raises(TooMany, match="threads_per_user"):
            await ada.thread()
