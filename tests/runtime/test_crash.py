"""A process dies: its turn is taken up with the same batch, repeats nothing recorded, and asks where in doubt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.errors import NotInReview, Unavailable
from laneway.domain.item import Effect
from laneway.domain.json import Json, JsonObject
from laneway.domain.kinds import NOTE, THREAD
from laneway.domain.principal import SYSTEM
from laneway.domain.turn import ReviewAction
from laneway.store import Ask, Get, Page, Query
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner
from laneway.tool import ToolFailed, ToolScope, ToolSpec
from tests.runtime.stage import Gates, Played, ends, running, texts_of, types

LEASE_S = 6.0


async def succeeded_by(app: TestApp, node: str) -> tuple[TestApp, Owner]:
    """Let a node die, its lease run out, and another take over."""
    await app.kill()
    following = app.beside(node)
    await following.clock.advance(LEASE_S + 1)
    await following.start()
    return following, following.user("ada")


class Crashing:
    """An agent that stands still at the end of its first attempts: a test kills its process there."""

    def __init__(self, act: Callable[[TurnInput], AsyncIterator[AgentEvent]], deaths: int = 1) -> None:
        self.agent = Played("crashing", self._play)
        self.attempts: list[int] = []
        self._act = act
        self._deaths = deaths
        self._stands = asyncio.Event()

    async def stands_still(self) -> None:
        await self._stands.wait()
        self._stands.clear()

    async def _play(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        self.attempts.append(turn.attempt)
        async for event in self._act(turn):
            yield event
        if turn.attempt <= self._deaths:
            self._stands.set()
            await asyncio.Event().wait()
        yield Text("the end")


class Recorder:
    """A tool that acts outside: it remembers its calls, and may stand still in the middle of the first."""

    def __init__(self, effect: Effect, hangs: bool = False) -> None:
        self.spec = ToolSpec("act", "Acts outside.", {"type": "object"}, effect)
        self.calls: list[str] = []
        self.begun = asyncio.Event()
        self._hangs = hangs

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        self.calls.append(scope.call_id)
        if self._hangs and len(self.calls) == 1:
            self.begun.set()
            await asyncio.Event().wait()
        return {"number": len(self.calls)}


async def notes(app: TestApp) -> int:
    page = (await app.store.read(SYSTEM, Query(NOTE))).results[0]
    assert isinstance(page, Page)
    return len(page.records)


# --- taken up again --------------------------------------------------------------------------------------------------


async def test_a_turn_that_did_nothing_yet_is_run_again_with_the_same_batch(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("first")
    run = await gates.reached(thread.id)
    await ada.post(thread.id, "later")

    following, later = await succeeded_by(app, "node-2")
    again = await gates.reached(thread.id, runs=2)
    await later.post(thread.id, "last")
    gates.let(thread.id)
    await gates.reached(thread.id, runs=3)

    turn = (await later.turns(thread.id))[0]
    resumed = next(event for event in await later.events(thread.id) if event.type == "turn.resumed")
    assert (again.turn_id, again.attempt, texts_of(again)) == (run.turn_id, 2, ("first",))
    assert (turn.attempt, turn.crashes, turn.node) == (2, 1, "node-2")
    assert (resumed.data["attempt"], resumed.data["item_ids"]) == (2, list(turn.item_ids))
    assert gates.given(thread.id) == [("first",), ("first",), ("later", "last")]
    await following.stop()


async def test_within_the_lease_nobody_takes_a_turn_of_a_silent_process(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.kill()
    following = app.beside("node-2")
    later = following.user("ada")

    await following.clock.advance(LEASE_S - 0.1)
    await following.start()
    await nothing_more(following)
    held = (await later.turns(thread.id))[0]
    await following.clock.advance(0.2)
    await following.upkeep.sweep()
    await gates.reached(thread.id, runs=2)

    assert (held.node, held.attempt) == ("node-1", 1)
    await following.stop()


async def nothing_more(app: TestApp) -> None:
    """Let whatever was dispatched find that there is nothing to run."""
    while app.places.running:  # noqa: ASYNC110 - a place is given back in the next few turns of the loop
        await asyncio.sleep(0)


async def test_of_two_processes_that_find_it_one_takes_it(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.kill()
    two, three = app.beside("node-2"), app.beside("node-3")
    await app.clock.advance(LEASE_S + 1)

    await asyncio.gather(two.start(), three.start())
    await gates.reached(thread.id, runs=2)
    await asyncio.gather(two.upkeep.sweep(), three.upkeep.sweep())
    gates.let(thread.id)
    await two.drain()
    await three.drain()

    assert len(gates.given(thread.id)) == 2
    assert ends(await two.user("ada").events(thread.id)) == ["turn.completed"]
    await two.stop()
    await three.stop()


async def test_unfinished_text_is_void_and_the_event_says_from_where(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.until(ada.was_told(thread.id, "item.delta"))

    following, later = await succeeded_by(app, "node-2")
    await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await following.until(later.was_told(thread.id, "turn.completed"))

    items = await later.items(thread.id)
    resumed = next(event for event in await later.events(thread.id) if event.type == "turn.resumed")
    assert [(item.text, item.state, item.attempt) for item in items] == [
        ("go", "complete", 1),
        ("begin go", "superseded", 1),
        ("begin go end go", "complete", 2),
    ]
    assert resumed.data["discard_after_seq"] == items[1].seq - 1
    assert (await later.show(thread.id)).message_count == 2
    await following.stop()


async def test_what_was_recorded_is_not_said_and_not_done_again():
    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("I note")
        await turn.handle.call("note.add", {"text": "one"})
        yield Text("and count")
        await turn.handle.call("state.put", {"key": "count", "value": 1})

    crashing = Crashing(act)
    async with running(crashing.agent) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await crashing.stands_still()
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert crashing.attempts == [1, 2]
        assert await notes(following) == 1
        assert [(item.text, item.state) for item in await later.items(thread.id)] == [
            ("go", "complete"),
            ("I note", "complete"),
            ("", "complete"),
            ("and count", "complete"),
            ("", "complete"),
            ("the end", "complete"),
        ]
        returned = [item.call.result for item in await later.items(thread.id) if item.call]
        assert returned[1] == {"key": "count", "value": 1, "version": 1}
        assert types(await later.events(thread.id)).count("tool.called") == 2
        await following.stop()


async def test_an_agent_that_does_something_else_the_second_time_does_it_anew():
    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        await turn.handle.call("note.add", {"text": f"attempt {turn.attempt}"})
        yield Text("noted")

    crashing = Crashing(act)
    async with running(crashing.agent) as app:
        thread = await app.user().thread("go")
        await crashing.stands_still()
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert await notes(following) == 2
        await following.stop()


@pytest.mark.parametrize("effect", ["read", "repeatable"])
async def test_a_call_that_may_be_repeated_and_has_no_result_is_made_again_under_the_same_id(effect: Effect):
    tool = Recorder(effect, hangs=True)

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"{await turn.handle.call('act', {})}")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        thread = await app.user().thread("go")
        await tool.begun.wait()
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert len(tool.calls) == 2
        assert len(set(tool.calls)) == 1
        assert (await later.said(thread.id))[-1] == ("assistant", "{'number': 2}")
        await following.stop()


async def test_a_call_with_a_result_is_not_made_again():
    tool = Recorder("once")

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"{await turn.handle.call('act', {})}")

    crashing = Crashing(act)
    async with running(crashing.agent, options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await crashing.stands_still()
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert len(tool.calls) == 1
        assert (await later.said(thread.id))[-1] == ("assistant", "{'number': 1}the end")
        await following.stop()


async def test_a_steer_that_was_taken_is_given_again_and_never_joins_the_batch():
    given: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = []
    at_gate, let = asyncio.Event(), asyncio.Event()

    async def steered(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("begin")
        at_gate.set()
        await let.wait()
        steers = tuple(message.text for message in await turn.handle.steer())
        given.append((turn.attempt, texts_of(turn), steers))
        if turn.attempt == 1:
            at_gate.set()
            await asyncio.Event().wait()

    async with running(Played("steered", steered, steer=True)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await at_gate.wait()
        at_gate.clear()
        await ada.post(thread.id, "left", delivery="steer")
        let.set()
        await at_gate.wait()
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert given == [(1, ("go",), ("left",)), (2, ("go",), ("left",))]
        assert len(await later.turns(thread.id)) == 1
        await following.stop()


@pytest.mark.parametrize(
    ("times", "ending", "attempts"), [(1, "completed", 2), (9, "completed", 10), (99, "failed", 30)]
)
async def test_a_store_that_went_away_under_an_agent_is_not_the_agents_failure(times: int, ending: str, attempts: int):
    """It fails only when that happens again and again, however long its process lives."""
    is_away = False

    async def look(asks: tuple[Ask, ...]) -> None:
        nonlocal is_away
        if is_away and asks == (Get(THREAD, thread.id),):
            is_away = False
            raise Unavailable("The database could not be reached.")

    async def steered(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        nonlocal is_away
        app.store.before_read, is_away = look, turn.attempt <= times
        await turn.handle.steer()
        yield Text(f"attempt {turn.attempt}")

    async with running(Played("steered", steered, steer=True)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        while [turn.status for turn in await ada.turns(thread.id)] in ([], ["running"]):
            await asyncio.sleep(0)
            if not app.places.running:
                await app.upkeep.sweep()

        (turn,) = await ada.turns(thread.id)
        assert (turn.status, turn.attempt, turn.crashes) == (ending, attempts, 0)
        assert ends(await ada.events(thread.id)) == [f"turn.{ending}"]


# --- doubt -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "calls", "answer"),
    [
        ("retry", 2, "{'number': 2}"),
        ("skip", 1, "failed: skipped by the owner: it may or may not have happened"),
        ("mark_done", 1, "{'marked_done': True}"),
    ],
)
async def test_a_call_that_must_happen_once_and_may_have_is_reviewed(action: ReviewAction, calls: int, answer: str):
    tool = Recorder("once", hangs=True)

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        try:
            yield Text(f"{await turn.handle.call('act', {})}")
        except ToolFailed as failed:
            yield Text(f"failed: {failed}")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await tool.begun.wait()
        await ada.post(thread.id, "waits")
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.needs_review"))
        shown, (turn,) = await later.show(thread.id), await later.turns(thread.id)
        made_before = len(tool.calls)

        await later.review(turn, action)
        await following.drain()

        reviewed = (await later.turns(thread.id))[0]
        assert (shown.status, turn.status, turn.node, made_before) == ("needs_review", "needs_review", None, 1)
        assert shown.status_reason == "a call was started and its result was not recorded"
        assert len(tool.calls) - 1 == calls  # the message that waited made one of its own
        assert ("assistant", answer) in await later.said(thread.id)
        assert (reviewed.status, reviewed.attempt) == ("completed", 2)
        assert ends(await later.events(thread.id)) == ["turn.completed", "turn.completed"]
        with pytest.raises(NotInReview):
            await later.review(turn, action)
        await following.stop()


async def test_a_review_lifts_the_pause_that_its_turn_caused_and_no_other():
    tool = Recorder("once", hangs=True)

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"{await turn.handle.call('act', {})}")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await tool.begun.wait()
        await ada.post(thread.id, "waits")
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.needs_review"))
        caused = await later.queue(thread.id)
        await later.resume(thread.id)
        await later.pause(thread.id)

        await later.review((await later.turns(thread.id))[0], "skip")
        await following.drain()

        assert (caused.paused, caused.reason) == (True, "the turn needs a review")
        assert (await later.show(thread.id)).status_reason == "paused by the owner"
        assert len(await later.turns(thread.id)) == 1
        await following.stop()


async def test_what_was_being_said_when_it_came_to_a_review_is_said_again_whole():
    tool = Recorder("once", hangs=True)

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        calling = asyncio.ensure_future(turn.handle.call("act", {}))
        await asyncio.sleep(0)
        if turn.attempt == 1:
            await tool.begun.wait()
        yield Text("half ")
        for _ in range(20):
            await asyncio.sleep(0)
        await calling
        yield Text("whole")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await app.until(ada.was_told(thread.id, "item.delta"))
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.needs_review"))
        cut_off = await later.said(thread.id)

        await later.review((await later.turns(thread.id))[0], "mark_done")
        await following.until(later.was_told(thread.id, "turn.completed"))

        assert cut_off == [("user", "go"), ("assistant", "half ")]
        assert await later.said(thread.id) == [("user", "go"), ("assistant", "half whole")]
        assert (await later.show(thread.id)).message_count == 2
        await following.stop()


async def test_a_turn_under_review_can_be_stopped():
    tool = Recorder("once", hangs=True)

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"{await turn.handle.call('act', {})}")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await tool.begun.wait()
        following, later = await succeeded_by(app, "node-2")
        await following.until(later.was_told(thread.id, "turn.needs_review"))

        stopped = await later.cancel(thread.id)

        assert stopped["status"] == "cancelled"
        assert await later.status(thread.id) == "idle"
        assert ends(await later.events(thread.id)) == ["turn.cancelled"]
        await following.stop()


# --- again and again -------------------------------------------------------------------------------------------------


async def test_a_turn_that_is_cut_off_too_often_fails_and_the_queue_goes_on(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("fatal")
    await gates.reached(thread.id)
    await ada.post(thread.id, "next", agents=("echo",))

    node, later = app, ada
    for number in (2, 3, 4):
        node, later = await succeeded_by(node, f"node-{number}")
        if number < 4:
            await gates.reached(thread.id, runs=number)
    await node.drain()

    fatal, following = await later.turns(thread.id)
    assert fatal.error is not None
    assert (fatal.status, fatal.error.class_, fatal.attempt) == ("failed", "crashed", 3)
    assert following.status == "completed"
    assert len(gates.given(thread.id)) == 3
    assert ends(await later.events(thread.id)) == ["turn.failed", "turn.completed"]
    await node.stop()


async def test_deaths_while_a_turn_waits_do_not_count(app: TestApp, ada: Owner):
    thread = await ada.thread("ask may I?\nsay thanks", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))

    node, later = app, ada
    for number in range(2, 7):
        node, later = await succeeded_by(node, f"node-{number}")
        await node.drain()
    (approval,) = await later.approvals(thread.id)
    await later.answer(approval, "approve")
    await node.until(later.was_told(thread.id, "turn.completed"))

    (turn,) = await later.turns(thread.id)
    assert (turn.status, turn.crashes) == ("completed", 0)
    await node.stop()


async def test_a_stop_that_came_while_nobody_ran_the_turn_is_not_lost(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.kill()
    following = app.beside("node-2")
    later = following.user("ada")

    await later.cancel(thread.id)
    await following.clock.advance(LEASE_S + 1)
    await following.start()
    await following.drain()

    assert ends(await later.events(thread.id)) == ["turn.cancelled"]
    assert len(gates.given(thread.id)) == 1
    await following.stop()


# --- a process that stops in order -----------------------------------------------------------------------------------


async def test_a_process_that_stops_releases_what_it_runs_and_the_next_takes_it_at_once(
    app: TestApp, ada: Owner, gates: Gates
):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.engine.stop(0)
    released = (await ada.turns(thread.id))[0]

    following = app.beside("node-2")
    await following.start()
    await gates.reached(thread.id, runs=2)
    gates.let(thread.id)
    await following.drain()

    (turn,) = await following.user("ada").turns(thread.id)
    assert (released.status, released.node) == ("running", None)
    assert (turn.status, turn.attempt, turn.crashes) == ("completed", 2, 0)
    await following.stop()


async def test_a_process_that_stops_lets_what_ends_in_time_end(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await ada.post(thread.id, "waits")

    stopping = asyncio.create_task(app.engine.stop(10))
    await asyncio.sleep(0)
    gates.let(thread.id)
    await stopping

    assert [turn.status for turn in await ada.turns(thread.id)] == ["completed"]
    assert (await ada.show(thread.id)).status == "queued"


async def test_stopping_again_and_again_never_fails_a_turn(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go")
    node = app
    for number in range(2, 8):
        await gates.reached(thread.id, runs=number - 1)
        await node.engine.stop(0)
        node = app.beside(f"node-{number}")
        await node.start()

    await gates.reached(thread.id, runs=7)
    gates.let(thread.id)
    await node.drain()

    (turn,) = await ada.turns(thread.id)
    assert (turn.status, turn.attempt, turn.crashes) == ("completed", 7, 0)
    await node.stop()


async def released_when(app: TestApp, ada: Owner, ready: Awaitable[object]) -> None:
    await ready
    await app.engine.stop(0)


async def test_a_call_in_doubt_is_reviewed_after_an_orderly_stop_too():
    tool = Recorder("once", hangs=True)

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"{await turn.handle.call('act', {})}")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await released_when(app, ada, tool.begun.wait())

        following = app.beside("node-2")
        await following.start()
        await following.until(ada.was_told(thread.id, "turn.needs_review"))

        assert len(tool.calls) == 1
        await following.stop()


async def test_a_real_restart_on_a_file_finds_everything(tmp_path_factory: pytest.TempPathFactory):
    gates = Gates()
    async with running(gates.agent, data_dir=tmp_path_factory.mktemp("data")) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await gates.reached(thread.id)
        waiting = await ada.post(thread.id, "waits")

        following, later = await succeeded_by(app, "node-2")
        await gates.reached(thread.id, runs=2)
        gates.let(thread.id)
        await gates.reached(thread.id, runs=3)
        gates.let(thread.id)
        await following.drain()

        assert (await later.receipt(waiting)).state == "consumed"
        assert [turn.status for turn in await later.turns(thread.id)] == ["completed", "completed"]
        await following.stop()
