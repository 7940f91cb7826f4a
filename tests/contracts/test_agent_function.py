"""Function agents: the agent suite over each form that a function may have, and the decorator."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator

import pytest

from laneway.agent import AgentEvent, AgentFailed, Consumed, Text, TurnInput
from laneway.agents.function import Function, FunctionAgent, agent
from laneway.domain.json import JsonObject
from laneway.domain.thread import Usage
from laneway.testing.agent_suite import AgentSuite, Prompt, texts_of
from laneway.testing.turn import turn_input
from laneway.tool import ToolFailed

pytestmark = pytest.mark.anyio


async def speak(turn: TurnInput) -> AsyncIterator[str | AgentEvent | None]:
    word, _, rest = turn.text.partition(" ")
    if word == "fail":
        raise AgentFailed("as you wish", "wished")
    if word == "call":
        try:
            await turn.handle.call(rest, {"value": 1 if turn.handle.tools() == () else 7})
        except ToolFailed:
            yield "it failed"
    for part in rest.split(" "):
        yield f"{part} "
    if word == "stall":
        await asyncio.Event().wait()


class TestAsyncGenerator(AgentSuite):
    def agent(self) -> FunctionAgent:
        return FunctionAgent("speaker", speak)

    def saying(self, text: str) -> Prompt:
        return Prompt(f"say {text}")

    def stalling(self) -> Prompt | None:
        return Prompt("stall for ever")

    def failing(self) -> Prompt:
        return Prompt("fail", class_="wished")

    def calling(self, name: str, arguments: JsonObject) -> Prompt | None:
        return Prompt(f"call {name}")


def speak_from_a_thread(turn: TurnInput) -> Iterator[str]:
    word, _, rest = turn.text.partition(" ")
    if word == "fail":
        raise AgentFailed("as you wish", "wished")
    for part in rest.split(" "):
        yield f"{part} "
    while word == "stall":
        yield "and "
    if word == "block":
        threading.Event().wait(0.1)


class TestSyncGenerator(TestAsyncGenerator):
    def agent(self) -> FunctionAgent:
        return FunctionAgent("speaker", speak_from_a_thread)

    def calling(self, name: str, arguments: JsonObject) -> None:
        return None

    def working(self) -> Prompt:
        return Prompt("block a little")


async def answer(function: Function, text: str = "hello") -> list[AgentEvent]:
    return [event async for event in FunctionAgent("answer", function).run(turn_input(text))]


def shout(turn: TurnInput) -> str:
    return turn.text.upper()


async def whisper(turn: TurnInput) -> str:
    return turn.text.lower()


class Shouter:
    async def __call__(self, turn: TurnInput) -> str:
        assert threading.current_thread() is threading.main_thread()
        return turn.text.upper()


def hand_on(turn: TurnInput) -> Awaitable[str]:
    return whisper(turn)


def silent(turn: TurnInput) -> None:
    return


def listed(turn: TurnInput) -> Iterator[str | None]:
    return iter(["a", None, "", "b"])


@pytest.mark.parametrize(
    ("function", "answered"),
    [
        (shout, "HELLO"),
        (whisper, "hello"),
        (Shouter(), "HELLO"),
        (hand_on, "hello"),
        (silent, ""),
        (listed, "ab"),
    ],
)
async def test_any_form_of_function_answers(function: Function, answered: str):
    assert "".join(texts_of(await answer(function))).strip() == answered


async def test_events_pass_as_they_are():
    async def spend(turn: TurnInput) -> AsyncIterator[str | AgentEvent]:
        yield "a"
        yield Consumed(Usage(3, 4))

    assert await answer(spend) == [Text("a"), Consumed(Usage(3, 4))]


async def test_anything_else_is_refused_by_its_class():
    def count(turn: TurnInput) -> Iterator[str]:
        yield 1  # pyright: ignore[reportReturnType] - the mistake that this test is about

    with pytest.raises(AgentFailed) as failure:
        await answer(count)

    assert failure.value.class_ == "bad_answer"


async def test_a_sync_function_runs_beside_the_event_loop():
    threads: list[threading.Thread] = []

    def note(turn: TurnInput) -> str:
        threads.append(threading.current_thread())
        return "noted"

    await answer(note)

    assert threads != [threading.main_thread()]


async def test_an_error_of_a_sync_function_is_raised_where_the_turn_waits():
    def divide(turn: TurnInput) -> str:
        return str(1 // 0)

    with pytest.raises(ZeroDivisionError):
        await answer(divide)


async def test_a_function_that_exits_ends_its_turn_and_not_the_process():
    def leave(turn: TurnInput) -> str:
        raise SystemExit(1)

    with pytest.raises(AgentFailed) as failure:
        await answer(leave)

    assert failure.value.class_ == "agent_crashed"


async def test_a_generator_that_is_left_is_closed_on_its_own_thread():
    closed: list[threading.Thread] = []
    done = threading.Event()

    def endless(turn: TurnInput) -> Iterator[str]:
        try:
            while True:
                yield "and "
        finally:
            closed.append(threading.current_thread())
            done.set()

    events = FunctionAgent("endless", endless).run(turn_input("go"))
    await anext(events)
    assert isinstance(events, AsyncGenerator)
    await events.aclose()
    await asyncio.to_thread(done.wait)

    assert closed[0].name == "function-agent"


def test_the_decorator_makes_an_agent_named_after_the_function():
    @agent
    def shout_it(turn: TurnInput) -> str:
        """Says it loud.

        And more.
        """
        return turn.text.upper()

    profile = shout_it.profile
    assert (profile.name, profile.title, profile.kind) == ("shout_it", "Shout it", "function")
    assert profile.description == "Says it loud."


def test_the_decorator_takes_what_the_function_does_not_say():
    @agent(name="loud", title="Loud", description="Louder.", tools=("note.add",), timeout_s=5)
    async def shout_it(turn: TurnInput) -> str:
        return turn.text.upper()

    profile = shout_it.profile
    assert (profile.name, profile.title, profile.description) == ("loud", "Loud", "Louder.")
    assert (profile.tools, profile.timeout_s) == (("note.add",), 5)
