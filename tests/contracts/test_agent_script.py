"""The script agent: the agent suite, and every directive."""

import asyncio
import json
from typing import NoReturn

import pytest

from laneway.agent import AgentEvent, AgentFailed, ResumePoint, Text, TurnInput
from laneway.agents.script import SCRIPT, ScriptAgent
from laneway.domain.json import JsonObject
from laneway.testing.agent_suite import AgentSuite, Prompt, texts_of, turns_until
from laneway.testing.clock import FakeClock
from laneway.testing.turn import PlainTool, RecordedTurn, message, said, turn_input
from laneway.tool import ToolFailed, ToolRejected

pytestmark = pytest.mark.anyio


class TestScriptAgent(AgentSuite):
    def agent(self) -> ScriptAgent:
        return ScriptAgent(FakeClock())

    def saying(self, text: str) -> Prompt:
        return Prompt(f"say {text}")

    def stalling(self) -> Prompt:
        return Prompt("say well then\nsleep 3600")

    def failing(self) -> Prompt:
        return Prompt("fail on purpose")

    def calling(self, name: str, arguments: JsonObject) -> Prompt:
        return Prompt(f"tool {name} {json.dumps(arguments)}")

    def working(self) -> Prompt:
        return Prompt("block 0.1")


class TestBlockingScript(TestScriptAgent):
    def stalling(self) -> Prompt:
        return Prompt("say well then\nblock 3600")


class Exited(Exception):
    pass


async def run(turn: TurnInput, agent: ScriptAgent | None = None) -> list[AgentEvent]:
    return [event async for event in (agent or ScriptAgent(FakeClock())).run(turn)]


async def answer(*batch: str, handle: RecordedTurn | None = None, agent: str = "script", attempt: int = 1) -> str:
    return "".join(texts_of(await run(turn_input(*batch, handle=handle, agent=agent, attempt=attempt))))


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("hello there", "hello there"),
        ("two lines\n\nand a gap\n", "two lines\n\nand a gap\n"),
        ("@guide are you there?", "@guide are you there?"),
        ("sleep well", "sleep well"),
        ("stream of words", "stream of words"),
        ("crash course", "crash course"),
        ("for example", "for example"),
        ("for example this", "for example this"),
        ("effect of once", "effect of once"),
        ("   ", "   "),
        ("", ""),
        ("say hello", "hello"),
        ("say  two  spaces ", " two  spaces "),
        ("say", ""),
        ("  say indented", "indented"),
        ("say a\nsay b", "a\nb"),
        ("say a\r\nsay b\r\n", "a\nb"),
        ("say a\n\nplain  text\n\nsay b\n", "a\nplain  text\nb"),
        ("say a\nsay\nsay b", "a\nb"),
        ("say a\u2028b", "a\u2028b"),
        ("stream 3 0", "w0 w1 w2"),
        ("stream 0 0", ""),
        ("say a\nstream 2 0\nsay b", "a\nw0 w1\nb"),
    ],
)
async def test_what_is_said(text: str, answered: str):
    assert await answer(text) == answered


async def test_say_streams_one_word_at_a_time():
    events = await run(turn_input("say one  two\tthree "))

    assert texts_of(events) == ["one", "  two", "\tthree "]


async def test_only_the_last_message_of_the_batch_is_read():
    assert await answer("say first", "say second") == "second"


async def test_an_empty_batch_gives_an_empty_answer():
    assert await run(turn_input()) == []


async def test_a_tool_call_ends_one_message_and_begins_the_next():
    handle = RecordedTurn(tools=[PlainTool("note.add", lambda arguments: None)])

    events = await run(turn_input('say a\nsay b\ntool note.add {"text": "x y"}\nsay c', handle=handle))

    assert texts_of(events) == ["a", "\nb", "c"]
    assert [(call.name, call.arguments) for call in handle.calls] == [("note.add", {"text": "x y"})]


async def test_a_tool_needs_no_arguments():
    handle = RecordedTurn(tools=[PlainTool("look", lambda arguments: None)])

    await answer("tool look", handle=handle)

    assert handle.calls[0].arguments == {}


@pytest.mark.parametrize("arguments", ["{", "[1]", "text", '{"a": NaN}', "[" * 100_000])
async def test_arguments_that_are_no_json_object_fail_the_run(arguments: str):
    handle = RecordedTurn(tools=[PlainTool("look", lambda arguments: None)])

    with pytest.raises(AgentFailed) as failure:
        await answer(f"tool look {arguments}", handle=handle)

    assert failure.value.class_ == "bad_directive"
    assert handle.calls == []


async def test_a_failed_tool_is_told_and_a_rejected_one_is_not():
    def fail(arguments: JsonObject) -> NoReturn:
        raise ToolFailed("the disk is full")

    def reject(arguments: JsonObject) -> NoReturn:
        raise ToolRejected("the owner said no")

    handle = RecordedTurn(tools=[PlainTool("full", fail), PlainTool("no", reject)])

    assert await answer("tool full\ntool no\ntool none\nsay on", handle=handle) == (
        "tool full failed: the disk is fulltool none failed: There is no tool none.\non"
    )


async def test_effect_once_and_spawn_are_tool_calls():
    tools = [PlainTool("effect.once", lambda arguments: None), PlainTool("spawn", lambda arguments: "done")]
    handle = RecordedTurn(tools=tools)

    assert await answer("effect once label 1\nspawn say hello to me", handle=handle) == ""
    assert [(call.name, call.arguments) for call in handle.calls] == [
        ("effect.once", {"label": "label 1"}),
        ("spawn", {"text": "say hello to me"}),
    ]


@pytest.mark.parametrize("approved", [True, False])
async def test_ask_waits_for_the_owner_and_goes_on(approved: bool):
    handle = RecordedTurn(answers=[approved])

    events = await run(turn_input("say a\nask May I go on?\nsay b", handle=handle))

    assert handle.asked == ["May I go on?"]
    assert texts_of(events) == ["a", "b"]


async def test_fail_says_why():
    with pytest.raises(AgentFailed, match=r"^out of luck$") as failure:
        await answer("say a\nfail out of luck\nsay b")

    assert failure.value.class_ == "agent_failed"


async def test_fail_until_spares_later_attempts():
    with pytest.raises(AgentFailed, match=r"^not yet$"):
        await answer("fail-until 3 not yet\nsay done", attempt=2)

    assert await answer("fail-until 3 not yet\nsay done", attempt=3) == "done"


@pytest.mark.parametrize(("text", "attempt", "exits"), [("crash", 9, True), ("crash-until 2", 1, True),
                                                        ("crash-until 2", 2, False)])  # fmt: skip
async def test_crash_ends_the_process(text: str, attempt: int, exits: bool):
    codes: list[int] = []

    def exit_process(code: int) -> NoReturn:
        codes.append(code)
        raise Exited

    agent = ScriptAgent(FakeClock(), exit_process=exit_process)
    try:
        events = await run(turn_input(f"{text}\nsay survived", attempt=attempt), agent)
    except Exited:
        events = []

    assert codes == ([137] if exits else [])
    assert "".join(texts_of(events)) == ("" if exits else "survived")


async def test_context_says_everything_that_was_given():
    handle = RecordedTurn(history=[said("user", "hi"), said("assistant", "hé", "guide")])
    turn = turn_input("say a", "context", handle=handle, agent="script", resume_id="r1", attempt=2, briefing="Flat.",
                      notes=("be brief",))  # fmt: skip

    events = await run(turn)

    assert json.loads("".join(texts_of(events))) == {
        "messages": [
            {"role": "user", "text": "hi", "agent": None},
            {"role": "assistant", "text": "hé", "agent": "guide"},
        ],
        "resume_id": "r1",
        "lane": {"workflow": "chat", "scope": "thr_1", "agent": "script"},
        "session_id": "ses_1",
        "thread_id": "thr_1",
        "turn_id": "trn_thr_1",
        "attempt": 2,
        "batch": [
            {"id": "que_1", "sender": "ada", "text": "say a"},
            {"id": "que_2", "sender": "ada", "text": "context"},
        ],
        "briefing": "Flat.",
        "notes": ["be brief"],
    }


async def test_resume_id_is_given_back():
    assert await run(turn_input("resume-id abc\nsay ok")) == [ResumePoint("abc"), Text("ok")]


async def test_a_lost_resume_id_is_refused_as_unknown():
    with pytest.raises(AgentFailed) as failure:
        await run(turn_input("say ok", resume_id="lost-1"))

    assert failure.value.class_ == "unknown_resume"


async def test_a_directive_for_another_agent_is_silence():
    text = "for alpha say I am alpha\nfor beta fail\nfor alpha for beta say both"

    assert await answer(text, agent="alpha") == "I am alpha"
    assert await answer("for beta fail", agent="alpha") == ""
    assert await answer("for alpha " * 20_000 + "say deep", agent="alpha") == "deep"


async def test_messages_that_steer_are_done_after_what_is_left():
    handle = RecordedTurn(steering=[[message("say b\nsay c"), message("plain")], [message("say d")]])

    assert await answer("say a\nsay still mine", handle=handle) == "a\nstill mine\nb\nc\nplain\nd"


async def test_sleep_waits_on_the_clock():
    clock = FakeClock()
    task = asyncio.create_task(run(turn_input("sleep 60\nsay awake"), ScriptAgent(clock)))
    await turns_until(task.done, 50)

    assert not task.done()
    await clock.advance(60)

    assert await task == [Text("awake")]


async def test_stream_waits_between_its_words():
    clock = FakeClock()
    heard: list[str] = []

    async def listen() -> None:
        async for event in ScriptAgent(clock).run(turn_input("stream 3 500")):
            heard.extend(texts_of([event]))

    task = asyncio.create_task(listen())
    await turns_until(task.done, 50)
    assert heard == ["w0"]
    await clock.advance(0.5)
    assert heard == ["w0", " w1"]
    await clock.advance(0.5)
    await task

    assert heard == ["w0", " w1", " w2"]


def test_its_profile_keeps_what_the_settings_say_and_knows_what_it_can_do():
    profile = ScriptAgent(FakeClock()).profile

    assert (profile.name, profile.kind, profile.recovery) == ("script", "script", "replay")
    assert profile.capabilities.steer
    assert SCRIPT.name == "script"
