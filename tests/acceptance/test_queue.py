"""Seed 000: one turn a thread; what is sent meanwhile waits where it can be seen, and runs combined, in order."""

import pytest

import laneway
from laneway import errors
from tests.acceptance.stage import Gates, of, until


async def test_messages_sent_during_a_turn_are_one_batch_in_order_and_stay_separate(lane: laneway.Lane, gates: Gates):
    thread = await lane.create_thread()
    first = await lane.post(thread.id, "first")
    await until(lane, thread.id, of("turn.started"))

    waiting = [await lane.post(thread.id, text) for text in ("a", "b", "c")]
    queue = await lane.queue(thread.id)
    gates.let(thread.id)
    turn = await lane.run(thread.id, "d")

    assert [(item.text, item.position) for item in queue.items] == [("a", 1), ("b", 2), ("c", 3)]
    assert queue.next_batch.item_ids == tuple(each.item_id for each in waiting)
    assert queue.next_batch.break_reason is None
    assert gates.given_to(thread.id)[:2] in ([("first",), ("a", "b", "c")], [("first",), ("a", "b", "c", "d")])
    receipts = [await lane.receipt(each.item_id) for each in (first, *waiting)]
    assert [each.state for each in receipts] == ["consumed"] * 4
    assert len({each.turn_id for each in receipts[1:]}) == 1
    assert turn.status == "completed"


async def test_the_transcript_never_has_a_message_between_the_halves_of_an_answer(lane: laneway.Lane, gates: Gates):
    thread = await lane.create_thread()
    await lane.post(thread.id, "first")
    await until(lane, thread.id, of("turn.started"))
    last = [await lane.post(thread.id, text) for text in ("a", "b")][-1]

    gates.let(thread.id)
    async for _ in lane.follow(last):
        pass

    said = [(item.role, item.text) for item in await lane.messages(thread.id)]
    assert said == [
        ("user", "first"),
        ("assistant", "begin first end first"),
        ("user", "a"),
        ("user", "b"),
        ("assistant", "begin b end b"),
    ]


async def test_a_waiting_message_can_be_changed_moved_held_and_taken_back(lane: laneway.Lane, gates: Gates):
    thread = await lane.create_thread()
    await lane.post(thread.id, "first")
    await until(lane, thread.id, of("turn.started"))
    a, b, c, d = [await lane.post(thread.id, text) for text in ("a", "b", "c", "d")]

    await lane.withdraw(thread.id, a.item_id)
    await lane.edit_queue_item(thread.id, b.item_id, message="B")
    await lane.edit_queue_item(thread.id, d.item_id, position=1)
    await lane.edit_queue_item(thread.id, c.item_id, hold=True)
    queue = await lane.queue(thread.id)
    gates.let(thread.id)
    await until(lane, thread.id, lambda event: event.type == "turn.completed" and len(gates.batches) == 2)

    assert [(item.text, item.state) for item in queue.items] == [("d", "queued"), ("B", "queued"), ("c", "held")]
    assert queue.next_batch.break_reason == "hold"
    assert gates.given_to(thread.id) == [("first",), ("d", "B")]
    assert (await lane.receipt(a.item_id)).state == "withdrawn"
    assert [item.text for item in (await lane.queue(thread.id)).items] == ["c"]


async def test_a_message_is_edited_or_taken_never_both(lane: laneway.Lane, gates: Gates):
    thread = await lane.create_thread()
    posted = await lane.post(thread.id, "first")
    await until(lane, thread.id, of("turn.started"))

    with pytest.raises(errors.AlreadyTaken):
        await lane.edit_queue_item(thread.id, posted.item_id, message="too late")
    with pytest.raises(errors.AlreadyTaken):
        await lane.withdraw(thread.id, posted.item_id)

    gates.let(thread.id)
    await until(lane, thread.id, of("turn.completed"))
    assert gates.given_to(thread.id) == [("first",)]


async def test_stop_keeps_what_was_said_and_pauses_what_waits(lane: laneway.Lane, gates: Gates):
    thread = await lane.create_thread()
    await lane.post(thread.id, "first")
    await until(lane, thread.id, of("item.delta"))
    await lane.post(thread.id, "second")

    cancelled = await lane.cancel(thread.id)
    await until(lane, thread.id, of("turn.cancelled"))
    queue = await lane.queue(thread.id)
    gates.let(thread.id)
    await lane.resume(thread.id)
    await until(lane, thread.id, of("turn.completed"))

    turn = await lane.answered(cancelled.turn_id or "")
    assert turn.status == "cancelled"
    assert [(item.text, item.state) for item in turn.items] == [("first", "complete"), ("begin first", "interrupted")]
    assert queue.paused
    assert queue.reason
    assert gates.given_to(thread.id) == [("first",), ("second",)]


async def test_each_thread_runs_one_turn_while_many_threads_run(lane: laneway.Lane, gates: Gates):
    sessions = [await lane.create_session(f"session {number}") for number in range(3)]
    threads = [await lane.create_thread(session_id=session.id) for session in sessions for _ in range(4)]

    for thread in threads:
        await lane.post(thread.id, "one")
        await lane.post(thread.id, "two")
    for thread in threads:
        await until(lane, thread.id, of("item.delta"))

    # All of them are at their gates at once, each with one turn.
    assert sorted(thread for thread, _ in gates.batches) == sorted(thread.id for thread in threads)
    for thread in threads:
        gates.let(thread.id)
        turns = [
            (await lane.run(thread.id, "three")).number,
            *(turn.number for turn in await lane.list_turns(thread.id)),
        ]
        assert sorted({*turns}) == list(range(1, max(turns) + 1))
        assert [text for batch in gates.given_to(thread.id) for text in batch] == ["one", "two", "three"]
