"""Titles and summaries that are written while a thread is idle, by a model over real HTTP or without one."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from laneway.agent import AgentProfile
from laneway.agents.model import ModelAgent, ModelSettings
from laneway.domain.command import DescribeThread
from laneway.domain.errors import NotFound
from laneway.domain.principal import SYSTEM
from laneway.domain.thread import Usage
from tests.api.harness import Caller, Harness, data_of, serving
from tests.contracts.openai_server import OpenAIServer, running_server


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with running_server() as provider:
        yield provider


@pytest.fixture
def provider(running: OpenAIServer) -> OpenAIServer:
    running.requests.clear()
    running.writes = {"title": 'say "Two fine animals"', "Summarise": "say They spoke of animals."}
    return running


@pytest.fixture
async def server(provider: OpenAIServer) -> AsyncGenerator[Harness]:
    settings = ModelSettings("openai:small", provider.base_url, "sk-1", retries=0)
    agent = ModelAgent(settings, AgentProfile("small", "Small", "A small model.", "model", tools=()))
    async with serving([agent]) as harness:
        yield harness


async def changed(ada: Caller, thread: Any, field: str, turns: int = 1) -> Any:
    """What a field of the thread becomes after so many turns have ended."""
    ended = 0
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        async for frame in events.all():
            ended += (frame.event or "").startswith("turn.completed")
            change = data_of(frame).get("thread", {})
            if ended >= turns and frame.event == "thread.updated" and field in change:
                return change[field]
    raise AssertionError(f"the stream ended before a change of {field}")


async def test_a_model_writes_a_better_title_once_the_thread_is_idle(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "small", "initial_message": "say hello"})

    title = await changed(ada, thread, "title")

    shown = (await ada.get(f"/threads/{thread['id']}")).json
    assert (title, shown["title"], shown["title_source"]) == ("Two fine animals",) * 2 + ("auto",)
    assert shown["usage"]["input_tokens"] == 22
    (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json
    assert turn["usage"]["input_tokens"] == 11


async def test_a_title_that_was_given_stays(ada: Caller, provider: OpenAIServer):
    given = await ada.made("/threads", {"agent_id": "small", "title": "Mine", "initial_message": "say hello"})
    await ada.finished(given["id"])

    assert (await ada.get(f"/threads/{given['id']}")).json["title"] == "Mine"
    assert len(provider.requests) == 1


async def test_what_comes_too_late_overwrites_nothing_and_lands_nowhere_else(server: Harness, ada: Caller):
    mine, other = await ada.chat("say one"), await ada.chat("say other")
    path = f"/threads/{mine['id']}"
    knew = (await ada.get(f"{path}/turns")).json[0]["id"]
    await ada.patch(path, {"title": "Mine"})
    await ada.made(f"{path}/messages", {"message": "say two"})
    await ada.finished(mine["id"], 2)
    clock = server.clock

    late = DescribeThread(
        at=clock.now(), seed=clock.seed(), thread_id=mine["id"], last_turn_id=knew, title="Late", settles_title=True,
        summary="Of one turn.", usage=Usage(3, 2),
    )  # fmt: skip
    await server.app.runtime.submit(SYSTEM, late)
    shown = (await ada.get(path)).json
    await ada.delete(path)

    assert (shown["title"], shown["title_source"], shown["summary"]) == ("Mine", "manual", None)
    assert shown["usage"]["input_tokens"] == 3
    assert (await ada.get(f"/threads/{other['id']}")).json["title"] == "say other"
    with pytest.raises(NotFound):
        await server.app.runtime.submit(SYSTEM, late)


async def test_a_failure_to_write_fails_no_turn_and_ends_after_some_tries(
    server: Harness, ada: Caller, provider: OpenAIServer
):
    provider.writes["title"] = "status 500"
    async with server.ticking():
        thread = await ada.made("/threads", {"agent_id": "small", "initial_message": "say hello"})
        await ada.finished(thread["id"])
        while len(provider.requests) < 4:
            await server.app.store.append(())

    shown = (await ada.get(f"/threads/{thread['id']}")).json
    assert (shown["title"], shown["status"]) == ("say hello", "idle")
    (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json
    assert turn["status"] == "completed"


async def test_a_summary_comes_with_the_sixth_message_and_again_as_the_thread_grows(
    ada: Caller, provider: OpenAIServer
):
    thread = await ada.made("/threads", {"agent_id": "small", "title": "Mine", "initial_message": "say 1"})
    for turn in (2, 3):
        await ada.finished(thread["id"], turn - 1)
        await ada.made(f"/threads/{thread['id']}/messages", {"message": f"say {turn}"})
    first = await changed(ada, thread, "summary", 3)
    provider.writes["Summarise"] = "say And of plants."
    for turn in (4, 5):
        await ada.made(f"/threads/{thread['id']}/messages", {"message": f"say {turn}"})
        await ada.finished(thread["id"], turn)
    second = await changed(ada, thread, "summary", 5)

    assert (first, second) == ("They spoke of animals.", "And of plants.")
    asked = str(provider.requests[-1]["messages"][-1]["content"])
    assert asked.startswith("Earlier summary: They spoke of animals.")


async def test_without_a_model_the_summary_is_an_outline_and_the_title_stays(ada: Caller):
    thread = await ada.chat("say one", "say two", "say three")

    summary = await changed(ada, thread, "summary", 3)

    shown = (await ada.get(f"/threads/{thread['id']}")).json
    assert summary == "say one · say two · say three"
    assert (shown["title"], shown["usage"]["input_tokens"]) == ("say one", 0)


async def test_the_owners_summary_stays_until_it_is_given_back(ada: Caller):
    thread = await ada.chat("say one")
    path = f"/threads/{thread['id']}"
    await ada.patch(path, {"summary": "mine"})
    for turn in (2, 3):
        await ada.made(f"{path}/messages", {"message": "say more"})
        await ada.finished(thread["id"], turn)
    kept = (await ada.get(path)).json["summary"]

    async with ada.events(f"{path}/events") as events:
        await ada.patch(path, {"summary": None})
        while not (told := data_of(await events.until("thread.updated"))["data"]["summary"]["summary"]):
            pass

    assert (kept, told) == ("mine", "say one · say more · say more")


async def test_a_long_thread_is_condensed_for_the_model_and_says_so_while_its_transcript_stays_whole(
    provider: OpenAIServer,
):
    provider.writes = {"continued": "say They went through the alphabet."}
    settings = ModelSettings("openai:small", provider.base_url, "sk-1", retries=0, history_chars=600)
    agent = ModelAgent(settings, AgentProfile("small", "Small", "A small model.", "model", tools=()))
    async with serving([agent], summaries={"titles": False, "summaries": False}) as server:
        ada = server.ada
        thread = await ada.made("/threads", {"agent_id": "small"})
        for turn, letter in enumerate("abcd", 1):
            await ada.made(f"/threads/{thread['id']}/messages", {"message": f"say {letter * 100}"})
            await ada.finished(thread["id"], turn)

        said = (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json
        shown = (await ada.get(f"/threads/{thread['id']}")).json
        asked = str(provider.requests[-1]["messages"])

    (notice,) = [item for item in said if item["role"] == "system"]
    assert notice["text"] == "They went through the alphabet."
    assert [item["text"][:5] for item in said if item["role"] == "user"] == [f"say {letter}" for letter in "abcd"]
    assert shown["message_count"] == 8
    assert "They went through the alphabet." in asked
    assert "aaa" not in asked
