"""An interrupt cuts the running turn, keeps or discards what it had said, and runs alone before what waits."""

import pytest

from laneway.domain.errors import Busy
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, ends, texts_of, types


async def test_an_interrupt_runs_next_and_alone(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("slow")
    await gates.reached(thread.id)
    await ada.post(thread.id, "waits")

    urgent = await ada.post(thread.id, "urgent", delivery="interrupt")
    run = await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await gates.reached(thread.id, runs=3)
    gates.let(thread.id)
    await app.drain()

    assert urgent.position == 1
    assert texts_of(run) == ("urgent",)
    assert gates.given(thread.id) == [("slow",), ("urgent",), ("waits",)]
    assert ends(await ada.events(thread.id)) == ["turn.interrupted", "turn.completed", "turn.completed"]
    assert "queue.paused" not in types(await ada.events(thread.id))


async def test_what_the_cut_turn_had_said_stays_marked_interrupted(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("slow")
    await gates.reached(thread.id)

    await ada.post(thread.id, "urgent", delivery="interrupt")
    await gates.reached(thread.id, runs=2)

    turn = (await ada.turns(thread.id))[0]
    partial = [item for item in await ada.items(thread.id) if item.turn_id == turn.id and item.role == "assistant"]
    assert turn.status == "interrupted"
    assert [(item.text, item.state) for item in partial] == [("begin slow", "interrupted")]
    assert gates.cut == [thread.id]


async def test_an_interrupt_with_discard_leaves_the_cut_turn_out_of_the_context(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("kept", agent_id="echo")
    await app.drain()
    before = await ada.show(thread.id)
    await ada.post(thread.id, "slow", agents=("gated",))
    await gates.reached(thread.id)

    await ada.post(thread.id, "urgent", delivery="interrupt", discard=True, agents=("gated",))
    run = await gates.reached(thread.id, runs=2)

    cut = (await ada.turns(thread.id))[1]
    assert cut.status == "superseded"
    assert {item.state for item in await ada.items(thread.id) if item.turn_id == cut.id} == {"superseded"}
    assert [item.text for item in await run.handle.history()] == ["kept", "kept"]
    assert (await ada.show(thread.id)).message_count == before.message_count + 1


async def test_an_interrupt_of_a_turn_that_waits_for_an_approval_ends_it_at_once(app: TestApp, ada: Owner):
    thread = await ada.thread("say before\nask may I?", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))

    await ada.post(thread.id, "say urgent", delivery="interrupt")
    await app.drain()

    (approval,) = await ada.approvals(thread.id)
    assert approval.state == "superseded"
    assert ends(await ada.events(thread.id)) == ["turn.interrupted", "turn.completed"]
    assert ("assistant", "before") in await ada.said(thread.id)


async def test_discarding_a_turn_that_waits_leaves_all_of_it_out_of_the_context(app: TestApp, ada: Owner):
    thread = await ada.thread("say before\nask may I?", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))

    await ada.post(thread.id, "say urgent", delivery="interrupt", discard=True)
    await app.drain()

    first, second = await ada.turns(thread.id)
    assert (first.status, second.status) == ("superseded", "completed")
    assert await ada.said(thread.id) == [("user", "say urgent"), ("assistant", "urgent")]
    assert (await ada.show(thread.id)).message_count == 2
    assert [approval.state for approval in await ada.approvals(thread.id)] == ["superseded"]
    assert ends(await ada.events(thread.id)) == ["turn.superseded", "turn.completed"]


async def test_sending_a_waiting_message_now_interrupts(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("slow")
    await gates.reached(thread.id)
    await ada.post(thread.id, "a")
    b = await ada.post(thread.id, "b")

    await ada.edit(b, delivery="interrupt")
    run = await gates.reached(thread.id, runs=2)

    assert texts_of(run) == ("b",)
    assert (await ada.turns(thread.id))[0].status == "interrupted"


async def test_an_interrupt_of_an_idle_thread_just_runs(app: TestApp, ada: Owner):
    thread = await ada.thread(agent_id="echo")

    await ada.post(thread.id, "hello", delivery="interrupt")
    await app.drain()

    assert [turn.status for turn in await ada.turns(thread.id)] == ["completed"]


async def test_a_message_that_will_not_wait_is_refused_when_the_thread_is_busy(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("slow")
    await gates.reached(thread.id)

    with pytest.raises(Busy):
        await ada.post(thread.id, "now or never", delivery="reject")

    assert (await ada.queue(thread.id)).items == ()
    gates.let(thread.id)
    await app.drain()
    await ada.post(thread.id, "now", delivery="reject")
    await gates.reached(thread.id, runs=2)
