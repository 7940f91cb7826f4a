"""A call that must happen once asks a person first; the question outlives the process, and is answered once."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.admission import Caps
from laneway.domain.approval import Approval
from laneway.domain.command import DeleteThread, ResolveApproval, UpdateSession
from laneway.domain.errors import AlreadyDecided, ArgumentsChanged, NotFound
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner
from laneway.tool import ToolRejected
from tests.runtime.stage import Gates, Played, ends, running, types

PAY = "effect once paid\nsay done"


async def asked(app: TestApp, ada: Owner, thread_id: str, times: int = 1) -> Approval:
    """Wait until a thread has asked that often; return the last question."""
    await app.until(ada.was_told(thread_id, "turn.waiting", times))
    return (await ada.approvals(thread_id))[-1]


async def test_a_call_that_must_happen_once_asks_in_a_copilot_session(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")

    approval = await asked(app, ada, thread.id)

    shown = await ada.show(thread.id)
    assert (approval.state, approval.tool, approval.arguments) == ("open", "effect.once", {"label": "paid"})
    assert (shown.status, shown.status_reason) == ("waiting", "approval of effect.once")
    assert app.effects == []


async def test_an_autonomous_session_does_not_ask(app: TestApp, ada: Owner):
    session = await ada.session(mode="autonomous")
    thread = await ada.thread(PAY, agent_id="script", session_id=session.id)

    await app.drain()

    assert app.effects == ["paid"]
    assert await ada.approvals(thread.id) == []
    assert ends(await ada.events(thread.id)) == ["turn.completed"]


async def test_a_question_of_the_agent_is_asked_in_every_session(app: TestApp, ada: Owner):
    session = await ada.session(mode="autonomous")
    thread = await ada.thread("ask may I?", agent_id="script", session_id=session.id)

    approval = await asked(app, ada, thread.id)

    assert (approval.tool, approval.arguments) == ("ask", {"text": "may I?"})


async def test_an_approved_call_happens_and_the_turn_goes_on(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)

    await ada.answer(approval, "approve")
    await app.drain()

    told = types(await ada.events(thread.id))
    assert app.effects == ["paid"]
    assert (await ada.said(thread.id))[-1] == ("assistant", "done")
    in_order = ["tool.called", "approval.requested", "turn.waiting", "approval.resolved", "turn.resumed"]
    assert [type_ for type_ in told if type_ in {*in_order, "tool.returned"}] == [*in_order, "tool.returned"]
    assert (await ada.turns(thread.id))[0].attempt == 1


async def test_a_rejected_call_never_happens_and_the_agent_is_told_why():
    heard: list[str] = []

    async def paying(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        try:
            await turn.handle.call("effect.once", {"label": "paid"})
        except ToolRejected as rejected:
            heard.append(str(rejected))
        yield Text("fine")

    async with running(Played("paying", paying)) as app:
        ada = app.user()
        thread = await ada.thread("go")

        await ada.answer(await asked(app, ada, thread.id), "reject", note="too dear")
        await app.drain()

        assert heard == ["rejected by the owner: too dear"]
        assert app.effects == []
        assert ends(await ada.events(thread.id)) == ["turn.completed"]


async def test_a_second_answer_is_refused_whatever_it_says(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)
    await ada.answer(approval, "reject")

    for decision in ("approve", "reject"):
        with pytest.raises(AlreadyDecided):
            await ada.answer(approval, decision)
    await app.drain()

    assert app.effects == []


async def test_an_answer_counts_only_for_the_arguments_that_were_shown(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)

    with pytest.raises(ArgumentsChanged):
        await ada.answer(replace(approval, arguments_hash="of something else"), "approve")

    assert (await ada.approvals(thread.id))[0].state == "open"


async def test_nobody_else_can_answer(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)
    other = await ada.thread()

    with pytest.raises(NotFound):
        await app.user("eve").answer(approval, "approve")
    with pytest.raises(NotFound):
        await ada.do(
            ResolveApproval(
                **ada.stamp(), approval_id=approval.id, thread_id=other.id, decision="approve",
                arguments_hash=approval.arguments_hash,
            )
        )  # fmt: skip

    assert (await ada.approvals(thread.id))[0].state == "open"


async def test_a_turn_that_waits_gives_its_place_to_others():
    gates = Gates()
    async with running(gates.agent, options=TestOptions(caps=Caps(process=1))) as app:
        ada = app.user()
        waiting = await ada.thread(PAY, agent_id="script")
        approval = await asked(app, ada, waiting.id)
        other = await ada.thread("go")
        await gates.reached(other.id)

        await ada.answer(approval, "approve")
        before = app.effects
        gates.let(other.id)
        await app.drain()

        assert before == []
        assert app.effects == ["paid"]


async def test_a_stop_while_it_waits_closes_the_question(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)

    stopped = await ada.cancel(thread.id)
    await app.drain()

    assert stopped["status"] == "cancelled"
    assert [each.state for each in await ada.approvals(thread.id)] == ["expired"]
    assert ends(await ada.events(thread.id)) == ["turn.cancelled"]
    with pytest.raises(AlreadyDecided):
        await ada.answer(approval, "approve")
    assert app.effects == []


async def test_a_deleted_thread_asks_nobody_any_more(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)

    await ada.do(DeleteThread(**ada.stamp(), thread_id=thread.id))
    with pytest.raises(NotFound):
        await ada.answer(approval, "approve")
    await app.drain()

    assert app.effects == []
    assert app.places.running == 0


async def test_the_mode_that_counts_is_that_at_the_start_of_the_turn(app: TestApp, ada: Owner, gates: Gates):
    session = await ada.session()
    thread = await ada.thread(PAY, agent_id="script", session_id=session.id)
    approval = await asked(app, ada, thread.id)

    await ada.do(UpdateSession(**ada.stamp(), session_id=session.id, mode="autonomous"))
    await app.drain()

    assert (await ada.approvals(thread.id)) == [approval]


# --- across processes ------------------------------------------------------------------------------------------------


async def test_an_answer_that_comes_while_nobody_runs_the_turn_is_found_by_the_next_process(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)
    await app.kill()
    following = app.beside("node-2")
    await following.clock.advance(10)
    later = following.user("ada")

    await later.answer(approval, "approve")
    await following.start()
    await following.drain()

    (turn,) = await later.turns(thread.id)
    assert following.effects == ["paid"]
    assert (turn.status, turn.attempt, turn.crashes) == ("completed", 2, 0)
    assert len(await later.approvals(thread.id)) == 1
    await following.stop()


async def test_a_question_stays_open_across_a_death_and_is_not_asked_twice(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)
    await app.kill()
    following = app.beside("node-2")
    await following.clock.advance(10)
    await following.start()
    later = following.user("ada")
    await following.drain()
    still_waiting = await later.status(thread.id)

    await later.answer(approval, "approve")
    await following.until(later.was_told(thread.id, "turn.completed"))

    assert still_waiting == "waiting"
    assert following.effects == ["paid"]
    assert types(await later.events(thread.id)).count("approval.requested") == 1
    await following.stop()


async def test_a_rejection_that_comes_across_a_death_is_told_with_its_note(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)
    await app.kill()
    following = app.beside("node-2")
    await following.clock.advance(10)
    later = following.user("ada")
    await later.answer(approval, "reject", note="too dear")

    await following.start()
    await following.drain()

    calls = [item.call for item in await later.items(thread.id) if item.call]
    assert [(call.state, call.error) for call in calls] == [("rejected", "rejected by the owner: too dear")]
    assert following.effects == []
    await following.stop()


async def test_a_process_that_stops_leaves_the_question_open(app: TestApp, ada: Owner):
    thread = await ada.thread(PAY, agent_id="script")
    approval = await asked(app, ada, thread.id)
    await app.engine.stop(0)
    following = app.beside("node-2")
    await following.start()
    later = following.user("ada")

    await later.answer(approval, "approve")
    await following.until(later.was_told(thread.id, "turn.completed"))

    assert following.effects == ["paid"]
    await following.stop()


async def test_an_agent_that_cannot_wait_across_a_restart_leaves_a_turn_to_review():
    async def paying(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        await turn.handle.call("effect.once", {"label": "paid"})
        yield Text("done")

    async with running(Played("paying", paying, waits_across_restarts=False)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await asked(app, ada, thread.id)
        await app.kill()
        following = app.beside("node-2")
        await following.clock.advance(10)
        await following.start()
        later = following.user("ada")
        await following.until(later.was_told(thread.id, "turn.needs_review"))
        expired = [approval.state for approval in await later.approvals(thread.id)]

        await later.review((await later.turns(thread.id))[0], "retry")
        again = await asked(following, later, thread.id, times=2)
        await later.answer(again, "approve")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert expired == ["expired"]
        assert following.effects == ["paid"]
        await following.stop()
