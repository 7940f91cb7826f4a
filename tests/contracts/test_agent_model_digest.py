"""Histories that are too long for a model: a summary of what lies back, the latest part in full, and a notice."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from laneway.agent import AgentFailed, AgentProfile, Consumed, Digest, digest_part
from laneway.agents.model import ModelAgent, ModelSettings
from laneway.domain.item import Item, Part
from laneway.domain.thread import Usage
from laneway.testing.turn import RecordedTurn, said, turn_input, used
from tests.contracts.openai_server import OpenAIServer, running_server

pytestmark = pytest.mark.anyio

LIMIT = 1000
TALK = [
    item
    for number in range(10)
    for item in (said("user", f"question {number} {'x' * 90}", "ada"), said("assistant", f"answer {number} {'y' * 90}"))
]
SUMMARISED = "(The conversation so far, in a summary:)\nThey talked."


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(running: OpenAIServer) -> OpenAIServer:
    running.requests.clear()
    running.writes = {"summary": "say They talked."}
    return running


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[ModelAgent]:
    settings = ModelSettings("openai:small", server.base_url, "sk-1", retries=0, history_chars=LIMIT)
    agent = ModelAgent(settings, AgentProfile("agent", "Small", "A small model.", "model", tools=()))
    yield agent
    await agent.close()


def notice(digest: Digest) -> Item:
    """The item that a digest leaves in the transcript."""
    parts = (Part("text", text=digest.text), digest_part(digest))
    return replace(said("system", digest.text), parts=parts)


async def run(model: ModelAgent, *history: Item, **more: Any) -> list[object]:
    handle = RecordedTurn(history=history, **more)
    return [event async for event in model.run(turn_input("say hi", handle=handle))]


def told(server: OpenAIServer) -> str:
    """Everything that the model was sent with the last request."""
    return "\n".join(str(message.get("content")) for message in server.last_messages)


async def test_a_short_history_is_told_in_full_and_nothing_is_summarised(model: ModelAgent, server: OpenAIServer):
    events = await run(model, *TALK[:4])

    assert not any(isinstance(event, Digest) for event in events)
    assert len(server.requests) == 1


async def test_a_long_history_is_summarised_but_for_its_latest_part(model: ModelAgent, server: OpenAIServer):
    events = await run(model, *TALK)

    (digest,) = [event for event in events if isinstance(event, Digest)]
    assert digest == Digest("They talked.", 5)  # two exchanges, and the message that is being answered
    assert "question 0" in str(server.requests[0]["messages"][-1])
    assert SUMMARISED in told(server)
    assert "question 7" not in told(server)
    assert "question 8" in told(server)
    used_up = [event.usage for event in events if isinstance(event, Consumed)]
    assert len(used_up) == 2
    assert sum(each.input_tokens for each in used_up) == 11 * len(server.requests)


async def test_later_turns_are_told_the_same_summary_and_what_came_after(model: ModelAgent, server: OpenAIServer):
    digest = Digest("They talked.", 3)
    history = (*TALK, said("user", "say more", "ada"), notice(digest), said("assistant", "More."))

    events = await run(model, *history)

    assert not any(isinstance(event, Digest) for event in events)
    assert len(server.requests) == 1
    assert SUMMARISED in told(server)
    assert "question 8" not in told(server)
    assert all(text in told(server) for text in ("question 9", "answer 9", "say more", "More."))


async def test_a_history_that_grows_on_is_summarised_with_the_earlier_summary(model: ModelAgent, server: OpenAIServer):
    history = (*TALK[:2], notice(Digest("Long ago.", 0)), *TALK)

    events = await run(model, *history)

    assert any(isinstance(event, Digest) for event in events)
    first = str(server.requests[0]["messages"][-1]["content"])
    assert first.startswith("Earlier summary: Long ago.\n\nada: question 0")


async def test_a_call_is_never_told_without_its_result(model: ModelAgent, server: OpenAIServer):
    calls = [used("note.add", {"text": "z" * 200}, {"n": number}, call_id=f"call_{number}") for number in range(12)]

    await run(model, said("user", "go", "ada"), *calls)

    sent = server.last_messages
    asked = [call["id"] for message in sent for call in message.get("tool_calls") or ()]
    answered = [message["tool_call_id"] for message in sent if message["role"] == "tool"]
    assert asked == answered
    assert asked


async def test_after_a_crash_the_summary_that_was_recorded_is_used(model: ModelAgent, server: OpenAIServer):
    events = await run(model, *TALK, progress=(notice(Digest("They talked.", 3)),))

    assert not any(isinstance(event, Digest) for event in events)
    assert SUMMARISED in told(server)
    assert "question 8" not in told(server)
    assert "question 9" in told(server)
    assert told(server).count("They talked.") == 1


async def test_without_a_summary_the_run_fails_rather_than_forget(model: ModelAgent, server: OpenAIServer):
    server.writes["summary"] = "status 500"

    with pytest.raises(AgentFailed):
        await run(model, *TALK)

    assert len(server.requests) == 1


async def test_condensing_says_what_it_took(model: ModelAgent):
    made = await model.condense("Write a summary.", "ada: hello")

    assert (made.text, made.usage) == ("They talked.", Usage(11, 5, 0.0))
