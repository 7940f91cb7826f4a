"""Children: threads that a turn spawns, waits for or leaves to themselves, and what a death or a stop makes of them."""

import asyncio
from collections.abc import AsyncIterator

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.admission import Caps
from laneway.domain.command import DeleteThread, UpdateThread
from laneway.domain.json import as_object
from laneway.domain.kinds import ITEM, THREAD
from laneway.domain.principal import SYSTEM
from laneway.domain.rules import Limits
from laneway.domain.thread import Thread
from laneway.store import Page, Query, Where
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner
from laneway.tool import ToolFailed
from tests.runtime.stage import Gates, Played, running, texts_of
from tests.runtime.test_crash import succeeded_by


async def children(app: TestApp, parent_id: str) -> list[Thread]:
    query = Query(THREAD, (Where("parent_thread_id", "=", parent_id),), order=(("created_at", "asc"),), limit=100)
    page = (await app.store.read(SYSTEM, query)).results[0]
    assert isinstance(page, Page)
    return [record for record in page.records if isinstance(record, Thread)]


async def child_of(app: TestApp, parent_id: str) -> Thread:
    async def look() -> list[Thread]:
        return await children(app, parent_id)

    return (await app.until(look))[0]


async def results(ada: Owner, thread_id: str) -> list[object]:
    calls = [item.call for item in await ada.items(thread_id) if item.call]
    return [call.error or as_object(call.result) for call in calls]


def spawning(text: str, **more: object) -> Played:
    """An agent that spawns a child of the agent `gated` and says what it heard."""

    async def play(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        try:
            result = as_object(await turn.handle.call("spawn", {"text": text, "agent": "gated", **more})) or {}
            yield Text(f"heard {result.get('answer')}")
        except ToolFailed as failed:
            yield Text(f"failed {failed}")

    return Played("parent", play)


async def test_a_child_answers_its_parent_even_when_there_is_one_slot_only():
    async with running(options=TestOptions(caps=Caps(process=1))) as app:
        ada = app.user()
        parent = await ada.thread("spawn say canary\nsay done", agent_id="script")
        await app.until(ada.was_told(parent.id, "turn.completed"))

        (child,) = await children(app, parent.id)
        (result,) = await results(ada, parent.id)
        assert (child.kind, child.session_id, child.parent_thread_id) == ("task", parent.session_id, parent.id)
        assert await ada.said(child.id) == [("user", "say canary"), ("assistant", "canary")]
        assert result == {"thread_id": child.id, "answer": "canary"}
        assert await ada.said(parent.id) == [("user", "spawn say canary\nsay done"), ("assistant", "done")]
        (turn,) = await ada.turns(child.id)
        assert turn.runs[0].lane.workflow == "task"


async def test_a_parent_waits_and_a_child_sees_nothing_of_it(gates: Gates):
    async with running(spawning("work"), gates.agent) as app:
        ada = app.user()
        parent = await ada.thread("canary of the parent", agent_id="parent")
        child = await child_of(app, parent.id)
        run = await gates.reached(child.id)

        assert await ada.status(parent.id) == "waiting"
        assert (texts_of(run), await run.handle.history()) == (("work",), [])
        gates.let(child.id)
        await app.until(ada.was_told(parent.id, "turn.completed"))
        assert (await ada.said(parent.id))[-1] == ("assistant", "heard begin work end work")


async def test_a_child_that_fails_is_a_failed_call(app: TestApp, ada: Owner):
    parent = await ada.thread("spawn fail badly", agent_id="script")
    await app.until(ada.was_told(parent.id, "turn.completed"))

    (failure,) = await results(ada, parent.id)
    assert failure == "The child was failed: badly"


async def test_a_detached_child_reports_as_a_message_of_its_own(gates: Gates):
    async with running(spawning("work", wait=False), gates.agent) as app:
        ada = app.user()
        parent = await ada.thread("go", agent_id="parent")
        await app.until(ada.was_told(parent.id, "turn.completed"))
        child = await child_of(app, parent.id)
        await ada.pause(parent.id)
        await gates.reached(child.id)
        gates.let(child.id)
        await app.until(ada.was_told(parent.id, "queue.item_added", 2))

        (waiting,) = (await ada.queue(parent.id)).items
        assert (waiting.sender, waiting.text) == (child.id, "begin work end work")


async def test_a_child_that_was_left_to_itself_by_an_archived_parent_keeps_its_answer_and_says_so(gates: Gates):
    async with running(spawning("work", wait=False), gates.agent) as app:
        ada = app.user()
        parent = await ada.thread("go", agent_id="parent")
        await app.until(ada.was_told(parent.id, "turn.completed"))
        child = await child_of(app, parent.id)
        await gates.reached(child.id)
        await ada.do(UpdateThread(**ada.stamp(), thread_id=parent.id, changes={"archived": True}))
        gates.let(child.id)
        await app.until(ada.was_told(child.id, "delivery.decided"))

        (decided,) = [event for event in await ada.events(child.id) if event.type == "delivery.decided"]
        assert (decided.data["reason"], decided.data["parent_thread_id"]) == ("parent-archived", None)
        assert (await ada.queue(parent.id)).items == ()


async def test_depth_and_number_of_children_are_bounded():
    async def greedy(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        try:
            for _ in range(3):
                await turn.handle.call("spawn", {"text": "go", "agent": "greedy"})
        except ToolFailed as failed:
            yield Text(str(failed))

    limits = Limits(child_depth=2, children_per_turn=2)
    async with running(Played("greedy", greedy), options=TestOptions(limits=limits)) as app:
        ada = app.user()
        parent = await ada.thread("go")
        await app.until(ada.was_told(parent.id, "turn.completed"))

        first = await children(app, parent.id)
        second = [each for child in first for each in await children(app, child.id)]
        assert (len(first), len(second)) == (2, 4)
        assert not [deeper for each in second for deeper in await children(app, each.id)]
        assert "children_per_turn" in (await ada.said(parent.id))[-1][1]


async def test_a_stop_of_the_parent_reaches_its_children_and_theirs(app: TestApp, ada: Owner):
    parent = await ada.thread("spawn spawn sleep 1000", agent_id="script")
    child = await child_of(app, parent.id)
    grandchild = await child_of(app, child.id)
    await app.until(ada.was_told(grandchild.id, "turn.started"))

    await ada.cancel(parent.id)
    for thread in (parent, child, grandchild):
        await app.until(ada.was_told(thread.id, "turn.cancelled"))
    await app.drain()

    assert [await ada.status(thread.id) for thread in (parent, child, grandchild)] == ["idle"] * 3


async def test_a_crash_resumes_both_and_makes_no_second_child(gates: Gates):
    async with running(spawning("work"), gates.agent) as app:
        ada = app.user()
        parent = await ada.thread("go", agent_id="parent")
        child = await child_of(app, parent.id)
        await gates.reached(child.id)

        following, later = await succeeded_by(app, "node-2")
        await gates.reached(child.id, runs=2)
        gates.let(child.id)
        await following.until(later.was_told(parent.id, "turn.completed"))

        assert len(await children(following, parent.id)) == 1
        assert (await later.said(parent.id))[-1] == ("assistant", "heard begin work end work")
        assert [turn.attempt for turn in await later.turns(child.id)] == [2]
        await following.stop()


async def test_a_child_that_ends_while_the_parent_is_nowhere_is_heard_later(gates: Gates):
    async with running(spawning("work"), gates.agent) as app:
        ada = app.user()
        parent = await ada.thread("go", agent_id="parent")
        child = await child_of(app, parent.id)
        await gates.reached(child.id)
        await app.engine.stop(0)
        released = (await ada.turns(parent.id))[0]

        following = app.beside("node-2")
        later = following.user("ada")
        await following.start()
        await gates.reached(child.id, runs=2)
        gates.let(child.id)
        await following.until(later.was_told(parent.id, "turn.completed"))

        assert (released.status, released.node) == ("waiting", None)
        assert (await later.said(parent.id))[-1] == ("assistant", "heard begin work end work")
        assert len(await children(following, parent.id)) == 1
        await following.stop()


async def test_deleting_the_parent_deletes_its_children_and_no_other(app: TestApp, ada: Owner, gates: Gates):
    parent = await ada.thread("spawn spawn sleep 1000", agent_id="script")
    other = await ada.thread("spawn say kept", agent_id="script", session_id=parent.session_id)
    child = await child_of(app, parent.id)
    grandchild = await child_of(app, child.id)
    await app.until(ada.was_told(grandchild.id, "turn.started"))
    await app.until(ada.was_told(other.id, "turn.completed"))

    await ada.do(DeleteThread(**ada.stamp(), thread_id=parent.id))
    gone = [await ada.find(THREAD, thread.id) for thread in (parent, child, grandchild)]
    await app.drain()
    await app.upkeep.tidy()

    assert gone == [None, None, None]
    kept = {other.id, (await child_of(app, other.id)).id}
    page = (await app.store.read(SYSTEM, Query(ITEM, limit=100))).results[0]
    assert isinstance(page, Page)
    assert {getattr(item, "thread_id", None) for item in page.records} == kept


async def test_deleting_a_child_is_a_failed_call_of_its_parent(gates: Gates):
    async with running(spawning("work"), gates.agent) as app:
        ada = app.user()
        parent = await ada.thread("go", agent_id="parent")
        child = await child_of(app, parent.id)
        await gates.reached(child.id)

        await ada.do(DeleteThread(**ada.stamp(), thread_id=child.id))
        await app.until(ada.was_told(parent.id, "turn.completed"))
        await app.drain()

        assert (await ada.said(parent.id))[-1] == ("assistant", "failed The child was deleted.")
        assert gates.cut == [child.id]


async def test_children_side_by_side_are_each_heard():
    async def many(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        calls = [turn.handle.call("spawn", {"text": f"say {n}", "agent": "script"}) for n in range(3)]
        heard = [as_object(each) or {} for each in await asyncio.gather(*calls)]
        yield Text(" ".join(str(each["answer"]) for each in heard))

    async with running(Played("many", many)) as app:
        ada = app.user()
        parent = await ada.thread("go")
        await app.until(ada.was_told(parent.id, "turn.completed"))

        assert (await ada.said(parent.id))[-1] == ("assistant", "0 1 2")
