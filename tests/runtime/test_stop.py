"""Stopping, failing and going on: one turn ends, once; what waits is paused only where somebody has to look first."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from laneway.agent import AgentEvent, AgentFailed, Text, TurnInput
from laneway.domain.command import RetryTurn
from laneway.domain.errors import Busy, CancelRequested, NotFound, NothingToRetry
from laneway.domain.kinds import NOTE
from laneway.store import Ask, Query
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, Played, echo, ends, running, types


async def failing(turn: TurnInput) -> AsyncIterator[AgentEvent]:
    """Fail when told to, after a word; otherwise say the batch."""
    if turn.text.startswith("fail"):
        yield Text("half a ")
        raise AgentFailed("as you wish", "wished")
    async for event in echo(turn):
        yield event


async def silent(turn: TurnInput) -> AsyncIterator[AgentEvent]:
    """Work for ever, and say nothing of it."""
    await asyncio.Event().wait()
    yield Text("never")


@pytest.fixture
async def app(gates: Gates) -> AsyncGenerator[TestApp]:
    async with running(gates.agent, Played("failing", failing), Played("silent", silent)) as app:
        yield app


# --- stopping --------------------------------------------------------------------------------------------------------


async def test_a_stop_keeps_what_was_said_and_pauses_what_waits(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    run = await gates.reached(thread.id)
    await ada.post(thread.id, "waits")

    answer = await ada.cancel(thread.id)
    paused_at_once = (await ada.queue(thread.id)).paused
    await app.drain()

    shown = await ada.show(thread.id)
    assert answer == {"turn_id": run.turn_id, "status": "running"}
    assert paused_at_once
    assert (shown.status, shown.status_reason) == ("paused", "stopped by usr_ada")
    assert [(item.text, item.state) for item in await ada.items(thread.id)] == [
        ("go", "complete"),
        ("begin go", "interrupted"),
    ]
    assert ends(await ada.events(thread.id)) == ["turn.cancelled"]


async def test_a_stop_with_nothing_waiting_pauses_nothing(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)

    await ada.cancel(thread.id)
    await app.drain()

    assert await ada.status(thread.id) == "idle"
    await ada.post(thread.id, "next")
    await gates.reached(thread.id, runs=2)


async def test_one_resume_lets_a_stopped_queue_go_on(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await ada.post(thread.id, "waits")
    await ada.cancel(thread.id)
    await app.drain()

    await ada.resume(thread.id)
    await gates.reached(thread.id, runs=2)

    assert gates.given(thread.id) == [("go",), ("waits",)]


async def test_a_stop_is_idempotent_and_ends_the_turn_once(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    run = await gates.reached(thread.id)

    answers = [await ada.cancel(thread.id, run.turn_id) for _ in range(3)]
    await app.drain()
    answers.append(await ada.cancel(thread.id, run.turn_id))

    assert {answer["turn_id"] for answer in answers} == {run.turn_id}
    assert answers[-1]["status"] == "cancelled"
    assert ends(await ada.events(thread.id)) == ["turn.cancelled"]


async def test_a_stop_of_an_idle_thread_does_nothing(app: TestApp, ada: Owner):
    thread = await ada.thread()

    assert await ada.cancel(thread.id) == {"turn_id": None, "status": "idle"}


async def test_a_stop_that_names_an_ended_turn_never_reaches_the_next_one(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    first = await gates.reached(thread.id)
    await ada.post(thread.id, "second")
    gates.let(thread.id)
    second = await gates.reached(thread.id, runs=2)

    answer = await ada.cancel(thread.id, first.turn_id)
    gates.let(thread.id)
    await app.drain()

    assert answer == {"turn_id": first.turn_id, "status": "completed"}
    assert [turn.status for turn in await ada.turns(thread.id)] == ["completed", "completed"]
    assert second.turn_id != first.turn_id


async def test_a_stop_that_names_a_turn_of_another_thread_is_not_found(app: TestApp, ada: Owner, gates: Gates):
    mine, other = await ada.thread("mine"), await ada.thread("other")
    run = await gates.reached(other.id)

    with pytest.raises(NotFound):
        await ada.cancel(mine.id, run.turn_id)

    assert (await ada.turns(other.id))[0].cancel is None


async def test_no_new_call_starts_after_a_stop_is_acknowledged():
    refused: list[str] = []

    async def stubborn(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("begin")
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await turn.handle.call("note.add", {"text": "after the stop"})
            except CancelRequested as refusal:
                refused.append(refusal.code)

    async with running(Played("stubborn", stubborn)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.until(ada.was_told(thread.id, "item.delta"))

        await ada.cancel(thread.id)
        await app.drain()

        assert refused == ["cancel_requested"]
        assert ends(await ada.events(thread.id)) == ["turn.cancelled"]
        assert "tool.called" not in types(await ada.events(thread.id))


async def test_a_stop_between_the_claim_and_the_agent_is_not_lost(app: TestApp, ada: Owner):
    reading, goes_on = asyncio.Event(), asyncio.Event()

    async def stand_still(asks: tuple[Ask, ...]) -> None:
        if any(isinstance(ask, Query) and ask.kind is NOTE for ask in asks):
            reading.set()
            await goes_on.wait()

    app.store.before_read = stand_still
    thread = await ada.thread("go", agent_id="silent")
    await reading.wait()

    await ada.cancel(thread.id)
    goes_on.set()
    await app.drain()

    assert ends(await ada.events(thread.id)) == ["turn.cancelled"]


# --- failing ---------------------------------------------------------------------------------------------------------


async def test_after_a_failure_the_queue_goes_on(app: TestApp, ada: Owner):
    thread = await ada.thread(agent_id="failing", settings={"queue_mode": "one_at_a_time", "paused": True})
    await ada.post(thread.id, "fail")
    await ada.post(thread.id, "next")

    await ada.resume(thread.id)
    await app.drain()

    failed, completed = await ada.turns(thread.id)
    assert failed.error is not None
    assert (failed.status, failed.error.class_, failed.error.message) == ("failed", "wished", "as you wish")
    assert completed.status == "completed"
    assert [(item.text, item.state) for item in await ada.items(thread.id)][:2] == [
        ("fail", "complete"),
        ("half a ", "interrupted"),
    ]


async def test_a_thread_may_ask_to_be_paused_by_a_failure(app: TestApp, ada: Owner):
    settings = {"queue_mode": "one_at_a_time", "paused": True, "on_failure": "pause"}
    thread = await ada.thread(agent_id="failing", settings=settings)
    await ada.post(thread.id, "fail")
    await ada.post(thread.id, "next")

    await ada.resume(thread.id)
    await app.drain()

    shown = await ada.show(thread.id)
    assert (shown.status, shown.status_reason) == ("paused", "the last turn failed")
    assert len(await ada.turns(thread.id)) == 1


async def test_a_failure_after_an_effect_that_happens_once_was_begun_pauses_what_waits(app: TestApp, ada: Owner):
    session = await ada.session(mode="autonomous")
    settings = {"queue_mode": "one_at_a_time", "paused": True}
    thread = await ada.thread(agent_id="script", session_id=session.id, settings=settings)
    await ada.post(thread.id, "effect once paid\nfail too bad")
    await ada.post(thread.id, "say next")

    await ada.resume(thread.id)
    await app.drain()

    shown = await ada.show(thread.id)
    assert app.effects == ["paid"]
    assert shown.status == "paused"
    assert shown.status_reason == "the last turn failed after an effect that must happen once was begun"


async def test_the_thread_says_why_its_last_turn_failed_until_the_next_one(app: TestApp, ada: Owner):
    thread = await ada.thread("fail", agent_id="failing")
    await app.drain()
    failed = await ada.show(thread.id)

    await ada.post(thread.id, "hello")
    await app.drain()

    assert (failed.status, failed.status_reason) == ("idle", "wished: as you wish")
    assert (await ada.show(thread.id)).status_reason is None


# --- retrying --------------------------------------------------------------------------------------------------------


async def test_a_failed_turn_can_be_opened_again_with_the_same_batch(app: TestApp, ada: Owner):
    thread = await ada.thread("fail-until 2 not yet\nsay done", agent_id="script")
    await app.drain()
    (turn,) = await ada.turns(thread.id)

    await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=turn.id))
    await app.drain()

    (again,) = await ada.turns(thread.id)
    assert (again.id, again.item_ids) == (turn.id, turn.item_ids)
    assert (again.status, again.attempt, again.error) == ("completed", 2, None)
    assert ends(await ada.events(thread.id)) == ["turn.failed", "turn.completed"]
    assert types(await ada.events(thread.id)).count("turn.resumed") == 1


async def test_what_was_cut_off_is_void_after_a_retry_and_the_count_stays_true(app: TestApp, ada: Owner):
    thread = await ada.thread("say half\nfail-until 2 not yet\nsay whole", agent_id="script")
    await app.drain()
    (turn,) = await ada.turns(thread.id)
    before = (await ada.show(thread.id)).message_count

    await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=turn.id))
    await app.drain()

    assert before == 2
    assert await ada.said(thread.id) == [
        ("user", "say half\nfail-until 2 not yet\nsay whole"),
        ("assistant", "half\nwhole"),
    ]
    assert (await ada.show(thread.id)).message_count == 2


async def test_a_call_that_waited_for_an_approval_when_it_was_stopped_is_asked_again_by_a_retry(
    app: TestApp, ada: Owner
):
    thread = await ada.thread("effect once paid\nsay done", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))
    await ada.cancel(thread.id)
    await app.drain()
    (turn,) = await ada.turns(thread.id)

    await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=turn.id))
    await app.until(ada.was_told(thread.id, "turn.waiting", times=2))
    expired, opened = await ada.approvals(thread.id)
    await ada.answer(opened, "approve")
    await app.drain()

    assert expired.state == "expired"
    assert app.effects == ["paid"]
    assert (await ada.turns(thread.id))[0].status == "completed"


async def test_only_the_last_turn_and_only_one_that_did_not_complete_can_be_retried(app: TestApp, ada: Owner):
    thread = await ada.thread("fail", agent_id="failing")
    await app.drain()
    await ada.post(thread.id, "fine")
    await app.drain()

    for turn in await ada.turns(thread.id):
        with pytest.raises(NothingToRetry):
            await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=turn.id))


async def test_a_busy_thread_retries_nothing(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    run = await gates.reached(thread.id)

    with pytest.raises(Busy):
        await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=run.turn_id))
