"""A process that froze and woke up: another attempt runs its turn, and nothing that it still does is recorded."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from laneway.agent import AgentEvent, Reasoning, ResumePoint, Text, TurnInput
from laneway.domain.command import RetryTurn
from laneway.domain.errors import LanewayError, StaleFence
from laneway.domain.item import Effect
from laneway.domain.json import Json, JsonObject
from laneway.domain.kinds import ENTRY, LANE, NOTE, TIMER
from laneway.domain.principal import SYSTEM
from laneway.domain.step import EndTurn, ReleaseTurn
from laneway.runtime.journal import Journal
from laneway.runtime.turn_record import TurnRecord
from laneway.store import Page, Query
from laneway.testing.app import TestApp, TestOptions
from laneway.tool import ToolScope, ToolSpec
from tests.runtime.stage import Gates, Played, ends, running

LEASE_S = 6.0


class Frozen:
    """An agent whose first attempt stands still until the test lets it go on, then does one more thing."""

    def __init__(self, what: str) -> None:
        self.agent = Played("frozen", self._play, steer=True)
        self.asleep, self.wakes, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.refusals: list[type[LanewayError]] = []
        self._what = what

    async def _play(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"attempt {turn.attempt} ")
        if turn.attempt > 1:
            self.done.set()
            await asyncio.Event().wait()
        self.asleep.set()
        await self.wakes.wait()
        try:
            async for event in self._act(turn):
                yield event
                # Whatever was said has to be on its way before it can be refused.
                for _ in range(50):
                    await asyncio.sleep(0)
                yield Text("more")
        except LanewayError as refused:
            self.refusals.append(type(refused))
            raise

    async def _act(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        calls: Mapping[str, tuple[str, JsonObject]] = {
            "a note": ("note.add", {"text": "stale"}),
            "the session's state": ("state.put", {"key": "stale", "value": 1}),
            "a timer": ("timer.create", {"text": "stale", "every": 60}),
            "a tool that acts outside": ("act", {}),
            "a question": ("ask", {"text": "stale?"}),
        }
        match self._what:
            case "text":
                yield Text("stale")
            case "reasoning":
                yield Reasoning("stale")
            case "a resume point":
                yield ResumePoint("stale")
                await turn.handle.call("note.add", {"text": "stale"})
            case "a steer":
                await turn.handle.steer()
            case what:
                await turn.handle.call(*calls[what])


class Counting:
    """A tool that acts outside, and counts."""

    def __init__(self, effect: Effect = "repeatable") -> None:
        self.spec = ToolSpec("act", "Acts outside.", {"type": "object"}, effect)
        self.calls = 0

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        self.calls += 1
        return None


class Standing:
    """A tool that must happen once, and stands still in the middle."""

    def __init__(self) -> None:
        self.spec = ToolSpec("act", "Acts outside.", {"type": "object"}, "once")
        self.begun, self.returns = asyncio.Event(), asyncio.Event()

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        self.begun.set()
        await self.returns.wait()
        return "late"


async def rows(app: TestApp) -> int:
    """How many records there are of all that a turn can leave behind."""
    snapshot = await app.store.read(SYSTEM, *(Query(kind) for kind in (NOTE, ENTRY, TIMER, LANE)))
    return sum(len(page.records) for page in snapshot.results if isinstance(page, Page))


@pytest.mark.parametrize(
    "what",
    [
        "text", "reasoning", "a note", "the session's state", "a timer", "a tool that acts outside", "a question",
        "a resume point", "a steer",
    ],
)  # fmt: skip
async def test_nothing_that_a_stale_attempt_does_is_recorded(what: str):
    frozen, tool = Frozen(what), Counting()
    async with running(frozen.agent, options=TestOptions(tools=[tool], flush_s=0)) as app:
        ada = app.user()
        thread = await ada.thread("go", settings={"resume": True})
        await frozen.asleep.wait()
        await app.until(ada.was_told(thread.id, "item.delta"))
        await app.clock.advance(LEASE_S + 1)  # the node shows no heartbeat, and is not dead
        other = app.beside("node-2")
        await other.start()
        await frozen.done.wait()
        await app.until(ada.was_told(thread.id, "item.delta", times=2))
        if what == "a steer":
            await ada.post(thread.id, "stale", delivery="steer")
        events, items, kept = await ada.events(thread.id), await ada.items(thread.id), await rows(app)

        frozen.wakes.set()
        while app.places.running:  # noqa: ASYNC110 - the stale runner gives up within a few turns of the loop
            await asyncio.sleep(0)

        # What is only said is refused behind the agent's back.
        assert set(frozen.refusals) == (set() if what in ("text", "reasoning") else {StaleFence})
        assert (await ada.events(thread.id), await ada.items(thread.id), await rows(app)) == (events, items, kept)
        assert tool.calls == 0
        assert ends(events) == []
        await other.stop()


async def test_a_stale_attempt_can_neither_end_nor_release_the_turn(app: TestApp, gates: Gates):
    user = app.user("ada")
    thread = await user.thread("go")
    await gates.reached(thread.id)
    (turn,) = await user.turns(thread.id)
    stale = TurnRecord(app.runtime, app.store, turn, "gated", Journal((), replays=False), 0.04)
    await app.clock.advance(LEASE_S + 1)
    other = app.beside("node-2")
    await other.start()
    await gates.reached(thread.id, runs=2)

    for attempt in (stale.end(EndTurn("completed", "answered")), stale.commit(ReleaseTurn())):
        with pytest.raises(StaleFence):
            await attempt

    (taken,) = await user.turns(thread.id)
    assert (taken.status, taken.node, taken.fence) == ("running", "node-2", 2)
    await other.stop()


async def test_a_stale_attempt_cannot_write_into_a_turn_that_a_review_has_freed():
    tool = Standing()

    async def act(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(f"{await turn.handle.call('act', {})}")

    async with running(Played("acting", act), options=TestOptions(tools=[tool])) as app:
        ada = app.user()
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("go", session_id=session.id)
        await tool.begun.wait()
        await app.clock.advance(LEASE_S + 1)
        other = app.beside("node-2")
        await other.start()
        await other.until(ada.was_told(thread.id, "turn.needs_review"))
        await other.engine.stop(0)  # nobody takes up what the review frees
        await other.user().review((await ada.turns(thread.id))[0], "mark_done")
        events = await ada.events(thread.id)

        tool.returns.set()
        while app.places.running:  # noqa: ASYNC110 - the stale runner gives up within a few turns of the loop
            await asyncio.sleep(0)

        assert await ada.events(thread.id) == events
        await other.stop()


async def test_an_attempt_that_has_ended_cannot_write_into_its_turn_when_that_is_retried(app: TestApp):
    ada = app.user()
    thread = await ada.thread("fail on purpose", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.failed"))
    (turn,) = await ada.turns(thread.id)
    stale = TurnRecord(app.runtime, app.store, turn, "script", Journal((), replays=False), 0.04)
    await app.engine.stop(0)  # nobody takes up what the retry frees

    await ada.do(RetryTurn(**ada.stamp(), thread_id=thread.id, turn_id=turn.id))

    with pytest.raises(StaleFence):
        await stale.end(EndTurn("completed", "answered"))


async def test_a_process_that_lost_its_turn_stops_the_agent_at_the_next_sweep(app: TestApp, gates: Gates):
    ada = app.user("ada")
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.clock.advance(LEASE_S + 1)
    other = app.beside("node-2")
    await other.start()
    await gates.reached(thread.id, runs=2)

    await app.upkeep.sweep()

    assert gates.cut == [thread.id]
    gates.let(thread.id)
    await other.drain()
    assert ends(await ada.events(thread.id)) == ["turn.completed"]
    await other.stop()


async def test_both_may_have_the_same_turn_in_hand_and_one_of_them_ends_it(app: TestApp, gates: Gates):
    ada = app.user("ada")
    thread = await ada.thread("go")
    await gates.reached(thread.id)
    await app.clock.advance(LEASE_S + 1)
    other = app.beside("node-2")
    await other.start()
    await gates.reached(thread.id, runs=2)

    gates.let(thread.id)
    await other.drain()
    await app.drain()

    assert ends(await ada.events(thread.id)) == ["turn.completed"]
    assert [text for role, text in await ada.said(thread.id) if role == "assistant"] == ["begin go end go"]
    assert (await ada.turns(thread.id))[0].node == "node-2"
    await other.stop()


async def test_a_process_that_froze_while_its_turn_waited_leaves_the_question_open(app: TestApp):
    ada = app.user("ada")
    thread = await ada.thread("ask may I?\nsay thanks", agent_id="script")
    await app.until(ada.was_told(thread.id, "turn.waiting"))
    await app.clock.advance(LEASE_S + 1)
    other = app.beside("node-2")
    await other.start()
    await other.drain()

    await app.upkeep.sweep()
    still_open = [approval.state for approval in await ada.approvals(thread.id)]
    await ada.answer((await ada.approvals(thread.id))[0], "approve")
    await other.until(ada.was_told(thread.id, "turn.completed"))

    assert still_open == ["open"]
    assert ends(await ada.events(thread.id)) == ["turn.completed"]
    await other.stop()
