"""Files that mean harm, or are broken: what can be read is imported, the rest is listed, and nothing breaks."""

import io
import json
import zipfile
from collections.abc import AsyncGenerator
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.harness import Caller, Harness, serving
from tests.api.test_import_formats import AGENT_WORLD, KINGDOM, LINES, conversation, database, node, tree
from tests.api.uploads import NOTHING, export, import_, said, threads_of, unzipped, zipped

FORMATS = ["laneway", "chatgpt", "kingdom", "agent-world", "generic"]
MANIFEST = {"laneway-export.json": '{"format": "laneway", "version": 1}'}
SESSION = '{"type": "session", "name": "s", "title": "S"}\n'


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Harness]:
    async with serving(limits={"import_unpacked_bytes": 4 * 1024 * 1024, "import_bytes": 1024 * 1024}) as harness:
        yield harness


@pytest.fixture
async def ada(server: Harness) -> Caller:
    return await server.fresh()


def export_of(**threads: str) -> bytes:
    files = {f"threads/{name}.jsonl": body for name, body in threads.items()}
    return zipped({**MANIFEST, "session.jsonl": SESSION, **files})


def thread(called: str = "t", **more: Any) -> str:
    return json.dumps({"type": "thread", "name": called, "title": called, **more}) + "\n"


def item(text: str = "said", **more: Any) -> str:
    parts = [{"type": "text", "text": text}]
    return json.dumps({"type": "item", "role": "user", "parts": parts, "text": text, **more}) + "\n"


# --- zips ------------------------------------------------------------------------------------------------------------


async def test_a_zip_that_grows_is_refused_before_anything_is_made(ada: Caller):
    bomb = zipped({"conversations.json": b"[" + b" " * 8_000_000 + b"]"})

    answer = await import_(ada, bomb, "chatgpt")

    assert len(bomb) < 20_000
    assert (answer.status, answer.code) == (422, "bad_import")
    assert "import_unpacked_bytes" in answer.json["detail"]
    assert (await ada.get("/sessions")).json == []


async def test_a_zip_that_lies_about_its_sizes_is_counted_by_what_comes_out(ada: Caller):
    honest = zipped({"conversations.json": b"[" + b" " * 8_000_000 + b"]"})
    size = (8_000_002).to_bytes(4, "little")

    answer = await import_(ada, honest.replace(size, (10).to_bytes(4, "little")), "chatgpt")

    assert answer.status == 422
    assert (await ada.get("/sessions")).json == []


async def test_a_bound_that_is_reached_on_the_way_is_listed_after_what_was_imported(ada: Caller):
    threads = {f"t{n:03}": thread(f"t{n:03}") + item("x" * 50_000) for n in range(60)}

    answer = await import_(ada, export_of(**threads))

    assert answer.status == 200
    assert 0 < answer.json["imported"]["items"] < 60
    assert [each["path"] for each in answer.json["skipped"]] == ["the rest"]
    assert "import_unpacked_bytes" in answer.json["skipped"][0]["reason"]


async def test_an_upload_over_its_bound_is_refused(ada: Caller):
    answer = await import_(ada, b"x" * (1024 * 1024 + 1), "generic")

    assert (answer.status, answer.code) == (413, "too_large")
    assert "import_bytes" in answer.json["detail"]


async def test_names_that_lead_out_links_and_doubles_are_listed_and_the_rest_is_imported(ada: Caller):
    out = io.BytesIO(export_of(a=thread("a") + item("kept")))
    with zipfile.ZipFile(out, "a") as archive:
        for name in ("../../etc/passwd", "/etc/passwd", "C:/x", "..", "threads/../../x.jsonl", "a\\..\\b", "bell\x07"):
            archive.writestr(name, thread("evil") + item("evil"))
        link = zipfile.ZipInfo("threads/link.jsonl")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("threads/a.jsonl", thread("evil") + item("evil"))

    answer = (await import_(ada, out.getvalue())).json

    assert answer["imported"] == {"sessions": 1, "threads": 1, "items": 1, "lanes": 0}
    assert len(answer["skipped"]) == 9
    assert list(await threads_of(ada)) == ["a"]


async def test_a_truncated_zip_is_refused_and_a_damaged_file_in_it_is_listed(ada: Caller):
    whole = export_of(a=thread("a") + item("fine"), b=thread("b") + item("broken" * 50))
    damaged = bytearray(whole)
    place = whole.index(b"threads/b.jsonl") + len("threads/b.jsonl")
    damaged[place + 5 : place + 15] = b"\xff" * 10

    cut = await import_(ada, whole[: len(whole) // 2])
    partly = (await import_(ada, bytes(damaged))).json

    assert (cut.status, cut.code) == (422, "bad_import")
    assert partly["imported"]["threads"] == 1
    assert [each["path"] for each in partly["skipped"]] == ["threads/b.jsonl"]
    assert "damaged" in partly["skipped"][0]["reason"]


# --- what is written in them -----------------------------------------------------------------------------------------

DEEP = "[" * 40 + "]" * 40
ODD: list[str] = [
    "", "{", "null", "[]", "7", '"x"', "{}", '{"type": "thread"}', '{"type": "nonsense"}', '{"type": ["thread"]}',
    '{"type": "item"}', '{"type": "item", "role": "robot", "parts": [], "text": ""}',
    '{"type": "item", "role": "user", "parts": {}, "text": 7}',
    '{"type": "item", "role": "user", "parts": [{"type": "bomb"}], "text": ""}',
    '{"type": "item", "role": "user", "parts": [], "text": "", "turn": 1e400}',
    '{"type": "item", "role": "user", "parts": [], "text": "", "turn": ' + "9" * 5000 + "}",
    '{"type": "item", "role": "user", "text": "", "parts": [{"type": "data", "data": ' + "[" * 5000 + "]" * 5000 + "}",
    '{"type": "item", "role": "user", "text": "", "parts": [{"type": "data", "data": ' + DEEP + "}]}",
    '{"type": "item", "role": "user", "parts": [], "text": "x", "state": "partial"}',
    '{"type": "item", "role": "user", "parts": [], "text": "x", "vote": {"value": 5}}',
    '{"type": "waiting", "parts": [], "text": "", "sender": "x"}',
    '{"type": "lane", "workflow": "spy", "agent": "x", "resume_id": "y"}',
    '{"type": "session", "name": "in a thread", "title": "x"}', '{"type": "note", "text": "in a thread"}',
]  # fmt: skip


@pytest.mark.parametrize("line", ODD)
async def test_a_line_that_does_not_fit_is_listed_and_its_neighbours_are_imported(ada: Caller, line: str):
    upload = export_of(t=thread("t", unknown=1) + item("before") + line + "\n" + item("after"))

    answer = (await import_(ada, upload)).json

    assert [text for _, _, text in await said(ada, (await threads_of(ada))["t"])] == ["before", "after"]
    assert len(answer["skipped"]) == (1 if line else 0)
    assert all(each["path"] in ("threads/t.jsonl:3", "t") for each in answer["skipped"])


WRONG: list[dict[str, Any]] = [
    {"type": "note", "text": ""}, {"type": "note", "text": "x" * 70_000},
    {"type": "entry", "collection": "ledger", "key": "k"},
    {"type": "entry", "collection": "keys", "key": ""}, {"type": "timer", "text": "x", "cron": "never"},
    {"type": "timer", "text": "x"}, {"type": "timer", "text": "x", "every_s": -1, "at": "2026-01-01T00:00:00Z"},
    {"type": "timer", "text": "x", "cron": "* * * * *", "timezone": "Atlantis/Capital"},
    {"type": "timer", "text": "x", "every_s": True}, {"type": "file", "name": "f", "filename": "f", "path": "../../x"},
    {"type": "file", "name": "f", "filename": "f", "path": "attachments/none"},
    {"type": "file", "name": "f", "filename": "f", "path": "session.jsonl", "media_type": "a/b\r\nX: y"},
    {"type": "item", "role": "user", "parts": [], "text": "in the session"},
]  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
async def test_what_no_request_could_have_brought_is_not_brought_by_an_import(ada: Caller, line: dict[str, Any]):
    upload = zipped(
        {**MANIFEST, "session.jsonl": SESSION + json.dumps(line) + "\n", "threads/t.jsonl": thread() + item()}
    )

    answer = (await import_(ada, upload)).json

    assert answer["imported"] == {"sessions": 1, "threads": 1, "items": 1, "lanes": 0}
    assert len(answer["skipped"]) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {"x": "y" * 20_000}}, {"tags": ["t"] * 60}, {"tags": [""]}, {"members": ["m" * 300]},
        {"unread": -1},
        {"usage": {"cost_usd": -1}}, {"settings": {"auto_messages": 1000}}, {"title": "t" * 2000}, {"name": ""},
    ],
)  # fmt: skip
async def test_a_thread_out_of_bounds_is_left_out_with_all_that_is_in_it(ada: Caller, more: dict[str, Any]):
    answer = (await import_(ada, export_of(a=thread("a", **more) + item(), b=thread("b") + item()))).json

    assert answer["imported"] == {"sessions": 1, "threads": 1, "items": 1, "lanes": 0}
    assert len(answer["skipped"]) == 1
    assert list(await threads_of(ada)) == ["b"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "not an export"),
        ({"laneway-export.json": "{"}, "not an export"),
        ({"laneway-export.json": '{"format": "laneway", "version": 2}'}, "version 2"),
        (MANIFEST, "session.jsonl"),
        ({**MANIFEST, "session.jsonl": ""}, "not a session"),
        ({**MANIFEST, "session.jsonl": "nonsense"}, "not a session"),
    ],
)
async def test_an_export_without_a_session_is_refused_whole(ada: Caller, files: dict[str, str], reason: str):
    answer = await import_(ada, zipped({**files, "threads/t.jsonl": thread() + item()}))

    assert (answer.status, answer.code) == (422, "bad_import")
    assert reason in answer.json["detail"]
    assert (await ada.get("/sessions")).json == []


async def test_an_unknown_environment_and_other_peoples_ids_give_nothing(server: Harness, ada: Caller):
    bob = await server.fresh()
    theirs = await bob.chat("say secret")
    unknown = zipped(
        {**MANIFEST, "session.jsonl": '{"type": "session", "name": "s", "title": "S", "environment": "moon"}'}
    )
    stolen = zipped({
        **MANIFEST, "session.jsonl": json.dumps({"type": "session", "name": theirs["session_id"], "title": "Mine"}),
        "threads/t.jsonl": thread(theirs["id"]) + item("mine"),
    })  # fmt: skip

    moon = (await import_(ada, unknown)).json
    await import_(ada, stolen)
    (mine,) = (await threads_of(ada)).values()

    assert (moon["imported"], moon["skipped"][0]["reason"]) == (NOTHING, "There is no environment 'moon'.")
    assert mine["id"] != theirs["id"]
    assert [text for _, _, text in await said(ada, mine)] == ["mine"]
    assert (await ada.get(f"/threads/{theirs['id']}")).status == 404
    assert [text for _, _, text in await said(bob, theirs)] == ["say secret", "secret"]


async def test_a_database_that_is_made_to_run_or_to_last_is_not_let(ada: Caller):
    connection: Any = apsw.Connection(":memory:")  # its own types are not fully known
    connection.execute("""
        CREATE TABLE worlds (id TEXT, name TEXT);
        INSERT INTO worlds VALUES ('w', 'W');
        CREATE VIEW world_chats AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;
        CREATE VIEW agent_memory AS SELECT load_extension('evil') AS role;
    """)

    answer = (await import_(ada, connection.serialize("main"), "agent-world")).json

    assert answer["imported"] == {"sessions": 1, "threads": 0, "items": 0, "lanes": 0}


async def test_a_tree_of_many_branches_is_cut_at_a_bound(ada: Caller):
    nodes = [node("q", None, "user", "Again"), *(node(f"a{n}", "q", "assistant", f"Answer {n}") for n in range(80))]

    answer = (await import_(ada, json.dumps([conversation("c", nodes, "a79")]).encode(), "chatgpt")).json

    assert answer["imported"]["threads"] == 51
    assert len(answer["skipped"]) == 29


# --- anything --------------------------------------------------------------------------------------------------------

VALID = {
    "generic": LINES.encode(),
    "chatgpt": zipped({"conversations.json": json.dumps([tree()])}),
    "kingdom": zipped(KINGDOM),
    "agent-world": database(),
    "laneway": export_of(t=thread() + item() + item("more", role="assistant")),
}
UNHURRIED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)
LOOSE = settings(max_examples=25, deadline=None, suppress_health_check=UNHURRIED)


@pytest.mark.parametrize("format", FORMATS)
@LOOSE
@given(content=st.binary(max_size=300))
async def test_bytes_of_any_kind_are_refused_or_read(server: Harness, format: str, content: bytes):
    answer = await import_(server.ada, content, format)

    assert answer.status in (200, 422), answer.content


@pytest.mark.parametrize("format", FORMATS)
@LOOSE
@given(place=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=8), cut=st.booleans())
async def test_a_file_with_a_wound_is_refused_or_read(
    server: Harness, format: str, place: int, change: bytes, cut: bool
):
    content = VALID[format]
    place %= len(content)
    wounded = content[:place] + change + (b"" if cut else content[place + len(change) :])

    answer = await import_(await server.fresh(), wounded, format)

    assert answer.status in (200, 422), answer.content


KEYS = (
    "id", "mapping", "message", "parent", "children", "content", "parts", "author", "role", "metadata", "content_type",
    "current_node", "text", "create_time", "attachments", "k",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["user", "text", "root", "2026-01-01", "sediment://file_1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@LOOSE
@given(conversations=st.lists(JSON, max_size=3), type_=st.sampled_from(["multimodal_text", "code", "thoughts", "x"]))
async def test_a_conversation_of_any_shape_is_read_or_listed(server: Harness, conversations: list[Any], type_: str):
    nodes: list[dict[str, Any]] = []
    for number, each in enumerate(conversations):
        content = {"content_type": type_, "parts": each, "text": each, "thoughts": each}
        message = {"author": {"role": "user"}, "content": content}
        nodes.append({"id": str(number), "parent": str(number - 1), "message": message})
    whole = [*conversations, {"id": "made", "mapping": {each["id"]: each for each in nodes}, "current_node": "0"}]

    answer = await import_(await server.fresh(), json.dumps(whole).encode(), "chatgpt")

    assert answer.status in (200, 422), answer.content


# --- the request -----------------------------------------------------------------------------------------------------


async def test_a_request_that_is_no_import_is_refused(ada: Caller):
    unknown = await import_(ada, b"{}", "myspace")
    no_file = await ada.send("POST", "/import", data={"format": "generic"})
    other = await ada.send("POST", "/import", files={"file": ("x", b"y")}, data={"colour": "red"})
    plain = await ada.post("/import", {})
    unrecognised = await import_(ada, b"hello", None)

    assert (unknown.status, unknown.code) == (422, "invalid")
    assert (no_file.status, other.status, plain.status) == (415, 422, 415)
    assert (unrecognised.status, unrecognised.code) == (422, "bad_import")
    assert "Say which" in unrecognised.json["hint"]


async def test_an_import_is_answered_once_for_one_key(ada: Caller):
    upload = export_of(t=thread() + item())

    first = await import_(ada, upload, Idempotency_Key="k1")
    again = await import_(ada, upload, Idempotency_Key="k1")
    other = await import_(ada, LINES.encode(), "generic", Idempotency_Key="k1")

    assert first.json["imported"]["threads"] == 1
    assert again.content == first.content
    assert (other.status, other.code) == (409, "idempotency_conflict")


async def test_limits_of_the_user_hold_and_what_is_over_is_listed():
    async with serving(limits={"threads_per_user": 2, "sessions_per_user": 1, "attachment_bytes": 3}) as server:
        threads = {name: thread(name) + item() for name in "abc"}
        files = "".join(
            json.dumps({"type": "file", "name": name, "filename": name, "path": f"attachments/{name}"}) + "\n"
            for name in ("small", "large")
        )
        content = unzipped(export_of(**threads))
        content |= {
            "session.jsonl": (SESSION + files).encode(),
            "attachments/small": b"abc",
            "attachments/large": b"abcd",
        }

        answer = (await import_(server.ada, zipped(content))).json
        second = (await import_(server.ada, LINES.encode(), "generic")).json

        assert answer["imported"] == {"sessions": 1, "threads": 2, "items": 2, "lanes": 0}
        assert [each["path"] for each in answer["skipped"]] == ["attachments/large", "c"]
        assert second["imported"] == NOTHING
        assert "sessions_per_user" in second["skipped"][-1]["reason"]


async def test_an_agent_world_of_files_that_are_not_what_their_names_say(ada: Caller):
    odd = {
        **AGENT_WORLD,
        "default-world/agents/a3/memory.json": "{",
        "default-world/chats/c9.json": "[]",
        "w/agents/x": "y",
    }

    answer = (await import_(ada, zipped(odd), "agent-world")).json

    assert answer["imported"]["items"] == 5
    assert [each["path"] for each in answer["skipped"]] == ["default-world/agents/a3/memory.json"]


async def test_what_a_hostile_title_says_stays_in_its_place(ada: Caller):
    name = "../../x\r\nSet-Cookie: a=b"
    session = json.dumps({"type": "session", "name": "s", "title": name})
    upload = zipped({**MANIFEST, "session.jsonl": session, "threads/t.jsonl": thread(name) + item("```\n# fake")})
    await import_(ada, upload)
    (session,) = (await ada.get("/sessions")).json

    answer = await ada.get(f"/sessions/{session['id']}/export")
    names = list(unzipped(await export(ada, session["id"])))

    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].startswith('attachment; filename="laneway-x-set-cookie-a-b.zip"')
    assert names[2:] == ["threads/00001-x-set-cookie-a-b.jsonl", "threads/00001-x-set-cookie-a-b.md"]
