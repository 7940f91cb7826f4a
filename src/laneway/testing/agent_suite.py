"""The agent suite: what every agent has to hold. Inherit, say what makes your agent do things, run pytest."""

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field

import pytest

from laneway.agent import Agent, AgentEvent, AgentFailed, Text
from laneway.domain.errors import CancelRequested
from laneway.domain.json import Json, JsonObject
from laneway.testing.turn import PlainTool, RecordedTurn, turn_input
from laneway.tool import ToolFailed

SIDE_BY_SIDE = 16
PROBE = "probe"
PATIENCE_S = 60.0
"""How long something may take to end before it counts as a leak."""


@dataclass(frozen=True)
class Prompt:
    """What makes an agent behave in a certain way: a message, and the session's files that it takes."""

    text: str
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    class_: str = "agent_failed"
    """For a prompt that fails: the class that the failure must have."""


class AgentSuite(ABC):
    """The conformance tests of `laneway.agent.Agent`. A subclass says what to send; None skips what cannot be had."""

    @abstractmethod
    def agent(self) -> Agent:
        """An agent of the kind under test."""

    @abstractmethod
    def saying(self, text: str) -> Prompt:
        """A prompt whose answer contains `text`, streamed in several pieces."""

    @abstractmethod
    def stalling(self) -> Prompt | None:
        """A prompt to which the agent begins an answer that it never ends."""

    @abstractmethod
    def failing(self) -> Prompt | None:
        """A prompt at which the agent fails, with the class that it fails with."""

    @abstractmethod
    def calling(self, name: str, arguments: JsonObject) -> Prompt | None:
        """A prompt that makes the agent call one tool, once."""

    def working(self) -> Prompt:
        """The prompt that keeps the agent busiest; it must not hold up the event loop."""
        return self.saying(" ".join(f"word{number}" for number in range(500)))

    def open_connections(self) -> int:
        """How many connections to its backend are open, where the subclass can tell."""
        return 0

    async def test_it_says_what_it_is(self) -> None:
        agent = self.agent()

        assert agent.profile.name
        assert agent.profile.kind
        assert agent.profile == agent.profile
        assert agent.availability() is None

    async def test_an_answer_arrives_in_pieces_and_in_order(self) -> None:
        words = " ".join(f"word{number}" for number in range(40))

        texts = texts_of(await self._answer(self.agent(), self.saying(words)))

        assert words in "".join(texts)
        assert len(texts) > 1
        assert all(texts), "an empty piece says nothing and costs an event"

    async def test_a_batch_without_text_gives_an_answer_without_failing(self) -> None:
        await self._answer(self.agent(), Prompt(""))

    async def test_a_turn_leaves_nothing_behind(self) -> None:
        agent, prompt = self.agent(), self.saying("quite a few words to say")
        await self._answer(agent, prompt)  # the first one may warm up a pool
        before = self._held()

        await self._answer(agent, prompt)

        await self._settles_at(before)

    async def test_cancellation_stops_it_at_once_and_leaves_nothing_behind(self) -> None:
        prompt, agent = self._have(self.stalling()), self.agent()
        await self._cancel(agent, prompt)
        before = self._held()

        for _ in range(5):
            await self._cancel(agent, prompt)

        await self._settles_at(before)

    async def test_a_reader_that_leaves_ends_the_run(self) -> None:
        prompt, agent = self._have(self.stalling()), self.agent()
        await self._cancel(agent, prompt)
        before = self._held()
        events = agent.run(turn_input(prompt.text, handle=RecordedTurn(files=prompt.files)))

        await anext(events)
        assert isinstance(events, AsyncGenerator), "run is an async generator, so that its reader can close it"
        await events.aclose()

        await self._settles_at(before)

    async def test_a_turn_that_is_stopped_calls_nothing_more(self) -> None:
        prompt = self._have(self.calling(PROBE, {"value": 1}))
        handle = RecordedTurn(tools=[probe([])], files=prompt.files)
        handle.cancel()

        with pytest.raises(CancelRequested):
            await _collected(self.agent(), prompt, handle)

        assert handle.calls == []

    async def test_a_failure_has_a_class_and_a_reason(self) -> None:
        prompt = self._have(self.failing())

        with pytest.raises(AgentFailed) as failure:
            await self._answer(self.agent(), prompt)

        assert failure.value.class_ == prompt.class_
        assert failure.value.message

    async def test_turns_side_by_side_never_mix(self) -> None:
        agent = self.agent()
        canaries = [f"canary-{number:02d}-{'xyzw'[number % 4] * 8}" for number in range(SIDE_BY_SIDE)]

        answers = await asyncio.gather(
            *(self._answer(agent, self.saying(f"so says {canary} and nobody else"), canary) for canary in canaries)
        )

        said = ["".join(texts_of(answer)) for answer in answers]
        assert [[canary for canary in canaries if canary in text] for text in said] == [[each] for each in canaries]

    async def test_tools_are_called_through_the_turn_once_each(self) -> None:
        seen: list[JsonObject] = []
        prompt = self._have(self.calling(PROBE, {"value": 7}))
        handle = RecordedTurn(tools=[probe(seen)], files=prompt.files)

        await _collected(self.agent(), prompt, handle)

        assert [dict(arguments) for arguments in seen] == [{"value": 7}]
        assert [call.name for call in handle.calls] == [PROBE]
        assert handle.most_at_once == 1

    async def test_a_tool_that_fails_is_no_failure_of_the_turn(self) -> None:
        prompt = self._have(self.calling(PROBE, {"value": 7}))
        handle = RecordedTurn(tools=[PlainTool(PROBE, _refuse, parameters=PROBE_PARAMETERS)], files=prompt.files)

        await _collected(self.agent(), prompt, handle)

        assert [call.error for call in handle.calls][:1] == ["no such luck"]

    async def test_it_never_blocks_the_event_loop(self) -> None:
        agent, prompt = self.agent(), self.working()
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticker = asyncio.create_task(tick())
        await self._answer(agent, prompt)
        ticker.cancel()

        assert ticks > 20, "the loop turned hardly ever while the agent worked"

    # --- the means ---------------------------------------------------------------------------------------------------

    def _have(self, prompt: Prompt | None) -> Prompt:
        if prompt is None:
            pytest.skip("this agent has no such behaviour")
        return prompt

    async def _answer(self, agent: Agent, prompt: Prompt, thread_id: str = "thr_1") -> list[AgentEvent]:
        return await _collected(agent, prompt, RecordedTurn(files=prompt.files), thread_id)

    async def _cancel(self, agent: Agent, prompt: Prompt) -> None:
        """Cancel a run once it has begun to speak, and require that it ends within the loop's next turns."""
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in agent.run(turn_input(prompt.text, handle=RecordedTurn(files=prompt.files))):
                begun.set()

        task, waiting = asyncio.create_task(read()), asyncio.create_task(begun.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert not task.done(), "it was to begin an answer and never end it"
        task.cancel()
        await turns_until(task.done)
        assert task.done(), "the run went on after its cancellation"
        assert task.cancelled(), "the cancellation was swallowed"

    def _held(self) -> tuple[int, int, int]:
        """How many tasks, threads and connections there are."""
        return len(asyncio.all_tasks()), threading.active_count(), self.open_connections()

    async def _settles_at(self, before: tuple[int, int, int]) -> None:
        """Wait until no more is held than before. What never ends, here, is a leak."""
        deadline = time.monotonic() + PATIENCE_S
        while any(now > then for now, then in zip(self._held(), before, strict=True)):
            assert time.monotonic() < deadline, f"tasks, threads, connections: {self._held()} after {before}"
            await asyncio.sleep(0.001)


PROBE_PARAMETERS: JsonObject = {
    "type": "object",
    "properties": {"value": {"type": "integer"}},
    "required": ["value"],
    "additionalProperties": False,
}


def probe(seen: list[JsonObject]) -> PlainTool:
    """A tool that records the arguments it is called with."""

    def call(arguments: JsonObject) -> Json:
        seen.append(arguments)
        return {"seen": len(seen)}

    return PlainTool(PROBE, call, "Records a value.", PROBE_PARAMETERS)


def texts_of(events: list[AgentEvent]) -> list[str]:
    """The pieces of the answer among the events of a run."""
    return [event.text for event in events if isinstance(event, Text)]


async def turns_until(done: Callable[[], bool], turns: int = 1000) -> None:
    """Let the event loop turn until `done`, at most so many times."""
    for _ in range(turns):
        if done():
            return
        await asyncio.sleep(0)


def _refuse(arguments: JsonObject) -> Json:
    raise ToolFailed("no such luck")


async def _collected(agent: Agent, prompt: Prompt, handle: RecordedTurn, thread_id: str = "thr_1") -> list[AgentEvent]:
    return [event async for event in agent.run(turn_input(prompt.text, handle=handle, thread_id=thread_id))]
