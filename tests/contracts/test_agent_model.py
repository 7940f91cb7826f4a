"""The model agent over real HTTP, against a small OpenAI-compatible server on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from laneway.agent import AgentEvent, AgentFailed, AgentProfile, Consumed, Reasoning, Text, TurnInput
from laneway.agents.model import ModelAgent, ModelSettings
from laneway.domain.item import Part
from laneway.domain.json import Json, JsonObject
from laneway.domain.thread import Usage
from laneway.testing.agent_suite import AgentSuite, Prompt, probe, texts_of, turns_until
from laneway.testing.turn import PlainTool, RecordedTurn, cut_off, message, said, turn_input, used
from laneway.tool import ToolRejected
from tests.contracts.openai_server import OpenAIServer, running_server

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret"
PROFILE = AgentProfile("small", "Small", "A small model.", "model", tools=("probe",))


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(running: OpenAIServer) -> OpenAIServer:
    running.requests.clear()
    running.keys.clear()
    return running


def settings_for(server: OpenAIServer, **more: Any) -> ModelSettings:
    return ModelSettings("openai:small", server.base_url, KEY, retries=0, **more)


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[ModelAgent]:
    agent = ModelAgent(settings_for(server), PROFILE)
    yield agent
    await agent.close()


class TestModelAgent(AgentSuite):
    made: ModelAgent
    server: OpenAIServer

    @pytest.fixture(autouse=True)
    def use(self, model: ModelAgent, server: OpenAIServer) -> None:
        self.made, self.server = model, server

    def agent(self) -> ModelAgent:
        return self.made

    def saying(self, text: str) -> Prompt:
        return Prompt(f"say {text}")

    def stalling(self) -> Prompt:
        return Prompt("stall")

    def failing(self) -> Prompt:
        return Prompt("status 500", class_="provider_error")

    def calling(self, name: str, arguments: JsonObject) -> Prompt:
        return Prompt(f"call {name} {json.dumps(arguments)}")

    def open_connections(self) -> int:
        return self.server.open_streams


async def run(agent: ModelAgent, turn: TurnInput) -> list[AgentEvent]:
    return [event async for event in agent.run(turn)]


def sent(server: OpenAIServer, number: int = -1) -> list[tuple[str, object]]:
    """Roles and contents of the messages of one request."""
    return [(each["role"], each.get("content")) for each in server.requests[number]["messages"]]


# --- answers ---------------------------------------------------------------------------------------------------------


async def test_each_chunk_is_an_event_at_once(model: ModelAgent):
    events = await run(model, turn_input("say one two three"))

    assert events == [Text("one"), Text(" two"), Text(" three"), Consumed(Usage(11, 5, 0.0))]


async def test_reasoning_is_told_apart_from_the_answer(model: ModelAgent):
    events = await run(model, turn_input("think so it is"))

    assert "".join(event.text for event in events if isinstance(event, Reasoning)) == "let me think"
    assert "".join(texts_of(events)) == "so it is"


async def test_the_key_is_sent_and_the_model_is_named(model: ModelAgent, server: OpenAIServer):
    await run(model, turn_input("say hi"))

    assert server.keys == [KEY]
    assert server.requests[0]["model"] == "small"


async def test_prompt_notes_and_briefing_are_instructions(server: OpenAIServer):
    agent = ModelAgent(settings_for(server, prompt="Be kind."), PROFILE)

    await run(agent, turn_input("say hi", briefing="Flat, 10,000 in cash.", notes=("be brief", "no risk")))
    await agent.close()

    assert sent(server) == [
        ("system", "Be kind."),
        ("system", "Notes of this session:\n- be brief\n- no risk"),
        ("system", "Flat, 10,000 in cash."),
        ("user", "say hi"),
    ]


async def test_a_model_for_tests_needs_no_network():
    agent = ModelAgent(ModelSettings("test"), PROFILE)

    events = await run(agent, turn_input("hello"))

    assert agent.availability() is None
    assert "".join(texts_of(events)) == "success (no tool calls)"


# --- context ---------------------------------------------------------------------------------------------------------


async def test_history_is_rebuilt_in_order_with_what_was_cut_off_marked(model: ModelAgent, server: OpenAIServer):
    history = [
        said("user", "first"),
        said("assistant", "an answer", "agent"),
        said("user", "second"),
        said("assistant", "half an ans", "agent", "interrupted"),
    ]

    await run(model, turn_input("say hi", handle=RecordedTurn(history=history)))

    assert sent(server) == [
        ("user", "first"),
        ("assistant", "an answer"),
        ("user", "second"),
        ("assistant", "half an ans"),
        ("user", "(The answer above was stopped before it was finished.)"),
        ("user", "say hi"),
    ]


async def test_messages_of_a_batch_stay_apart(model: ModelAgent, server: OpenAIServer):
    await run(model, turn_input("one", "two", "say three"))

    assert sent(server) == [("user", "one"), ("user", "two"), ("user", "say three")]


async def test_senders_are_named_where_there_are_several(model: ModelAgent, server: OpenAIServer):
    batch = [message("hi", "que_1", "ada"), message("say hi", "que_2", "bob")]

    await run(model, turn_input(*batch))

    assert sent(server) == [("user", "[ada]\nhi"), ("user", "[bob]\nsay hi")]


async def test_answers_of_other_agents_are_reported_and_not_put_into_its_mouth(model: ModelAgent, server: OpenAIServer):
    history = [said("user", "who?"), said("assistant", "me", "guide")]

    await run(model, turn_input("say hi", handle=RecordedTurn(history=history)))

    assert sent(server)[1] == ("user", "(guide answered:)\nme")


async def test_calls_of_history_have_their_results_and_lost_ones_are_repaired(model: ModelAgent, server: OpenAIServer):
    history = [
        said("user", "go"),
        used("note.add", {"text": "x"}, {"id": 1}, call_id="c1"),
        used("note.add", {"text": "y"}, error="full", call_id="c2"),
        cut_off("desk.order", {"symbol": "BTC"}, call_id="c3"),
        said("assistant", "done", "agent"),
    ]
    handle = RecordedTurn(history=history, tools=[PlainTool("note.add", lambda arguments: None)])

    await run(model, turn_input("say hi", handle=handle))

    messages = server.last_messages
    calls = [call for each in messages for call in each.get("tool_calls", ())]
    results = {each["tool_call_id"]: each["content"] for each in messages if each["role"] == "tool"}
    assert [(call["id"], call["function"]["name"]) for call in calls] == [
        ("c1", "note_add"), ("c2", "note_add"), ("c3", "desk_order"),
    ]  # fmt: skip
    assert json.loads(results["c1"]) == {"id": 1}
    assert "full" in results["c2"]
    assert "No result was recorded" in results["c3"]
    assert answered_before_anything_else(messages)


def answered_before_anything_else(messages: list[dict[str, Any]]) -> bool:
    """Providers refuse a conversation in which a call's result does not come right after it."""
    open_calls: set[str] = set()
    for each in messages:
        if each["role"] == "tool":
            open_calls.discard(each["tool_call_id"])
        elif open_calls:
            return False
        open_calls |= {call["id"] for call in each.get("tool_calls", ())}
    return not open_calls


async def test_parts_of_a_message_arrive_as_text_and_images_as_images(model: ModelAgent, server: OpenAIServer):
    handle = RecordedTurn(files={"cat.png": b"\x89PNG", "book.pdf": b"%PDF"})
    cat, book = handle.file_id("cat.png"), handle.file_id("book.pdf")
    parts = (
        Part("text", text="say hi"),
        Part("code", language="python", text="x = 1"),
        Part("data", data={"a": 1}),
        Part("image", attachment_id=cat),
        Part("file", attachment_id=book),
        Part("file", attachment_id="att_9"),
    )

    await run(model, turn_input(message("say hi", parts=parts), handle=handle))

    content: Any = sent(server)[0][1]
    texts = "\n".join(each["text"] for each in content if each["type"] == "text")
    assert "```python\nx = 1\n```" in texts
    assert '```json\n{"a": 1}\n```' in texts
    assert f"(Attached file cat.png, image/png, 4 bytes, id {cat})" in texts
    assert "book.pdf" in texts
    assert "att_9, is no longer there" in texts
    assert [each["image_url"]["url"] for each in content if each["type"] == "image_url"] == [
        "data:image/png;base64,iVBORw=="
    ]
    assert handle.reads == [cat]


async def test_after_a_crash_it_goes_on_from_what_was_recorded(model: ModelAgent, server: OpenAIServer):
    progress = [said("assistant", "Let me look.", "agent"), used("probe", {"value": 1}, "seen")]

    events = await run(model, turn_input("call probe {}", handle=RecordedTurn(progress=progress), attempt=2))

    assert [role for role, _ in sent(server)] == ["user", "assistant", "tool"]
    assert "".join(texts_of(events)) == "the tool said seen"


async def test_a_text_that_was_recorded_last_is_asked_to_be_gone_on_with(model: ModelAgent, server: OpenAIServer):
    progress = [said("assistant", "Let me look.", "agent")]

    await run(model, turn_input("say on", handle=RecordedTurn(progress=progress), attempt=2))

    assert [role for role, _ in sent(server)] == ["user", "assistant", "user"]


async def test_a_call_that_waited_when_the_process_died_is_finished_first(model: ModelAgent, server: OpenAIServer):
    seen: list[JsonObject] = []
    handle = RecordedTurn(progress=[cut_off("probe", {"value": 3}, "c9", "called")], tools=[probe(seen)])

    await run(model, turn_input("call probe {}", handle=handle, attempt=2))

    assert seen == [{"value": 3}]
    assert server.last_messages[-1]["tool_call_id"] == "c9"
    assert len(server.requests) == 1


async def test_what_steered_an_earlier_attempt_is_heard_once(model: ModelAgent, server: OpenAIServer):
    steered = replace(said("user", "say steered"), queue_item_id="que_7")
    handle = RecordedTurn(progress=[steered], steering=[[message("say steered", "que_7")]])

    await run(model, turn_input("say first", handle=handle, attempt=2))

    assert sent(server) == [("user", "say first"), ("user", "say steered")]
    assert len(server.requests) == 1


# --- tools -----------------------------------------------------------------------------------------------------------


async def test_a_tool_is_offered_with_its_schema_and_its_result_goes_back(model: ModelAgent, server: OpenAIServer):
    seen: list[JsonObject] = []
    handle = RecordedTurn(tools=[probe(seen)])

    events = await run(model, turn_input('call probe {"value": 7}', handle=handle))

    offered = server.requests[0]["tools"][0]["function"]
    assert offered["name"] == "probe"
    assert offered["description"] == "Records a value."
    assert offered["parameters"] == dict(probe([]).parameters)
    assert seen == [{"value": 7}]
    assert "".join(texts_of(events)) == 'the tool said {"seen":1}'


async def test_names_that_providers_refuse_are_mapped_there_and_back(model: ModelAgent, server: OpenAIServer):
    tools = [PlainTool(name, lambda arguments: None) for name in ("note.add", "note_add", "täg")]
    handle = RecordedTurn(tools=tools)

    await run(model, turn_input("call note_add_2 {}", handle=handle))

    assert [tool["function"]["name"] for tool in server.requests[0]["tools"]] == ["note_add", "note_add_2", "t_g"]
    assert [call.name for call in handle.calls] == ["note_add"]


async def test_calls_that_come_together_run_one_after_another_in_order(model: ModelAgent, server: OpenAIServer):
    order: list[Json] = []

    async def slow(arguments: JsonObject) -> Json:
        order.append(("begin", arguments["value"]))
        await asyncio.sleep(0)
        order.append(("end", arguments["value"]))
        return arguments["value"]

    handle = RecordedTurn(tools=[PlainTool("probe", slow)])

    events = await run(model, turn_input('calls [["probe", {"value": 1}], ["probe", {"value": 2}]]', handle=handle))

    assert order == [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)]
    assert [each["content"] for each in server.last_messages if each["role"] == "tool"] == ["1", "2"]
    assert texts_of(events) == ["Wait.", "the", " tool", " said", " 2"]


@pytest.mark.parametrize(
    ("prompt", "told"),
    [("call none {}", "no tool none"), ("call probe [1]", "not a JSON object"), ("call probe {", "not a JSON object")],
)
async def test_a_call_that_makes_no_sense_is_told_to_the_model(
    model: ModelAgent, server: OpenAIServer, prompt: str, told: str
):
    handle = RecordedTurn(tools=[probe([])])

    await run(model, turn_input(prompt, handle=handle))

    assert handle.calls == []
    assert told in server.last_messages[-1]["content"]


async def test_a_rejection_is_told_to_the_model(model: ModelAgent, server: OpenAIServer):
    def reject(arguments: JsonObject) -> Json:
        raise ToolRejected("Not today.")

    await run(model, turn_input("call probe {}", handle=RecordedTurn(tools=[PlainTool("probe", reject)])))

    assert "Not today." in server.last_messages[-1]["content"]


async def test_messages_that_steer_come_between_two_requests(model: ModelAgent, server: OpenAIServer):
    steering = [[message("say steered", "que_2")], [message("say again", "que_3")]]
    handle = RecordedTurn(tools=[probe([])], steering=steering)

    events = await run(model, turn_input("calls []", handle=handle))

    assert texts_of(events) == ["Wait.", "\n\nsteered", "\n\nagain"]
    assert [role for role, _ in sent(server)] == ["user", "assistant", "user", "assistant", "user"]


async def test_a_model_that_never_stops_calling_is_stopped(server: OpenAIServer):
    agent = ModelAgent(settings_for(server, max_steps=3), PROFILE)
    handle = RecordedTurn(tools=[probe([])], steering=[[message("call-for-ever probe", f"que_s{n}")] for n in range(9)])

    with pytest.raises(AgentFailed) as stopped:
        await run(agent, turn_input("call-for-ever probe", handle=handle))
    await agent.close()

    assert stopped.value.class_ == "step_limit"
    assert len(server.requests) == 3


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "class_"),
    [
        ("status 429", "rate_limited"),
        ("status 500 oops", "provider_error"),
        ("status 503 overloaded", "provider_error"),
        ("status 400 context_length_exceeded", "provider_refused"),
        ("status 401 bad", "provider_refused"),
        ("status 404 none", "provider_refused"),
        ("status 402 pay", "provider_refused"),
        ("filtered", "provider_refused"),
        ("cut", "provider_unreachable"),
        ("end-early", "provider_unreachable"),
        ("garbage page", "provider_garbled"),
        ("garbage json", "provider_garbled"),
        ("garbage shape", "provider_garbled"),
        ("garbage list", "provider_garbled"),
        ("garbage choices", "provider_garbled"),
        ("garbage empty", "provider_garbled"),
        ("garbage error", "provider_error"),
    ],
)
async def test_each_way_to_fail_has_its_class_and_none_shows_the_key(model: ModelAgent, prompt: str, class_: str):
    with pytest.raises(AgentFailed) as failure:
        await run(model, turn_input(prompt))

    assert failure.value.class_ == class_
    assert failure.value.message.startswith("openai:small: ")
    assert KEY not in failure.value.message
    assert failure.value.__cause__ is None, "a traceback must not show what the provider's client held"


async def test_a_rate_limit_says_how_long_to_wait(model: ModelAgent):
    with pytest.raises(AgentFailed, match="asks to wait 7 s"):
        await run(model, turn_input("status 429 slow down"))


async def test_what_came_before_the_cut_has_been_said(model: ModelAgent):
    heard: list[AgentEvent] = []

    async def listen() -> None:
        async for event in model.run(turn_input("cut")):
            heard.append(event)

    with pytest.raises(AgentFailed):
        await listen()

    assert "".join(texts_of(heard)) == "well then"


async def test_a_provider_that_is_not_there_is_unreachable():
    agent = ModelAgent(ModelSettings("openai:small", "http://127.0.0.1:9/v1", KEY, retries=0), PROFILE)

    with pytest.raises(AgentFailed) as failure:
        await run(agent, turn_input("say hi"))
    await agent.close()

    assert failure.value.class_ == "provider_unreachable"


async def test_a_cancelled_request_drops_its_connection_before_any_answer(model: ModelAgent, server: OpenAIServer):
    task = asyncio.create_task(run(model, turn_input("slow")))
    await asyncio.to_thread(server.wait_for_streams, 1)
    task.cancel()
    await turns_until(task.done)

    assert task.cancelled()
    await asyncio.to_thread(server.wait_for_streams, 0)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nobody:knows", "just-a-name"])
def test_a_model_that_nobody_knows_is_unavailable_and_says_why(name: str):
    assert name in (ModelAgent(ModelSettings(name, api_key=KEY), PROFILE).availability() or "")


async def test_an_unavailable_model_fails_its_turns():
    with pytest.raises(AgentFailed) as failure:
        await run(ModelAgent(ModelSettings("nobody:knows"), PROFILE), turn_input("hi"))

    assert failure.value.class_ == "provider_refused"


async def test_a_missing_key_is_a_reason_and_no_crash(monkeypatch: pytest.MonkeyPatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    for model in ("openai:gpt-5", "anthropic:claude-sonnet-4-5"):
        reason = ModelAgent(ModelSettings(model), PROFILE).availability() or ""
        assert "API_KEY" in reason
        assert "Pydantic" not in reason
        assert ModelAgent(ModelSettings(model, api_key=KEY), PROFILE).availability() is None


@pytest.mark.parametrize("name", ["small", "openai-chat:small", "llama3:8b", "anthropic:claude-x", "deepseek:chat"])
def test_an_address_needs_no_key_and_takes_any_name(name: str):
    assert ModelAgent(ModelSettings(name, "http://127.0.0.1:9/v1"), PROFILE).availability() is None


def test_settings_never_show_the_key():
    assert KEY not in repr(ModelSettings("openai:small", api_key=KEY))


async def test_its_profile_keeps_what_the_settings_say_and_knows_what_it_can_do(model: ModelAgent):
    assert (model.profile.name, model.profile.kind, model.profile.recovery) == ("small", "model", "continue")
    assert model.profile.tools == ("probe",)
    assert model.profile.capabilities.steer


async def test_a_blank_batch_asks_nothing(model: ModelAgent, server: OpenAIServer):
    events = await run(model, turn_input("", "  ", handle=RecordedTurn(history=[said("user", "before")])))

    assert events == []
    assert server.requests == []
