"""Hints may be lost: the sweep finds whatever is ready, whoever left it there, however much there is."""

import asyncio
from collections.abc import AsyncIterator

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.admission import Caps
from laneway.engine import ReadyThread
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, Played, echo, ends, running

LEASE_S = 6.0


def lose(ready: ReadyThread) -> None:
    """A hint that goes nowhere."""


async def test_a_lost_hint_of_a_queued_thread_is_made_good(app: TestApp, ada: Owner):
    app.runtime.dispatch_to(lose)
    thread = await ada.thread("hello", agent_id="echo")
    assert await ada.status(thread.id) == "queued"

    await app.upkeep.sweep()
    await app.drain()

    assert ends(await ada.events(thread.id)) == ["turn.completed"]


async def test_a_lost_ring_of_a_cancel_is_made_good(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    app.runner.close()  # it hears no ring any more

    await ada.cancel(thread.id)
    await app.upkeep.sweep()
    await app.drain()

    assert ends(await ada.events(thread.id)) == ["turn.cancelled"]


async def test_a_lost_ring_of_an_answer_is_made_good(app: TestApp, ada: Owner):
    thread = await ada.thread("ask may I?\nsay yes", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))
    app.answers.close()

    await ada.answer((await ada.approvals(thread.id))[0], "approve")
    await app.upkeep.sweep()
    await app.until(ada.was_told(thread.id, "turn.completed"))


async def test_more_ready_threads_than_a_sweep_reads_all_run():
    options = TestOptions(caps=Caps(process=8))
    async with running(Played("echo", echo), options=options) as app:
        ada = app.user()
        app.runtime.dispatch_to(lose)
        threads = [await ada.thread(f"number {number}") for number in range(450)]

        for _ in range(3):
            await app.upkeep.sweep()
        await app.drain()

        assert {ends(await ada.events(thread.id))[0] for thread in threads} == {"turn.completed"}


async def test_many_turns_that_wait_never_hide_one_that_was_left(app: TestApp, gates: Gates):
    ada = app.user("ada")
    waiting = [await ada.thread("ask may I?", agent_id="script") for _ in range(210)]
    for thread in waiting:
        await app.until(ada.was_told(thread.id, "turn.waiting"))
    left = [await ada.thread("go") for _ in range(3)]
    for thread in left:
        await gates.reached(thread.id)
    await app.kill()
    following = app.beside("node-2")
    later = following.user("ada")

    await following.start()
    await following.clock.advance(LEASE_S + 1)
    await following.beat()
    for _ in range(2):
        await following.upkeep.sweep()
    for thread in left:
        await gates.reached(thread.id, runs=2)
        gates.let(thread.id)
    for thread in left:
        await following.until(later.was_told(thread.id, "turn.completed"))
    await following.stop()


async def test_a_question_that_nobody_can_go_on_with_is_reviewed_even_if_the_next_process_came_within_the_lease():
    async def asking(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("yes" if await turn.handle.ask("may I?") else "no")

    async with running(Played("asking", asking, waits_across_restarts=False)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.until(ada.was_told(thread.id, "turn.waiting"))
        await app.kill()
        following = app.beside("node-2")
        await following.start()
        later = following.user("ada")

        await following.clock.advance(LEASE_S + 1)
        await following.beat()
        await following.upkeep.sweep()
        await following.until(later.was_told(thread.id, "turn.needs_review"))

        assert [approval.state for approval in await later.approvals(thread.id)] == ["expired"]
        await following.stop()


async def test_turns_that_only_wait_cost_a_sweep_no_commit(app: TestApp, ada: Owner):
    threads = [await ada.thread("ask may I?", agent_id="script") for _ in range(5)]
    for thread in threads:
        await app.until(ada.was_told(thread.id, "turn.waiting"))
    await app.kill()
    following = app.beside("node-2")
    await following.clock.advance(LEASE_S + 1)
    await following.start()
    for _ in range(2):
        await following.upkeep.sweep()
        await following.drain()
    before = len(following.store.commits)

    for _ in range(3):
        await following.upkeep.sweep()
        await following.drain()

    assert len(following.store.commits) == before
    await following.stop()


async def test_a_sweep_leaves_alone_what_another_live_process_runs(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    other = app.beside("node-2")
    await other.start()

    for _ in range(3):
        await app.advance(LEASE_S - 1)
        await other.beat()
        await other.upkeep.sweep()
        await app.upkeep.sweep()
    gates.let(thread.id)
    await app.drain()

    assert len(gates.given(thread.id)) == 1
    assert (await ada.turns(thread.id))[0].node == "node-1"
    await other.stop()


async def test_a_process_whose_heartbeat_has_just_begun_may_not_say_that_another_is_dead(
    app: TestApp, ada: Owner, gates: Gates
):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.clock.advance(LEASE_S + 1)  # as after a pause of everything: nobody's heartbeat came through
    other = app.beside("node-2")
    other.beats_since = app.clock.now()
    await other.start()
    while other.places.running:  # noqa: ASYNC110 - the claim is refused within a few turns of the loop
        await asyncio.sleep(0)
    early = (await ada.turns(thread.id))[0].attempt

    await app.clock.advance(LEASE_S)
    await other.beat()
    await other.upkeep.sweep()
    await gates.reached(thread.id, runs=2)

    assert (early, (await ada.turns(thread.id))[0].attempt) == (1, 2)
    await other.stop()
