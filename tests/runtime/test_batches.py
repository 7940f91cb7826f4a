"""What waits runs as one turn, in order, as separate messages; and where a batch ends before the queue does."""

import pytest

from laneway.domain.command import UpdateThread
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates


async def test_messages_that_arrive_during_a_turn_are_the_next_batch_in_order(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    posted = [await ada.post(thread.id, text) for text in ("a", "b", "c")]

    gates.let(thread.id)
    run = await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await app.drain()

    assert [item.position for item in posted] == [1, 2, 3]
    assert [message.id for message in run.batch] == [item.item_id for item in posted]
    assert gates.given(thread.id) == [("first",), ("a", "b", "c")]
    assert await ada.said(thread.id) == [
        ("user", "first"),
        ("assistant", "begin first end first"),
        ("user", "a"),
        ("user", "b"),
        ("user", "c"),
        ("assistant", "begin c end c"),
    ]


async def test_each_message_keeps_its_id_sender_and_time(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    one = await ada.post(thread.id, "one")
    await app.advance(5)
    two = await ada.post(thread.id, "two")

    gates.let(thread.id)
    run = await gates.reached(thread.id, runs=2)

    assert [(each.id, each.sender, each.text) for each in run.batch] == [
        (one.item_id, "usr_ada", "one"),
        (two.item_id, "usr_ada", "two"),
    ]
    assert run.batch[1].at > run.batch[0].at
    receipts = [await ada.receipt(item) for item in (one, two)]
    assert [(each.state, each.turn_id) for each in receipts] == [("consumed", run.turn_id)] * 2


async def test_a_message_after_the_claim_is_not_in_the_batch(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    run = await gates.reached(thread.id)
    late = await ada.post(thread.id, "late")

    gates.let(thread.id)
    await gates.reached(thread.id, runs=2)

    assert [each.text for each in run.batch] == ["first"]
    assert (await ada.receipt(late)).turn_id != run.turn_id


async def test_the_queue_tells_before_what_the_next_turn_will_take(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    a = await ada.post(thread.id, "a")
    b = await ada.post(thread.id, "b")
    await ada.post(thread.id, "c", sender="bot")

    queue = await ada.queue(thread.id)
    gates.let(thread.id)
    run = await gates.reached(thread.id, runs=2)

    assert queue.next_batch.item_ids == (a.item_id, b.item_id) == tuple(each.id for each in run.batch)
    assert queue.next_batch.break_reason == "sender"


async def test_a_change_of_agent_starts_another_turn(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    for text, agents in (("a", ()), ("b", ()), ("c", ("echo",)), ("d", ("echo",)), ("e", ())):
        await ada.post(thread.id, text, agents=agents)

    gates.let(thread.id)
    await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await gates.reached(thread.id, runs=3)
    gates.let(thread.id)
    await app.drain()

    turns = await ada.turns(thread.id)
    assert [(turn.runs[0].agent, len(turn.item_ids)) for turn in turns] == [
        ("gated", 1),
        ("gated", 2),
        ("echo", 2),
        ("gated", 1),
    ]


async def test_one_at_a_time_takes_one_message_a_turn(app: TestApp, ada: Owner):
    thread = await ada.thread(agent_id="echo", settings={"queue_mode": "one_at_a_time", "paused": True})
    for text in ("a", "b", "c"):
        await ada.post(thread.id, text)
    assert (await ada.queue(thread.id)).next_batch.break_reason == "one_at_a_time"

    await ada.resume(thread.id)
    await app.drain()

    assert [answer for role, answer in await ada.said(thread.id) if role == "assistant"] == ["a", "b", "c"]
    assert [turn.number for turn in await ada.turns(thread.id)] == [1, 2, 3]


async def test_the_mode_that_counts_is_that_of_the_claim(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    for text in ("a", "b"):
        await ada.post(thread.id, text)

    await ada.do(
        UpdateThread(**ada.stamp(), thread_id=thread.id, changes={"settings": {"queue_mode": "one_at_a_time"}})
    )
    gates.let(thread.id)
    await gates.reached(thread.id, runs=2)

    assert gates.given(thread.id) == [("first",), ("a",)]


@pytest.mark.parametrize("text", ["one line", "two\nlines", " ", "\u2028", "ünïcödé 🦆"])
async def test_any_text_reaches_the_agent_as_it_was_sent(app: TestApp, ada: Owner, text: str):
    thread = await ada.thread(agent_id="echo")

    await ada.post(thread.id, text)
    await app.drain()

    said = await ada.said(thread.id)
    assert said[0] == ("user", text)
    assert [answer for role, answer in said if role == "assistant"] == [text]
