"""Agents that hang, flood, talk nonsense or break: their turn ends with a reason, and no other thread notices."""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import ClassVar

import pytest

from laneway.agent import AgentEvent, AgentFailed, Consumed, Reasoning, Text, TurnInput
from laneway.agents.function import Function, FunctionAgent
from laneway.domain.changes import Decision, Need, View
from laneway.domain.errors import Invalid, NotFound, StaleFence, Unavailable
from laneway.domain.json import Json, JsonObject
from laneway.domain.principal import Principal
from laneway.domain.thread import Usage
from laneway.store import Committed
from laneway.stores.sqlite.store import SQLiteStore
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.app import running as running_on
from laneway.testing.owner import Owner
from laneway.tool import ToolFailed, ToolScope, ToolSpec
from tests.runtime.stage import Gates, Play, Played, echo, ends, running


async def outcome(play: Play, options: TestOptions | None = None, timeout_s: float = 1800.0) -> tuple[str, str, str]:
    """How a turn of such an agent ends: its status, and its error's class and message."""
    async with running(Played("odd", play, timeout_s=timeout_s), Played("echo", echo), options=options) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()
        (turn,) = await ada.turns(thread.id)
        assert ends(await ada.events(thread.id)) == [f"turn.{turn.status}"]
        await nothing_is_broken(app, ada, thread.id)
        return turn.status, turn.error.class_ if turn.error else "", turn.error.message if turn.error else ""


async def nothing_is_broken(app: TestApp, ada: Owner, thread_id: str) -> None:
    await ada.post(thread_id, "and now", agents=("echo",))
    await app.drain()
    assert (await ada.turns(thread_id))[-1].status == "completed"


# --- time ------------------------------------------------------------------------------------------------------------


async def forever(turn: TurnInput) -> AsyncIterator[AgentEvent]:
    yield Text("begin")
    await asyncio.Event().wait()


class Deaf:
    """An agent that swallows every cancellation until the test is over."""

    def __init__(self) -> None:
        self.agent = Played("deaf", self._play)
        self._over = asyncio.Event()
        self._gone = asyncio.Event()

    async def end(self) -> None:
        self._over.set()
        await self._gone.wait()

    async def _play(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("begin")
        while not self._over.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self._over.wait()
        self._gone.set()


QUICK = TestOptions(wall_clock_s=0.01, stop_grace_s=0.01)


async def test_a_turn_that_takes_too_long_fails_and_keeps_what_it_said():
    async with running(Played("forever", forever), options=QUICK) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()

        (turn,) = await ada.turns(thread.id)
        assert (turn.status, turn.error and turn.error.class_) == ("failed", "timeout")
        assert turn.runs[0].status == "timed_out"
        assert await ada.said(thread.id) == [("user", "go"), ("assistant", "begin")]


async def test_an_agent_s_own_limit_counts_when_it_is_the_smaller_one():
    assert (await outcome(forever, timeout_s=0.01))[:2] == ("failed", "timeout")


async def test_an_agent_that_ignores_its_time_is_left_behind():
    deaf = Deaf()
    async with running(deaf.agent, options=QUICK) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()

        (turn,) = await ada.turns(thread.id)
        assert (turn.status, turn.error and turn.error.class_) == ("failed", "timeout")
        await deaf.end()


async def test_an_agent_that_ignores_a_stop_is_left_behind():
    deaf = Deaf()
    async with running(deaf.agent, options=TestOptions(stop_grace_s=0.01)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.until(ada.was_told(thread.id, "item.delta"))

        await ada.cancel(thread.id)
        await app.drain()

        assert ends(await ada.events(thread.id)) == ["turn.cancelled"]
        assert await ada.said(thread.id) == [("user", "go"), ("assistant", "begin")]
        await deaf.end()


async def test_what_an_agent_left_behind_still_says_reaches_nobody():
    going_on, tried = asyncio.Event(), asyncio.Event()
    refusals: list[str] = []

    async def haunting(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("begin")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await going_on.wait()
        try:
            await turn.handle.call("note.add", {"text": "from beyond"})
        except StaleFence as refusal:
            refusals.append(refusal.code)
        tried.set()
        yield Text("boo")

    async with running(Played("haunting", haunting), options=TestOptions(stop_grace_s=0.01)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.until(ada.was_told(thread.id, "item.delta"))
        await ada.cancel(thread.id)
        await app.drain()
        before = await ada.events(thread.id)

        going_on.set()
        await tried.wait()
        await app.drain()

        assert refusals == ["stale_fence"]
        assert await ada.events(thread.id) == before


async def test_a_timeout_of_the_agent_s_own_is_not_the_turn_s():
    async def own(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("asking the model")
        raise TimeoutError("the model does not answer")

    status, class_, message = await outcome(own)

    assert (status, class_) == ("failed", "agent_crashed")
    assert "the model does not answer" in message


async def test_the_time_stands_still_while_a_person_thinks():
    async def asking(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("yes" if await turn.handle.ask("may I?") else "no")

    async with running(Played("asking", asking, timeout_s=2)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.until(ada.was_told(thread.id, "turn.waiting"))

        # Real time has to pass for a limit in real time: more than the limit, spent waiting for nothing.
        await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=3)
        await ada.answer((await ada.approvals(thread.id))[0], "approve")
        await app.drain()

        assert ends(await ada.events(thread.id)) == ["turn.completed"]


# --- text ------------------------------------------------------------------------------------------------------------


async def test_a_flood_holds_up_no_other_thread():
    flooding = asyncio.Event()

    async def flood(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        while not flooding.is_set():
            yield Text("word ")

    async with running(Played("flood", flood), Played("echo", echo)) as app:
        ada = app.user()
        flooded = await ada.thread("go")
        await app.until(ada.was_told(flooded.id, "item.delta"))

        other = await ada.thread("hello", agent_id="echo")
        await app.until(ada.was_told(other.id, "turn.completed"))
        flooding.set()
        await app.drain()

        assert ends(await ada.events(flooded.id)) == ["turn.completed"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", "\ufffd"),
        ("\u2028\u2029\x85\x0b\x1c", "\u2028\u2029\x85\x0b\x1c"),
        ("\U0001f986", "\U0001f986"),
    ],
)
async def test_text_that_cannot_be_stored_is_replaced(said: str, kept: str):
    async def garbled(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(said)
        yield Reasoning(said)

    async with running(Played("garbled", garbled)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()

        items = await ada.items(thread.id)
        assert [(item.text, item.parts[0].text) for item in items[1:]] == [(kept, kept), ("", kept)]
        assert ends(await ada.events(thread.id)) == ["turn.completed"]


async def test_arguments_and_results_that_cannot_be_stored_are_replaced():
    async def garbled(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        await turn.handle.call("state.put", {"key": "k\ud800", "value": {"a\x00": ["\ud800", {"b": "\x00"}]}})
        yield Text(str(await turn.handle.call("state.get", {"key": "k\ufffd"})))

    async with running(Played("garbled", garbled)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()

        assert ends(await ada.events(thread.id)) == ["turn.completed"]
        assert "a\ufffd" in (await ada.said(thread.id))[-1][1]


@pytest.mark.parametrize("silent", ["", "nothing"])
async def test_an_agent_that_says_nothing_has_answered_nothing(silent: str):
    async def mute(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        for text in [silent] if not silent else []:
            yield Text(text)
        yield Consumed(Usage(3, 4, 0.5))

    async with running(Played("mute", mute)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()

        (turn,) = await ada.turns(thread.id)
        shown = await ada.show(thread.id)
        assert (turn.status, turn.runs[0].status) == ("completed", "empty")
        assert (turn.usage, shown.usage) == (Usage(3, 4, 0.5),) * 2
        assert (shown.message_count, [item.role for item in await ada.items(thread.id)]) == (1, ["user"])


async def test_text_that_is_said_while_a_piece_is_being_told_is_told_next():
    second = asyncio.Event()

    async def pausing(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        for word in ("one ", "two ", "three "):
            yield Text(word)
            for _ in range(3):
                await asyncio.sleep(0)
        second.set()
        await asyncio.Event().wait()

    async with running(Played("pausing", pausing), options=TestOptions(flush_s=0)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await second.wait()

        async def all_told() -> bool:
            deltas = [event.data["text"] for event in await ada.events(thread.id) if event.type == "item.delta"]
            return "".join(map(str, deltas)) == "one two three "

        await app.until(all_told)


async def test_reasoning_and_answers_are_told_as_they_come():
    thinking = asyncio.Event()

    async def thoughtful(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Reasoning("hmm")
        yield Text("well")
        thinking.set()
        await asyncio.Event().wait()

    async with running(Played("thoughtful", thoughtful), options=TestOptions(flush_s=0)) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await thinking.wait()

        async def told() -> bool:
            return "well" in [event.data.get("text") for event in await ada.events(thread.id)]

        await app.until(told)


# --- breaking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "class_", "message"),
    [
        (AgentFailed("no money", "quota"), "quota", "no money"),
        (ValueError("oops\x00\ud800"), "agent_crashed", "ValueError: oops\ufffd\ufffd"),
        (Invalid("a mistake of the agent's own"), "agent_crashed", "Invalid: a mistake of the agent's own"),
        (NotFound(), "agent_crashed", "NotFound: There is nothing here under that name."),
        (Unavailable("the agent's own store"), "agent_crashed", "Unavailable: the agent's own store"),
        (ExceptionGroup("several", [KeyError("a")]), "agent_crashed", "ExceptionGroup: several (1 sub-exception)"),
        (StopAsyncIteration(), "agent_crashed", "RuntimeError: async generator raised StopAsyncIteration"),
        (GeneratorExit(), "agent_crashed", "GeneratorExit: "),
        (RecursionError("deep"), "agent_crashed", "RecursionError: deep"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else "",
)
async def test_whatever_an_agent_raises_is_its_turn_s_failure(error: BaseException, class_: str, message: str):
    async def broken(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("half")
        raise error

    assert await outcome(broken) == ("failed", class_, message)


async def test_an_agent_that_cancels_itself_has_ended():
    async def quitting(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("half")
        raise asyncio.CancelledError

    assert (await outcome(quitting))[0] == "cancelled"


async def test_a_tool_that_breaks_is_the_turn_s_failure_when_the_agent_lets_it():
    async def calling(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        await turn.handle.call("no.such.tool", {})
        yield Text("never")

    assert await outcome(calling) == ("failed", "tool_failed", "There is no tool 'no.such.tool' here.")


class Odd:
    """A tool that gives whatever the test wants."""

    spec = ToolSpec("odd", "Gives something odd.", {"type": "object"}, "repeatable")

    def __init__(self, result: Json) -> None:
        self._result = result

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        return self._result


def nested(depth: int) -> list[Json]:
    inner: list[Json] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize("result", [object(), {1: 2j}, nested(100_000), "\ud800", {"a": "\x00\ud800"}])
async def test_a_tool_that_gives_something_odd_fails_or_is_cleaned_and_the_agent_goes_on(result: Json):
    async def calling(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        try:
            yield Text(f"got {await turn.handle.call('odd', {})}")
        except ToolFailed as failed:
            yield Text(f"failed {failed}")

    async with running(Played("calling", calling), options=TestOptions(tools=[Odd(result)])) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()

        _, call, answer = await ada.items(thread.id)
        assert ends(await ada.events(thread.id)) == ["turn.completed"]
        assert call.call is not None
        assert (call.call.state, call.state) in (("failed", "complete"), ("returned", "complete"))
        assert answer.text.startswith("failed The tool gave" if call.call.state == "failed" else "got")


async def test_an_agent_that_is_not_here_any_more_fails_its_turns(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread(agent_id="echo", settings={"paused": True})
    await ada.post(thread.id, "go")
    elsewhere = app.beside("node-2", gates.agent)
    await app.kill()
    await elsewhere.start()
    bob = elsewhere.user("ada")

    await bob.resume(thread.id)
    await elsewhere.drain()

    (turn,) = await bob.turns(thread.id)
    assert turn.error is not None
    assert (turn.status, turn.error.class_, turn.error.message) == (
        "failed",
        "unknown_agent",
        "There is no agent 'echo' here.",
    )
    await elsewhere.stop()


# --- memory ----------------------------------------------------------------------------------------------------------


class Memory:
    """All that there is."""


class Noting(SQLiteStore):
    """Notes with each commit whether anybody still holds the memory."""

    kept: ClassVar[list[weakref.ref[Memory]]] = []
    held: ClassVar[list[bool]] = []

    async def transact(
        self, principal: Principal, needs: Sequence[Need], decide: Callable[[View], Decision]
    ) -> Committed:
        self.held.append(any(each() is not None for each in self.kept))
        return await super().transact(principal, needs, decide)


def fill(turn: TurnInput) -> Iterator[str]:
    memory = Memory()
    Noting.kept.append(weakref.ref(memory))
    yield "begin"
    raise MemoryError


async def fill_on_the_loop(turn: TurnInput) -> AsyncIterator[str]:
    memory = Memory()
    Noting.kept.append(weakref.ref(memory))
    yield "begin"
    raise MemoryError


@pytest.mark.parametrize("function", [fill, fill_on_the_loop])
async def test_what_filled_the_memory_is_let_go_before_the_turn_is_ended(function: Function):
    options = TestOptions(store=lambda clock, options: Noting(":memory:", clock, options))
    async with running_on(FunctionAgent("hungry", function), options=options) as app:
        ada = app.user()
        thread = await ada.thread("go")
        await app.drain()
        (turn,) = await ada.turns(thread.id)

    assert (turn.status, Noting.held[-1]) == ("failed", False)
