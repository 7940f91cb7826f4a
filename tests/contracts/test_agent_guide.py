"""The guide: the agent suite, which document it answers from, its notes, and what it makes of odd files."""

import asyncio
import threading

import pytest

from laneway.agent import AttachedFile
from laneway.agents.guide import GuideAgent
from laneway.agents.guide.passages import LONGEST, split
from laneway.agents.guide.words import stem, words_of
from laneway.domain.item import Part
from laneway.domain.json import Json, JsonObject
from laneway.testing.agent_suite import AgentSuite, Prompt, texts_of
from laneway.testing.turn import PlainTool, RecordedTurn, message, turn_input
from laneway.tool import ToolFailed, ToolRejected
from tests.contracts.guide_files import FILES, QUESTIONS

pytestmark = pytest.mark.anyio


class TestGuideAgent(AgentSuite):
    def agent(self) -> GuideAgent:
        return GuideAgent()

    def saying(self, text: str) -> Prompt:
        return Prompt(f"What is known about {text}?", {"paper.txt": f"It is known that {text} and no more.".encode()})

    def stalling(self) -> None:
        return None

    def failing(self) -> None:
        return None

    def calling(self, name: str, arguments: JsonObject) -> None:
        return None

    def working(self) -> Prompt:
        lines = (f"Line {number} speaks of subject{number % 97} and of nothing else." for number in range(20_000))
        return Prompt("Which line speaks of subject13?", {"long.txt": "\n\n".join(lines).encode()})


async def ask(
    *batch: str, handle: RecordedTurn | None = None, agent: GuideAgent | None = None, briefing: str = ""
) -> str:
    turn = turn_input(*batch, handle=handle, briefing=briefing)
    return "".join(texts_of([event async for event in (agent or GuideAgent()).run(turn)]))


def sources(answer: str) -> list[str]:
    return [line.removeprefix("> — ") for line in answer.split("\n") if line.startswith("> — ")]


# --- which document answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "question", "quoted"), QUESTIONS)
async def test_a_question_is_answered_from_the_one_document_that_answers_it(name: str, question: str, quoted: str):
    answer = await ask(question, handle=RecordedTurn(files=FILES))

    assert sources(answer)[0].startswith(name)
    assert quoted in answer.replace("\n> ", " ")
    assert len(sources(answer)) <= 3


@pytest.mark.parametrize(
    "question",
    [
        "What is the weather in Paris tomorrow?",
        "Who wrote Hamlet?",
        "How do I bake sourdough bread?",
        "Translate this into Portuguese",
    ],
)
async def test_it_says_plainly_that_nothing_answers(question: str):
    answer = await ask(question, handle=RecordedTurn(files=FILES))

    assert answer.startswith("I found nothing about that. I looked into ")
    assert "`garden.txt`" in answer
    assert sources(answer) == []


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("What is Laneway?", "what-laneway-is.md"),
        ("How do I set a timer?", "timers-and-alerts.md, Set a timer"),
        ("How do I reconnect to an event stream?", "streams.md, Reconnect without losing anything"),
        ("How can I use an OpenAI model?", "agents.md, Use a model"),
        ("How do I get an API key?", "api.md, Get an API key"),
        ("What does needs_review mean for a turn?", "turns.md, Needs review"),
        ("Can I edit a message that waits in the queue?", "queue.md, Edit, reorder, hold and withdraw"),
        ("What do threads of a session share?", "sessions.md, Sessions and what they share"),
        ("How do I bind a Discord conversation?", "channels.md"),
    ],
)
async def test_laneway_is_explained_from_its_own_pages(question: str, page: str):
    answer = await ask(question)

    assert "Laneway's own pages" in answer
    assert sources(answer)[0].startswith(page)


async def test_a_file_that_answers_comes_before_the_own_pages():
    handle = RecordedTurn(
        files={"house.txt": b"# Timers\n\nTo set a timer, ask the cook. She has a timer for each pot."}
    )

    answer = await ask("How do I set a timer?", handle=handle)

    assert sources(answer)[0] == "house.txt, Timers"


async def test_notes_and_the_state_of_the_session_are_looked_into():
    turn = turn_input("When is the dentist?", notes=("The dentist is on Monday.",), briefing="Cash: 10,000.")

    answer = "".join(texts_of([event async for event in GuideAgent().run(turn)]))
    state = await ask("How much cash is there?", briefing="Cash: 10,000 dollars.")

    assert "> The dentist is on Monday." in answer
    assert "> Cash: 10,000 dollars." in state


async def test_a_word_that_is_nowhere_is_taken_for_those_that_begin_like_it():
    answer = await ask("Which struct is there?", handle=RecordedTurn(files={"a.txt": b"# Structures\n\nThe beam."}))

    assert sources(answer) == ["a.txt, Structures"]


# --- batches and notes -----------------------------------------------------------------------------------------------


async def test_each_message_of_a_batch_is_answered_under_its_own_heading():
    notes: list[JsonObject] = []

    answer = await ask("What is steer?", "note: buy milk", "", handle=RecordedTurn(tools=[note_tool(notes)]))

    assert [line for line in answer.split("\n") if line.startswith("#")] == ["### What is steer?", "### note: buy milk"]
    assert answer.endswith("\n\n### note: buy milk\n\nNoted: buy milk")
    assert notes == [{"text": "buy milk"}]


async def test_messages_that_steer_are_answered_too():
    handle = RecordedTurn(steering=[[message("What is a lane?")]])

    answer = await ask("What is steer?", handle=handle)

    assert "### What is a lane?" in answer


def note_tool(notes: list[JsonObject]) -> PlainTool:
    def add(arguments: JsonObject) -> Json:
        notes.append(arguments)
        return {"id": "note_1"}

    return PlainTool("note.add", add)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("note: buy milk", {"text": "buy milk"}),
        ("Note:\ntwo\nlines\n", {"text": "two\nlines"}),
        ("remember that I prefer tea", {"text": "I prefer tea", "prompt": True}),
        ("Please remember: no risk", {"text": "no risk", "prompt": True}),
    ],
)
async def test_a_note_is_kept_with_the_tool(text: str, note: JsonObject):
    notes: list[JsonObject] = []

    answer = await ask(text, handle=RecordedTurn(tools=[note_tool(notes)]))

    assert notes == [note]
    assert answer == f"Noted: {note['text']}"


async def test_a_note_that_cannot_be_kept_is_no_failure():
    def full(arguments: JsonObject) -> Json:
        raise ToolFailed("there are 100 already")

    def reject(arguments: JsonObject) -> Json:
        raise ToolRejected("no")

    assert await ask("note: x") == "I cannot keep notes in this session."
    assert "100 already" in await ask("note: x", handle=RecordedTurn(tools=[PlainTool("note.add", full)]))
    assert "rejected" in await ask("note: x", handle=RecordedTurn(tools=[PlainTool("note.add", reject)]))


@pytest.mark.parametrize("text", ["hello", "Help!", "what can you do?", "why?", "???"])
async def test_who_asks_nothing_is_told_what_can_be_asked(text: str):
    assert (await ask(text)).startswith("I am the guide")


async def test_a_file_without_a_question_is_acknowledged():
    turn = turn_input(message("", parts=(Part("file", attachment_id="att_1"),)))

    assert "".join(texts_of([event async for event in GuideAgent().run(turn)])).startswith("I have it.")


# --- files -----------------------------------------------------------------------------------------------------------


async def test_what_is_no_text_is_named_and_not_read():
    handle = RecordedTurn(files={"cat.png": b"\x89PNG", "disk.bin": b"\0\1\2", "a.txt": b"Nothing of interest."})

    answer = await ask("What is the moon made of?", handle=handle)

    assert "I cannot read `cat.png`, `disk.bin`." in answer
    assert handle.file_id("cat.png") not in handle.reads


@pytest.mark.parametrize(
    "body",
    [
        "The émigré lives in Zürich.".encode(),
        "The émigré lives in Zürich.".encode("utf-8-sig"),
        "The émigré lives in Zürich.".encode("utf-16"),
        b"\xff The \xc3\xa9migr\xc3\xa9 lives in Z\xc3\xbcrich.",
    ],
)
async def test_texts_are_read_in_the_encodings_that_people_have(body: bytes):
    assert "lives in Zürich" in await ask("Where does the émigré live?", handle=RecordedTurn(files={"a.txt": body}))


async def test_a_file_is_read_and_indexed_once():
    agent, handle = GuideAgent(), RecordedTurn(files=FILES)

    await ask("Who waters the tomatoes?", handle=handle, agent=agent)
    await ask("When is the boiler serviced?", handle=handle, agent=agent)

    assert sorted(handle.reads) == sorted(handle.file_id(name) for name in FILES)


async def test_a_name_cannot_break_out_of_its_line():
    handle = RecordedTurn(files={"a`b\n# c.txt": b"The moon is made of cheese."})

    answer = await ask("What is the moon made of?", handle=handle)

    assert "`a'b # c.txt`" in answer
    assert sources(answer) == ["a'b # c.txt"]


@pytest.mark.parametrize(
    "body",
    [
        b"# " + b" " * 500_000,
        b"x" * 500_000,
        b"a b " * 100_000,
        b"\n" * 300_000,
        b"Abc\n\n" * 50_000,
        b"1. A\n2" * 50_000,
    ],
    ids=["heading", "word", "line", "breaks", "titles", "list"],
)
async def test_no_shape_of_a_file_keeps_it_busy_for_long(body: bytes):
    assert await ask("Where is the treasure?", handle=RecordedTurn(files={"odd.txt": body}))


class Reading(RecordedTurn):
    """A turn of which the files take for ever."""

    def __init__(self) -> None:
        super().__init__(files=FILES)
        self.begun = asyncio.Event()

    async def read_file(self, attachment_id: str) -> bytes:
        self.begun.set()
        await asyncio.Event().wait()
        return b""


async def test_cancelled_while_it_reads_it_stops_and_leaves_nothing_behind():
    handle = Reading()
    before = len(asyncio.all_tasks()), threading.active_count()
    task = asyncio.create_task(ask("Who waters the tomatoes?", handle=handle))
    await handle.begun.wait()

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert (len(asyncio.all_tasks()), threading.active_count()) == before


class Vanishing(RecordedTurn):
    """A turn of which a file is deleted between the list and the reading."""

    async def files(self) -> tuple[AttachedFile, ...]:
        return (AttachedFile("att_gone", "gone.txt", "text/plain", 5),)


async def test_a_file_that_is_deleted_meanwhile_is_no_failure():
    assert "I cannot read `gone.txt`." in await ask("Where is the treasure?", handle=Vanishing())


# --- passages and words ----------------------------------------------------------------------------------------------


def test_a_text_is_cut_at_headings_of_every_kind():
    text = "---\ntitle: x\n---\nIntro.\n\n# One #\nFirst.\n\nTwo\n===\nSecond.\n\nThree\n\nThird.\n\n4. Four\nFourth.\n"

    assert [(each.heading, each.text) for each in split(text)] == [
        ("", "---\ntitle: x\n---\nIntro."),
        ("One", "First."),
        ("Two", "Second."),
        ("Three", "Third."),
        ("4. Four", "Fourth."),
    ]


def test_code_has_no_headings():
    assert [each.heading for each in split("# A\n\n```\n# not a heading\n```\n")] == ["A"]


def test_nothing_is_lost_and_nothing_is_too_long():
    text = "\n\n".join(f"Sentence {number} of a paragraph. " * (number % 40 + 1) for number in range(100))

    passages = split(text)

    assert all(len(each.text) <= LONGEST for each in passages)
    assert "".join("".join(each.text.split()) for each in passages) == "".join(text.split())


@pytest.mark.parametrize(
    "forms",
    [
        ("queue", "queues", "queued", "queueing"),
        ("message", "messages"),
        ("isolate", "isolated", "isolation"),
        ("stop", "stops", "stopped", "stopping"),
        ("delivery", "deliveries"),
        ("watch", "watches", "watched"),
        ("status",),
    ],
)
def test_forms_of_a_word_count_as_one(forms: tuple[str, ...]):
    assert len({stem(form) for form in forms}) == 1


def test_a_name_counts_as_itself_and_as_its_parts():
    assert list(words_of("the currentChatId of resume_id")) == [
        "currentchatid", "current", "chat", "id", "resume_id", "resum", "id",
    ]  # fmt: skip
