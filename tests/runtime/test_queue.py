"""What waits can be changed, moved, held and taken back until a turn takes it; nothing is ever dropped silently."""

import asyncio

import pytest

from laneway.domain.command import ClearQueue, CreateThread, PauseQueue, UpdateThread
from laneway.domain.errors import (
    AlreadyTaken,
    IdempotencyConflict,
    LanewayError,
    NotFound,
    QueueFull,
    Stale,
    ThreadArchived,
    UnknownAgent,
)
from laneway.domain.rules import Limits
from laneway.runtime.submit import Idempotency
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner, Posted
from tests.runtime.stage import Gates, running, types


async def paused_with(ada: Owner, *texts: str) -> list[Posted]:
    thread = await ada.thread(agent_id="echo", settings={"paused": True})
    return [await ada.post(thread.id, text) for text in texts]


async def texts(ada: Owner, thread_id: str) -> list[str]:
    return [item.text for item in (await ada.queue(thread_id)).items]


# --- changing --------------------------------------------------------------------------------------------------------


async def test_an_edited_message_runs_as_edited(app: TestApp, ada: Owner):
    (item,) = await paused_with(ada, "helo")

    await ada.edit(item, text="hello")
    await ada.resume(item.thread_id)
    await app.drain()

    assert await ada.said(item.thread_id) == [("user", "hello"), ("assistant", "hello")]


@pytest.mark.parametrize(
    ("position", "order"), [(1, "cab"), (2, "acb"), (3, "abc"), (99, "abc"), (0, "cab"), (-5, "cab")]
)
async def test_a_message_can_be_moved(ada: Owner, position: int, order: str):
    a, _, c = await paused_with(ada, "a", "b", "c")

    await ada.edit(c, position=position)

    assert "".join(await texts(ada, a.thread_id)) == order


async def test_a_held_message_stops_what_is_behind_it_until_it_is_released(app: TestApp, ada: Owner):
    a, b, _ = await paused_with(ada, "a", "b", "c")
    await ada.edit(b, hold=True)
    await ada.resume(a.thread_id)
    await app.drain()
    queue = await ada.queue(a.thread_id)

    await ada.edit(b, hold=False)
    await app.drain()

    assert [(item.text, item.state) for item in queue.items] == [("b", "held"), ("c", "queued")]
    assert (queue.next_batch.item_ids, queue.next_batch.break_reason) == ((), "hold")
    assert [text for role, text in await ada.said(a.thread_id) if role == "assistant"] == ["a", "b + c"]


async def test_a_thread_whose_first_message_is_held_is_idle(app: TestApp, ada: Owner):
    thread = await ada.thread(agent_id="echo")

    held = await ada.post(thread.id, "later", hold=True)
    await app.drain()

    assert held.state == "held"
    assert await ada.status(thread.id) == "idle"


async def test_a_withdrawn_message_never_runs_and_says_who_took_it_back(app: TestApp, ada: Owner):
    a, b = await paused_with(ada, "a", "b")

    await ada.withdraw(a)
    await ada.resume(a.thread_id)
    await app.drain()

    withdrawn = await ada.receipt(a)
    assert (withdrawn.state, withdrawn.turn_id, withdrawn.reason) == ("withdrawn", None, "withdrawn by usr_ada")
    assert (await ada.receipt(b)).state == "consumed"
    assert ("user", "a") not in await ada.said(a.thread_id)


async def test_clearing_withdraws_everything_with_an_event_for_each(app: TestApp, ada: Owner):
    items = await paused_with(ada, "a", "b", "c")
    thread_id = items[0].thread_id

    await ada.do(ClearQueue(**ada.stamp(), thread_id=thread_id, by="usr_ada"))

    assert await texts(ada, thread_id) == []
    assert {(await ada.receipt(item)).state for item in items} == {"withdrawn"}
    assert types(await ada.events(thread_id)).count("queue.item_withdrawn") == 3


async def test_a_stale_version_changes_nothing(ada: Owner):
    (item,) = await paused_with(ada, "a")
    await ada.edit(item, text="b", if_version=1)

    with pytest.raises(Stale):
        await ada.edit(item, text="c", if_version=1)
    with pytest.raises(Stale):
        await ada.withdraw(item, if_version=1)

    assert await texts(ada, item.thread_id) == ["b"]


# --- against the claim -----------------------------------------------------------------------------------------------


async def test_a_taken_message_can_no_longer_be_changed(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread()
    item = await ada.post(thread.id, "go")
    await gates.reached(thread.id)

    with pytest.raises(AlreadyTaken):
        await ada.edit(item, text="too late", if_version=99)
    with pytest.raises(AlreadyTaken):
        await ada.withdraw(item)

    assert [text for _, text in await ada.said(thread.id)] == ["go"]


async def test_every_change_either_came_before_the_claim_or_is_refused(app: TestApp, ada: Owner):
    threads = [await ada.thread(agent_id="echo", settings={"paused": True}) for _ in range(20)]
    items = [await ada.post(thread.id, "before") for thread in threads]

    outcomes = await asyncio.gather(
        *(change for item in items for change in (ada.resume(item.thread_id), refused(ada.edit(item, text="after"))))
    )
    await app.drain()

    for item, was_refused in zip(items, outcomes[1::2], strict=True):
        said = await ada.said(item.thread_id)
        assert (
            said == [("user", "before"), ("assistant", "before")]
            if was_refused
            else said
            == [
                ("user", "after"),
                ("assistant", "after"),
            ]
        )


async def test_a_withdrawn_message_is_in_no_turn_whatever_the_race(app: TestApp, ada: Owner):
    threads = [await ada.thread(agent_id="echo", settings={"paused": True}) for _ in range(20)]
    items = [await ada.post(thread.id, "maybe") for thread in threads]

    outcomes = await asyncio.gather(
        *(change for item in items for change in (ada.resume(item.thread_id), refused(ada.withdraw(item))))
    )
    await app.drain()

    for item, was_refused in zip(items, outcomes[1::2], strict=True):
        receipt = await ada.receipt(item)
        assert (receipt.state, len(await ada.turns(item.thread_id))) == (
            ("consumed", 1) if was_refused else ("withdrawn", 0)
        )


async def refused(change: "asyncio.Future[None] | object") -> bool:
    assert asyncio.iscoroutine(change)
    try:
        await change
    except AlreadyTaken:
        return True
    return False


# --- pausing ---------------------------------------------------------------------------------------------------------


async def test_a_paused_queue_accepts_and_starts_nothing(app: TestApp, ada: Owner):
    thread = await ada.thread(agent_id="echo")
    await ada.do(PauseQueue(**ada.stamp(), thread_id=thread.id))

    await ada.post(thread.id, "wait")
    await app.drain()

    shown = await ada.show(thread.id)
    queue = await ada.queue(thread.id)
    assert (shown.status, shown.status_reason) == ("paused", "paused by the owner")
    assert (queue.paused, len(queue.next_batch.item_ids)) == (True, 1)


async def test_pausing_and_resuming_twice_tells_each_once(ada: Owner):
    thread = await ada.thread(agent_id="echo")

    for _ in range(2):
        await ada.do(PauseQueue(**ada.stamp(), thread_id=thread.id))
    for _ in range(2):
        await ada.resume(thread.id)

    told = types(await ada.events(thread.id))
    assert (told.count("queue.paused"), told.count("queue.resumed")) == (1, 1)


async def test_archiving_keeps_and_pauses_what_waits(app: TestApp, ada: Owner):
    (item,) = await paused_with(ada, "a")
    await ada.resume(item.thread_id)
    await app.drain()
    kept = await ada.post(item.thread_id, "kept", hold=True)

    await ada.do(UpdateThread(**ada.stamp(), thread_id=item.thread_id, changes={"archived": True}))
    with pytest.raises(ThreadArchived):
        await ada.post(item.thread_id, "no")
    archived = await ada.status(item.thread_id)
    await ada.do(UpdateThread(**ada.stamp(), thread_id=item.thread_id, changes={"archived": False}))

    assert archived == "archived"
    assert await ada.status(item.thread_id) == "paused"
    assert (await ada.receipt(kept)).state == "held"


# --- limits and repeats ----------------------------------------------------------------------------------------------


async def test_a_full_queue_refuses_and_drops_nothing():
    async with running(options=TestOptions(limits=Limits(queue_per_thread=3))) as app:
        ada = app.user()
        thread = await ada.thread(settings={"paused": True})
        for text in ("a", "b", "c"):
            await ada.post(thread.id, text)

        for delivery in ("queue", "interrupt", "steer"):
            with pytest.raises(QueueFull) as full:
                await ada.post(thread.id, "d", delivery=delivery)
            assert "queue_per_thread" in full.value.detail
            assert full.value.extra["retry_after_s"]

        assert await texts(ada, thread.id) == ["a", "b", "c"]


async def test_a_user_s_queues_have_a_common_bound_that_is_nobody_else_s():
    async with running(options=TestOptions(limits=Limits(queue_per_user=3))) as app:
        ada, bob = app.user("ada"), app.user("bob")
        for _ in range(3):
            await ada.post((await ada.thread(settings={"paused": True})).id, "waits")
        fourth = await ada.thread(settings={"paused": True})

        with pytest.raises(QueueFull) as full:
            await ada.post(fourth.id, "too many")
        with pytest.raises(QueueFull):
            await ada.thread("too many, too")
        theirs = await bob.post((await bob.thread(settings={"paused": True})).id, "mine")

        assert "queue_per_user" in full.value.detail
        assert theirs.state == "queued"


async def test_a_repeated_request_is_accepted_once_and_gets_the_first_answer(app: TestApp, ada: Owner):
    thread = await ada.thread(settings={"paused": True})
    key = Idempotency("usr_ada POST /messages 1", b'{"message":"once"}')

    first = await ada.post(thread.id, "once", idempotency=key)
    await ada.post(thread.id, "another")
    again = await ada.post(thread.id, "once", idempotency=key)

    assert again == first
    assert await texts(ada, thread.id) == ["once", "another"]


async def test_requests_repeated_at_the_same_moment_are_accepted_once(app: TestApp, ada: Owner):
    thread = await ada.thread(settings={"paused": True})
    key = Idempotency("usr_ada POST /messages 2", b"{}")

    answers = await asyncio.gather(*(ada.post(thread.id, "once", idempotency=key) for _ in range(20)))

    assert len({answer.item_id for answer in answers}) == 1
    assert await texts(ada, thread.id) == ["once"]


async def test_a_key_that_was_used_for_another_body_is_refused(ada: Owner):
    thread = await ada.thread(settings={"paused": True})
    await ada.post(thread.id, "one", idempotency=Idempotency("key", b"1"))

    with pytest.raises(IdempotencyConflict):
        await ada.post(thread.id, "two", idempotency=Idempotency("key", b"2"))

    assert await texts(ada, thread.id) == ["one"]


async def test_a_refused_request_does_not_use_its_key_up(ada: Owner):
    thread = await ada.thread(settings={"paused": True})
    key = Idempotency("key", b"1")
    with pytest.raises(UnknownAgent):
        await ada.post(thread.id, "one", agents=("nobody",), idempotency=key)

    posted = await ada.post(thread.id, "one", idempotency=key)

    assert posted.state == "queued"


async def test_the_first_thread_of_a_user_answers_with_the_offset_of_its_session_s_log(ada: Owner):
    command = CreateThread(**ada.stamp(), user_id="usr_ada", settings={"paused": True}, message=ada.message("hello"))
    key = Idempotency("first", b"1")

    made = await ada.do(command, key)
    again = await ada.do(command, key)

    (session_id,) = {event.session_id for event in await ada.log("user:usr_ada")}
    assert session_id is not None
    assert made.offset == again.offset == len(await ada.log(session_id))
    assert again.replayed


# --- whose -----------------------------------------------------------------------------------------------------------


async def test_nobody_else_can_touch_a_thread_or_its_queue(app: TestApp, ada: Owner):
    (item,) = await paused_with(ada, "mine")
    eve = app.user("eve")

    for attempt in (
        eve.post(item.thread_id, "hers"),
        eve.edit(item, text="hers"),
        eve.withdraw(item),
        eve.resume(item.thread_id),
        eve.cancel(item.thread_id),
    ):
        with pytest.raises(NotFound):
            await attempt

    assert await texts(ada, item.thread_id) == ["mine"]


async def test_a_message_of_another_thread_is_not_found_in_this_one(ada: Owner):
    (mine,) = await paused_with(ada, "mine")
    (other,) = await paused_with(ada, "other")
    misplaced = Posted(mine.item_id, other.thread_id, "queued", 1, None)

    for attempt in (ada.edit(misplaced, text="moved"), ada.withdraw(misplaced)):
        with pytest.raises(LanewayError) as refusal:
            await attempt
        assert isinstance(refusal.value, NotFound)

    assert await texts(ada, mine.thread_id) == ["mine"]
