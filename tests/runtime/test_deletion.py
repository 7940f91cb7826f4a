"""Deleting what runs: the turn is cancelled, and from then on nothing of the thread is written or shown."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.command import CreateTimer, DeleteSession, DeleteThread
from laneway.domain.errors import LanewayError, NotFound
from laneway.domain.kinds import IDEMPOTENCY, ITEM, QUEUE_ITEM, THREAD, TURN
from laneway.domain.principal import SYSTEM
from laneway.runtime.submit import Idempotency
from laneway.store import Get, Page, Query
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, Played, running, types


async def delete(ada: Owner, thread_id: str) -> None:
    await ada.do(DeleteThread(**ada.stamp(), thread_id=thread_id))


async def at_rest(app: TestApp) -> None:
    await app.drain()
    while app.places.running:  # noqa: ASYNC110 - a place is given back in the next few turns of the loop
        await asyncio.sleep(0)


async def test_deleting_a_running_thread_stops_its_agent_and_says_so_last(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)

    await delete(ada, thread.id)
    await at_rest(app)

    told = [event for event in await ada.log(thread.session_id) if event.thread_id == thread.id]
    assert gates.cut == [thread.id]
    assert types(told)[-1] == "thread.deleted"
    assert await ada.find(THREAD, thread.id) is None


async def test_an_agent_of_a_deleted_thread_can_do_nothing_more():
    refusals: list[str] = []

    async def stubborn(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("begin")
        try:
            await asyncio.Event().wait()
        finally:
            for name, arguments in (("note.add", {"text": "x"}), ("state.put", {"key": "x", "value": 1})):
                try:
                    await turn.handle.call(name, arguments)
                except LanewayError as refusal:
                    refusals.append(refusal.code)

    async with running(Played("stubborn", stubborn)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.until(ada.was_told(thread.id, "item.delta"))
        await delete(ada, thread.id)
        before = await ada.log(thread.session_id)

        await at_rest(app)

        assert len(refusals) == 2
        assert set(refusals) <= {"not_found", "stale_fence"}
        assert await ada.log(thread.session_id) == before


async def test_a_deleted_thread_takes_nothing_and_is_deleted_once(app: TestApp, ada: Owner):
    thread = await ada.thread("hello", agent_id="echo")
    await app.drain()
    await delete(ada, thread.id)

    for attempt in (ada.post(thread.id, "more"), ada.cancel(thread.id), ada.resume(thread.id), delete(ada, thread.id)):
        with pytest.raises(NotFound):
            await attempt


async def test_no_record_and_no_kept_answer_of_a_deleted_thread_is_left(app: TestApp, ada: Owner, gates: Gates):
    kept = await ada.thread("kept", agent_id="echo")
    thread = await ada.thread("go")
    await ada.post(thread.id, "waits", idempotency=Idempotency("one", b"1"))
    await gates.reached(thread.id)
    await delete(ada, thread.id)
    await at_rest(app)

    await app.upkeep.tidy()

    for kind in (THREAD, TURN, ITEM, QUEUE_ITEM):
        page = (await app.store.read(SYSTEM, Query(kind, limit=100))).results[0]
        assert isinstance(page, Page)
        assert {getattr(record, "thread_id", record.id) for record in page.records} == {kept.id}
    reply = (await app.store.read(SYSTEM, Get(IDEMPOTENCY, Idempotency("one", b"1").record_id))).results[0]
    assert reply is None


async def test_deleting_a_session_stops_all_that_runs_in_it_and_nothing_else(app: TestApp, ada: Owner, gates: Gates):
    doomed, spared = await ada.session(), await ada.session()
    running_there = [await ada.thread("go", session_id=doomed.id) for _ in range(3)]
    waiting = await ada.thread("ask may I?", session_id=doomed.id, agent_id="script")
    here = await ada.thread("go", session_id=spared.id)
    for thread in (*running_there, here):
        await gates.reached(thread.id)
    await app.until(ada.was_told(waiting.id, "turn.waiting"))
    command = CreateTimer(**ada.stamp(), session_id=doomed.id, text="wake", next_at="2026-01-01T00:01:00.000000Z")
    await ada.do(command)

    await ada.do(DeleteSession(**ada.stamp(), session_id=doomed.id))
    gates.let(here.id)
    await at_rest(app)
    await app.advance(120)
    fired = await app.timers.fire_due()
    await app.upkeep.tidy()

    assert sorted(gates.cut) == sorted(thread.id for thread in running_there)
    assert [turn.status for turn in await ada.turns(here.id)] == ["completed"]
    assert [await ada.find(THREAD, thread.id) for thread in (*running_there, waiting)] == [None] * 4
    assert fired is None
    home = await ada.log("user:usr_ada")
    assert types(home).count("session.deleted") == 1


async def test_the_default_session_is_made_anew_after_it_was_deleted(app: TestApp, ada: Owner):
    first = await ada.thread()
    await ada.do(DeleteSession(**ada.stamp(), session_id=first.session_id))

    second = await ada.thread("hello", agent_id="echo")
    await app.drain()

    assert second.session_id != first.session_id
    assert await ada.said(second.id) == [("user", "hello"), ("assistant", "hello")]
