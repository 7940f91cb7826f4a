"""Conversations of other programs: one small file of each, and what becomes of it."""

import json
from typing import Any

import apsw
import pytest

from laneway.domain.kinds import LANE
from laneway.domain.lane import Lane
from laneway.domain.principal import Principal
from laneway.store import Page, Query, Where
from tests.api import one_server
from tests.api.harness import Caller, Harness
from tests.api.uploads import NOTHING, import_, said, threads_of, zipped

server, ada = one_server.server, one_server.fresh


# --- generic ---------------------------------------------------------------------------------------------------------

LINES = """\
{"thread": "soup", "role": "user", "text": "What goes in?", "at": "2024-03-01T10:00:00+01:00"}
{"thread": "bread", "role": "user", "text": "How long?", "at": "2024-03-01T09:30:00Z", "agent": "eve"}

{"thread": "soup", "role": "assistant", "text": "Leeks.", "at": 1709283605, "agent": "chef"}
{"role": "system", "text": "no thread here"}
{"thread": "soup", "role": "robot", "text": "beep"}
not json
{"thread": "bread", "role": "assistant", "text": ""}
[1]
"""


async def test_json_lines_are_gathered_by_thread(ada: Caller):
    answer = (await import_(ada, LINES.encode(), "generic")).json
    threads = await threads_of(ada)

    assert answer["imported"] == {"sessions": 1, "threads": 3, "items": 4, "lanes": 0}
    assert [each["path"] for each in answer["skipped"]] == ["line 6", "line 7", "line 8", "line 9"]
    assert await said(ada, threads["soup"]) == [("user", None, "What goes in?"), ("assistant", "chef", "Leeks.")]
    assert await said(ada, threads["bread"]) == [("user", "eve", "How long?")]
    assert await said(ada, threads["Imported messages"]) == [("system", None, "no thread here")]
    assert threads["soup"]["created_at"] == "2024-03-01T09:00:00.000000Z"
    assert threads["soup"]["last_message_at"] == "2024-03-01T09:00:05.000000Z"
    assert (threads["soup"]["message_count"], threads["soup"]["last_message"]) == (2, "Leeks.")


async def test_lines_that_were_added_since_are_added_and_a_changed_beginning_is_refused(ada: Caller):
    first = b'{"thread": "t", "role": "user", "text": "one"}\n'
    more = first + b'{"thread": "t", "role": "assistant", "text": "two"}\n'
    await import_(ada, first, "generic")

    grown = (await import_(ada, more, "generic")).json
    changed = (await import_(ada, more.replace(b"one", b"other"), "generic")).json

    assert grown["imported"] == {**NOTHING, "items": 1}
    assert changed["imported"] == NOTHING
    assert "does not begin any more" in changed["skipped"][0]["reason"]
    assert [text for _, _, text in await said(ada, (await threads_of(ada))["t"])] == ["one", "two"]


# --- ChatGPT ---------------------------------------------------------------------------------------------------------


def node(id: str, parent: str | None, role: str = "user", text: str | None = None, **message: Any) -> dict[str, Any]:
    if text is None and "content" not in message:
        return {"id": id, "parent": parent, "children": [], "message": None}
    content = message.pop("content", {"content_type": "text", "parts": [text]})
    made = {
        "id": id, "author": {"role": role, **message.pop("author", {})}, "content": content, "metadata": {},
        "create_time": message.pop("at", 1700000000.25), **message,
    }  # fmt: skip
    return {"id": id, "parent": parent, "children": [], "message": made}


def conversation(id: str, nodes: list[dict[str, Any]], current: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "conversation_id": id, "title": f"About {id}", "create_time": 1700000000.0, "update_time": 1700000100,
        "mapping": {each["id"]: each for each in nodes}, "current_node": current, **more,
    }  # fmt: skip


def tree() -> dict[str, Any]:
    """A root without a message, a question that was edited, and an answer that was given twice."""
    return conversation(
        "tree",
        [
            node("root", None),
            node("sys", "root", "system", ""),
            node("q1", "sys", "user", "First wording"),
            node("a1", "q1", "assistant", "First answer", metadata={"model_slug": "gpt-4o"}),
            node("q2", "sys", "user", "Second wording"),
            node("a2", "q2", "assistant", "Answer A", metadata={"model_slug": "gpt-4o"}),
            node("a3", "q2", "assistant", "Answer B", metadata={"model_slug": "gpt-4o"}),
        ],
        "a3",
    )


async def test_the_branch_that_was_shown_is_a_thread_and_every_other_is_its_fork(ada: Caller):
    answer = (await import_(ada, json.dumps([tree()]).encode(), "chatgpt")).json
    threads = await threads_of(ada)

    main = next(each for each in threads.values() if each["forked_from"] is None)
    forks = [each for each in threads.values() if each["forked_from"] is not None]
    assert answer["imported"] == {"sessions": 1, "threads": 3, "items": 6, "lanes": 0}
    assert answer["skipped"] == []
    assert (main["title"], main["created_at"]) == ("About tree", "2023-11-14T22:13:20.000000Z")
    assert await said(ada, main) == [("user", None, "Second wording"), ("assistant", "gpt-4o", "Answer B")]
    assert {each["forked_from"] for each in forks} == {main["id"]}
    assert sorted([[text for _, _, text in await said(ada, each)] for each in forks]) == [
        ["First wording", "First answer"],
        ["Second wording", "Answer A"],
    ]


def contents() -> list[dict[str, Any]]:
    """One message of each kind, each the answer to the one before."""
    messages: list[tuple[str, str, dict[str, Any]]] = [
        ("code", "assistant", {"content_type": "code", "language": "python", "text": "1 + 1"}),
        ("out", "tool", {"content_type": "execution_output", "text": "2"}),
        ("think", "assistant", {"content_type": "thoughts", "thoughts": [{"summary": "S", "content": "C"}]}),
        ("quote", "tool", {"content_type": "tether_quote", "url": "https://x.example", "title": "T", "text": "said"}),
        ("page", "tool", {"content_type": "sonic_webpage", "url": "https://y.example", "title": "Y", "text": "long"}),
        ("error", "tool", {"content_type": "system_error", "name": "E", "text": "denied"}),
        ("recap", "assistant", {"content_type": "reasoning_recap", "content": "Thought for 3 s"}),
        ("new", "assistant", {"content_type": "hologram", "shape": "cube"}),
        ("new2", "assistant", {"content_type": "hologram", "text": "in words"}),
        ("hidden", "assistant", {"content_type": "text", "parts": ["not shown"]}),
        ("about", "system", {"content_type": "user_editable_context", "user_profile": "P", "user_instructions": "I"}),
        ("empty", "assistant", {"content_type": "text", "parts": [""]}),
        ("odd", "referee", {"content_type": "text", "parts": ["who?"]}),
    ]
    parents = ["q", *(id for id, _, _ in messages)]
    made = [node(id, parents[n], role, content=content) for n, (id, role, content) in enumerate(messages)]
    made[1]["message"]["author"]["name"] = "python"
    made[9]["message"]["metadata"] = {"is_visually_hidden_from_conversation": True}
    return made


async def test_every_type_of_content_is_read_or_listed(ada: Caller):
    nodes = [node("q", None, "user", "Compute"), *contents()]

    answer = (await import_(ada, json.dumps([conversation("c", nodes, "odd")]).encode(), "chatgpt")).json
    thread = (await threads_of(ada))["About c"]
    items = (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json

    assert [(item["role"], item["agent"], item["parts"][0]) for item in items] == [
        ("user", None, {"type": "text", "text": "Compute"}),
        ("assistant", None, {"type": "code", "language": "python", "text": "1 + 1"}),
        ("tool", "python", {"type": "text", "text": "2"}),
        ("assistant", None, {"type": "reasoning", "text": "S\nC"}),
        ("tool", None, {"type": "text", "text": "T https://x.example\nsaid"}),
        ("tool", None, {"type": "text", "text": "Y https://y.example\nlong"}),
        ("tool", None, {"type": "text", "text": "E: denied"}),
        ("assistant", None, {"type": "reasoning", "text": "Thought for 3 s"}),
        ("assistant", None, {"type": "text", "text": "in words"}),
        ("system", None, {"type": "text", "text": "P\n\nI"}),
    ]
    assert {each["path"]: each["reason"] for each in answer["skipped"]} == {
        "conversations.json[0]: message new": "content of the type 'hologram' is not known here",
        "conversations.json[0]: message hidden": "ChatGPT did not show it",
        "conversations.json[0]: message odd": "nobody is known to have the role 'referee'",
    }


async def test_pictures_and_files_come_along_and_missing_ones_are_listed(ada: Caller):
    parts = [
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-AbC123"},
        {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00ff"},
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-gone"},
        "What is on it?",
    ]
    asked = node("q", None, "user", content={"content_type": "multimodal_text", "parts": parts})
    asked["message"]["metadata"] = {"attachments": [{"id": "file-notes1", "name": "my notes.txt"}]}
    upload = zipped({
        "conversations.json": json.dumps([conversation("p", [asked], "q")]), "chat.html": "<html>",
        "file-AbC123-photo.png": b"\x89PNG", "user-1/file_00ff-sanitized.jpg": b"\xff\xd8",
        "file-notes1-my notes.txt": b"n",
    })  # fmt: skip

    answer = (await import_(ada, upload, None)).json
    thread = (await threads_of(ada))["About p"]
    (item,) = (await ada.get(f"/threads/{thread['id']}/messages")).json
    files = (await ada.get(f"/sessions/{thread['session_id']}/attachments")).json

    assert answer["format"] == "chatgpt"
    assert answer["skipped"] == [{"path": "file-service://file-gone", "reason": "the file is not in the export"}]
    assert [part["type"] for part in item["parts"]] == ["text", "file", "image", "image"]
    assert {each["name"] for each in files} == {"my notes.txt", "file-AbC123-photo.png", "file_00ff-sanitized.jpg"}
    assert {part["attachment_id"] for part in item["parts"][1:]} == {each["id"] for each in files}
    assert (await ada.get(f"/attachments/{item['parts'][2]['attachment_id']}")).content == b"\x89PNG"


async def test_a_tree_that_is_none_is_read_as_far_as_it_goes(ada: Caller):
    loop = [node("a", "c", "user", "round"), node("b", "a", "assistant", "and"), node("c", "b", "user", "round again")]
    orphan = [node("x", "nobody", "user", "no parent"), node("y", "x", "assistant", "answer")]
    broken: list[Any] = [
        conversation("loop", loop, "c"), conversation("orphan", orphan, None), conversation("empty", [], "z"), None, 7,
        {"id": "no mapping"}, {"mapping": {"k": None, "l": {"message": 3}, "m": []}, "current_node": "k"},
        conversation("times", [node("t", None, "user", "late", at=1e300), node("u", "t", "user", "odd", at="x")], "u"),
    ]  # fmt: skip

    answer = await import_(ada, json.dumps(broken).encode(), "chatgpt")
    threads = await threads_of(ada)

    assert answer.status == 200
    assert [text for _, _, text in await said(ada, threads["About loop"])] == ["round", "and", "round again"]
    assert [text for _, _, text in await said(ada, threads["About orphan"])] == ["no parent", "answer"]
    assert [text for _, _, text in await said(ada, threads["About times"])] == ["late", "odd"]
    assert len(answer.json["skipped"]) == 5


async def test_half_a_character_in_one_conversation_breaks_no_other(ada: Caller):
    both = [conversation(id, [node("q", None, "user", text)], "q") for id, text in (("a", "X"), ("b", "fine"))]
    odd = r'"half \ud83d, whole \ud83d\ude00, \\ud83d, nul \u0000"'

    answer = await import_(ada, json.dumps(both).replace('"X"', odd).encode(), "chatgpt")
    threads = await threads_of(ada)

    assert answer.json["skipped"] == []
    assert await said(ada, threads["About a"]) == [("user", None, "half \ufffd, whole 😀, \\ud83d, nul \ufffd")]
    assert await said(ada, threads["About b"]) == [("user", None, "fine")]


# --- Kingdom ---------------------------------------------------------------------------------------------------------


def message(who: str, text: str, at: str = "2026-02-16T19:03:24Z", **more: str) -> str:
    told = "".join(f"{key}: {value}\n" for key, value in {"from": who, "to": "all", "timestamp": at, **more}.items())
    return f"---\n{told}---\n\n{text}\n"


KINGDOM = {
    ".kd/config.json": "{}",
    ".kd/branches/main/state.json": '{"branch": "main", "current_thread": "council-1"}',
    ".kd/branches/main/tickets/1.md": "---\nid: 1\n---\n# T",
    ".kd/branches/main/threads/council-1/thread.json": json.dumps({
        "id": "council-1", "members": ["king", "claude", "codex"], "pattern": "council",
        "created_at": "2026-02-16T19:00:00Z",
    }),
    ".kd/branches/main/threads/council-1/0001-king.md": message(
        "king", "What now?\n\n---\n\nReally?", refs="\n  - a.py"
    ),
    ".kd/branches/main/threads/council-1/0003-codex.md": message("codex", "Later.", status="timeout"),
    ".kd/branches/main/threads/council-1/0002-claude.md": message("claude", "Ship it."),
    ".kd/branches/main/threads/council-1/0004-x.md": "no front matter",
    ".kd/branches/main/threads/work/0001-king.md": message("king", "Do it."),
    ".kd/branches/main/sessions/claude.json": '{"resume_id": "r-claude", "agent_backend": "claude_code"}',
    ".kd/branches/main/sessions/codex.session": "r-codex\n",
    ".kd/branches/main/sessions/claude.session": "older\n",
    ".kd/branches/main/sessions/idle.json": '{"status": "idle"}',
    ".kd/branches/lost/threads/t/0001-king.md": message("king", "Hello?"),
    ".kd/branches/lost/sessions/claude.json": '{"resume_id": "nowhere"}',
    ".kd/archive/done/threads/old/0001-king.md": message("king", "It was long ago."),
}  # fmt: skip


async def test_a_kingdom_comes_with_its_branches_threads_and_resume_ids(server: Harness, ada: Caller):
    answer = (await import_(ada, zipped(KINGDOM), "kingdom")).json
    sessions = {each["title"]: each for each in (await ada.get("/sessions")).json}
    threads = await threads_of(ada)

    assert answer["imported"] == {"sessions": 3, "threads": 4, "items": 6, "lanes": 2}
    assert {each["path"]: each["reason"] for each in answer["skipped"]} == {
        ".kd/branches/main/threads/council-1/0004-x.md": "it has no front matter",
        ".kd/branches/lost/sessions/claude.json": "its resume id belongs to no thread: the branch has no current one",
    }
    assert set(sessions) == {"main", "lost", "done"}
    council = threads["council-1"]
    assert (council["session_id"], council["members"], council["tags"]) == (
        sessions["main"]["id"], ["claude", "codex"], ["council"],
    )  # fmt: skip
    assert await said(ada, council) == [
        ("user", "king", "What now?\n\n---\n\nReally?"), ("assistant", "claude", "Ship it."),
        ("assistant", "codex", "Later."),
    ]  # fmt: skip
    items = (await ada.get(f"/threads/{council['id']}/messages")).json
    assert [item["state"] for item in items] == ["complete", "complete", "interrupted"]
    assert len({item["turn_id"] for item in items}) == 1
    assert threads["old"]["archived"]
    again = (await import_(ada, zipped(KINGDOM), "kingdom")).json
    assert again["imported"] == NOTHING
    of_council = Query(LANE, (Where("thread_id", "=", council["id"]),), order=(("agent", "asc"),))
    page = (await server.app.store.read(Principal("", system=True), of_council)).results[0]
    assert isinstance(page, Page)
    lanes = [lane for lane in page.records if isinstance(lane, Lane)]
    assert [(lane.workflow, lane.scope, lane.agent, lane.resume_id) for lane in lanes] == [
        ("council", council["id"], "claude", "r-claude"), ("council", council["id"], "codex", "r-codex"),
    ]  # fmt: skip
    assert {lane.state for lane in lanes} == {"stale"}


# --- Agent World -----------------------------------------------------------------------------------------------------


def remembered(role: str, content: str, sender: str, second: int, **more: Any) -> dict[str, Any]:
    return {
        "role": role,
        "content": content,
        "sender": sender,
        "createdAt": f"2025-08-01T10:00:{second:02}.000Z",
        **more,
    }


HEARD = remembered("user", "Hello\\nall", "human", 1, chatId="c1", messageId="m1")
AGENT_WORLD = {
    "default-world/config.json": '{"id": "default-world", "name": "Default World"}',
    "default-world/mcp.json": "{}",
    "default-world/chats/c1.json": '{"id": "c1", "name": "First chat", "createdAt": "2025-08-01T09:00:00.000Z"}',
    "default-world/agents/a1/config.json": '{"id": "a1"}',
    "default-world/agents/a1/system-prompt.md": "You are a1",
    "default-world/agents/a1/memory.json": json.dumps([
        HEARD, remembered("assistant", "I am a1.", "a1", 2, chatId="c1", messageId="m2"),
        remembered("user", "From before", "human", 0),
    ]),
    "default-world/agents/a2/memory.json": json.dumps([
        HEARD, remembered("user", "I am a1.", "a1", 2, chatId="c1", messageId="m2"),
        remembered("assistant", "And I a2.", "a2", 3, chatId="c1", messageId="m3"),
    ]),
    "default-world/agents/a2/archive/memory-1.json": json.dumps([remembered("user", "Put away", "human", 0)]),
}  # fmt: skip
WORLD_SAID = [("user", "human", "Hello\nall"), ("assistant", "a1", "I am a1."), ("assistant", "a2", "And I a2.")]


async def test_what_several_agents_remember_was_said_once(ada: Caller):
    answer = (await import_(ada, zipped(AGENT_WORLD), "agent-world")).json
    threads = await threads_of(ada)

    assert answer["skipped"] == []
    assert answer["imported"] == {"sessions": 1, "threads": 3, "items": 5, "lanes": 0}
    assert [each["title"] for each in (await ada.get("/sessions")).json] == ["Default World"]
    assert await said(ada, threads["First chat"]) == WORLD_SAID
    assert await said(ada, threads["Messages without a chat"]) == [("user", "human", "From before")]
    assert await said(ada, threads["a2 memory-1"]) == [("user", "human", "Put away")]
    assert threads["a2 memory-1"]["archived"]


def database() -> bytes:
    connection: Any = apsw.Connection(":memory:")  # its own types are not fully known
    connection.execute("""
        CREATE TABLE worlds (id TEXT PRIMARY KEY, name TEXT NOT NULL, turn_limit INTEGER);
        CREATE TABLE world_chats (id TEXT, world_id TEXT, name TEXT, created_at TIMESTAMP);
        CREATE TABLE agent_memory (
          id INTEGER PRIMARY KEY, agent_id TEXT, world_id TEXT, role TEXT, content TEXT, sender TEXT, chat_id TEXT,
          message_id TEXT, tool_calls TEXT, created_at TIMESTAMP);
        CREATE TABLE memory_archives (id INTEGER, agent_id TEXT, world_id TEXT, session_name TEXT);
        CREATE TABLE archived_messages (archive_id INTEGER, role TEXT, content TEXT, sender TEXT);
        INSERT INTO worlds VALUES ('w', 'A World', 5);
        INSERT INTO world_chats VALUES ('c1', 'w', 'First chat', '2025-08-01 09:00:00');
        INSERT INTO memory_archives VALUES (7, 'a1', 'w', 'Old times');
        INSERT INTO archived_messages VALUES (7, 'user', 'Put away', 'human');
    """)
    for agent, role, content, sender, id, second in (
        ("a1", "user", "Hello\nall", "human", "m1", 1), ("a2", "user", "Hello\nall", "human", "m1", 1),
        ("a1", "assistant", "I am a1.", "a1", "m2", 2), ("a2", "user", "I am a1.", "a1", "m2", 2),
        ("a2", "assistant", "And I a2.", "a2", "m3", 3),
    ):  # fmt: skip
        connection.execute(
            "INSERT INTO agent_memory (agent_id, world_id, role, content, sender, chat_id, message_id, created_at)"
            " VALUES (?, 'w', ?, ?, ?, 'c1', ?, ?)",
            (agent, role, content, sender, id, f"2025-08-01T10:00:{second:02}Z"),
        )
    return connection.serialize("main")


@pytest.mark.parametrize("is_zipped", [False, True])
async def test_the_database_of_a_world_says_the_same(ada: Caller, is_zipped: bool):
    upload = zipped({"data/database.db": database()}) if is_zipped else database()
    answer = (await import_(ada, upload, "agent-world")).json
    threads = await threads_of(ada)

    assert answer["skipped"] == []
    assert answer["imported"] == {"sessions": 1, "threads": 2, "items": 4, "lanes": 0}
    assert await said(ada, threads["First chat"]) == WORLD_SAID
    assert await said(ada, threads["Old times 7"]) == [("user", "human", "Put away")]


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (LINES.encode(), "generic"),
        (json.dumps([tree()]).encode(), "chatgpt"),
        (zipped(KINGDOM), "kingdom"),
        (zipped(AGENT_WORLD), "agent-world"),
        (database(), "agent-world"),
    ],
)
async def test_a_format_is_recognised_and_the_same_file_again_adds_nothing(ada: Caller, content: bytes, format: str):
    first = (await import_(ada, content, None)).json
    before = await ada.replay("/events")

    again = (await import_(ada, content, format)).json

    assert first["format"] == again["format"] == format
    assert again["imported"] == NOTHING
    assert await ada.replay("/events") == before
