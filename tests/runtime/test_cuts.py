"""A transcript that is changed while its turn runs, and while processes die."""

import asyncio

import pytest

from laneway.domain.command import DeleteMessage, EditMessage, RegenerateAnswer, RetryTurn
from laneway.domain.errors import NothingToRetry, Superseded
from laneway.domain.item import Item
from laneway.runtime.question import question_of
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, ends, texts_of, types
from tests.runtime.test_crash import succeeded_by


async def edit(ada: Owner, item: Item, text: str) -> None:
    await ada.do(
        EditMessage(
            **ada.stamp(), thread_id=item.thread_id, item_id=item.id, from_seq=item.seq,
            queue_item_id=item.queue_item_id, message=ada.message(text),
        )
    )  # fmt: skip


async def regenerate(app: TestApp, ada: Owner, item: Item) -> None:
    question = await question_of(app.store, ada.principal, item)
    await ada.do(
        RegenerateAnswer(
            **ada.stamp(), thread_id=item.thread_id, item_id=item.id, from_seq=question[-1].seq + 1,
            queue_item_id=question[0].queue_item_id, turn_id=question[0].turn_id,
            question=tuple(each.id for each in question),
        )
    )  # fmt: skip


async def test_what_a_stopped_agent_still_says_comes_too_late(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    (question, *_) = await ada.items(thread.id)

    await edit(ada, question, "second")
    await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await app.drain()

    assert gates.cut == [thread.id]
    assert gates.given(thread.id) == [("first",), ("second",)]
    assert await ada.said(thread.id) == [("user", "second"), ("assistant", "begin second end second")]
    assert ends(await ada.events(thread.id)) == ["turn.cancelled", "turn.completed"]
    assert (await ada.show(thread.id)).message_count == 2


async def test_a_turn_that_waits_for_a_person_is_stopped_too(app: TestApp, ada: Owner):
    thread = await ada.thread("ask may I?", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))

    await regenerate(app, ada, (await ada.items(thread.id))[0])
    await app.until(ada.was_told(thread.id, "turn.waiting", 2))

    assert [approval.state for approval in await ada.approvals(thread.id)] == ["expired", "open"]
    assert [turn.status for turn in await ada.turns(thread.id)] == ["cancelled", "waiting"]


async def test_a_process_that_dies_after_an_edit_loses_nothing_of_it(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    await app.engine.stop(0)
    (question, *_) = await ada.items(thread.id)
    await edit(ada, question, "second")

    following, later = await succeeded_by(app, "node-2")
    run = await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await following.drain()

    assert texts_of(run) == ("second",)
    assert await later.said(thread.id) == [("user", "second"), ("assistant", "begin second end second")]
    await following.stop()


async def test_a_regenerated_turn_is_taken_up_with_its_question(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("one")
    await gates.reached(thread.id)
    gates.let(thread.id)
    await app.drain()
    await regenerate(app, ada, (await ada.items(thread.id))[1])
    again = await gates.reached(thread.id, runs=2)

    following, later = await succeeded_by(app, "node-2")
    resumed = await gates.reached(thread.id, runs=3)
    history = await resumed.handle.history()
    gates.let(thread.id)
    await following.drain()

    assert (resumed.turn_id, resumed.attempt, texts_of(resumed)) == (again.turn_id, 2, ("one",))
    assert history == []
    assert await later.said(thread.id) == [("user", "one"), ("assistant", "begin one end one")]
    assert [len(turn.item_ids) for turn in await later.turns(thread.id)] == [1, 1]
    await following.stop()


async def test_a_turn_whose_question_was_cut_cannot_be_retried(app: TestApp, ada: Owner):
    thread = await ada.thread("fail now", agent_id="script")
    await app.drain()
    (turn,) = await ada.turns(thread.id)
    (question,) = await ada.items(thread.id)
    command = DeleteMessage(**ada.stamp(), thread_id=thread.id, item_id=question.id, from_seq=question.seq, by="ada")

    await ada.do(command)

    with pytest.raises(NothingToRetry):
        await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=turn.id))
    with pytest.raises(Superseded):
        await ada.do(command)


async def test_two_changes_at_once_are_one_after_the_other(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    await gates.reached(thread.id)
    (question, *_) = await ada.items(thread.id)

    outcomes = await asyncio.gather(edit(ada, question, "left"), edit(ada, question, "right"), return_exceptions=True)

    assert [type(each) for each in outcomes] == [type(None), Superseded]
    assert types(await ada.events(thread.id)).count("transcript.cut") == 1
