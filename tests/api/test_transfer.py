"""Export and import: what leaves one server arrives in another, once, and looks the same from there."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.api.harness import Caller, Harness, data_of, serving
from tests.api.uploads import NOTHING, export, import_, said, threads_of, unzipped


@pytest.fixture
async def elsewhere() -> AsyncGenerator[Harness]:
    async with serving() as harness:
        yield harness


async def full_session(ada: Caller) -> str:
    """A session with one of everything that an export holds."""
    session = (
        await ada.made("/sessions", {"title": "Grüße", "mode": "autonomous", "settings": {"x": [1, {"y": None}]}})
    )["id"]
    await ada.made(f"/sessions/{session}/notes", {"text": "remember", "prompt": True, "key": "k"})
    await ada.made(f"/sessions/{session}/notes", {"text": "and this"})
    await ada.put(f"/sessions/{session}/keys/plan", {"value": {"step": 2}})
    await ada.made(f"/sessions/{session}/timers", {"cron": "0 9 * * 1", "timezone": "Europe/Berlin", "text": "wake"})
    upload = {"file": ("a b.txt", b"hello file", "text/plain")}
    file = (await ada.send("POST", "/attachments", files=upload, data={"session_id": session})).json
    parts = [
        {"type": "text", "text": "say one"},
        {"type": "file", "attachment_id": file["id"]},
        {"type": "data", "data": {"a": 1.5}},
    ]
    thread = await ada.made(
        "/threads", {"agent_id": "script", "session_id": session, "tags": ["x", "y"], "metadata": {"m": {"n": 1}}}
    )
    await ada.made(f"/threads/{thread['id']}/messages", {"parts": parts})
    await ada.finished(thread["id"])
    await ada.made(
        f"/threads/{thread['id']}/messages", {"message": 'tool note.add {"text": "by tool"}\nsay ‹ok› \u2028 <b>'}
    )
    await ada.finished(thread["id"], 2)
    items = (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json
    await ada.put(f"/threads/{thread['id']}/messages/{items[1]['id']}/vote", {"value": 1, "comment": "good"})
    await ada.made(f"/threads/{thread['id']}/comments", {"text": "on it", "item_id": items[1]["id"]})
    await ada.made(f"/threads/{thread['id']}/comments", {"text": "on all"})
    await ada.made(f"/threads/{thread['id']}/fork", {"after_item_id": items[1]["id"]})
    await ada.patch(f"/threads/{thread['id']}", {"summary": "s", "pinned": True, "title": "By hand"})
    await ada.delete(f"/threads/{thread['id']}/messages/{items[2]['id']}")
    held = await ada.made(
        "/threads",
        {"agent_id": "script", "session_id": session, "settings": {"paused": True, "queue_mode": "one_at_a_time"}},
    )
    await ada.made(f"/threads/{held['id']}/messages", {"message": "say later"})
    await ada.made(f"/threads/{held['id']}/messages", {"message": "say never", "hold": True})
    old = await ada.chat("say old", session_id=session)
    await ada.patch(f"/threads/{old['id']}", {"archived": True})
    return session


async def test_an_export_that_was_imported_into_an_empty_server_is_exported_the_same(ada: Caller, elsewhere: Harness):
    exported = await export(ada, await full_session(ada))

    imported = (await import_(elsewhere.ada, exported)).json
    (session,) = (await elsewhere.ada.get("/sessions")).json
    again = await export(elsewhere.ada, session["id"])

    assert imported["skipped"] == []
    assert imported["imported"] == {"sessions": 1, "threads": 4, "items": 9, "lanes": 0}
    assert unzipped(again) == unzipped(exported)
    assert again == exported


async def test_the_same_import_again_adds_nothing_on_either_server(ada: Caller, elsewhere: Harness):
    exported = await export(ada, await full_session(ada))
    await import_(elsewhere.ada, exported)
    before = await elsewhere.ada.replay("/events")

    there = (await import_(elsewhere.ada, exported)).json
    here = (await import_(ada, exported)).json

    assert (there["imported"], here["imported"]) == (NOTHING, NOTHING)
    assert {each["reason"] for each in (*there["skipped"], *here["skipped"])} == {"it is here already"}
    assert await elsewhere.ada.replay("/events") == before
    assert len((await elsewhere.ada.get("/sessions")).json) == 1


async def test_a_reader_of_the_stream_sees_an_imported_thread_as_it_is_shown(ada: Caller, elsewhere: Harness):
    there = elsewhere.ada
    await import_(there, await export(ada, await full_session(ada)))
    for thread in (await threads_of(there)).values():
        told: dict[str, Any] = {}
        items: dict[str, Any] = {}
        for frame in await there.replay(f"/threads/{thread['id']}/events"):
            event = data_of(frame)
            told |= event["data"].get("summary", {}) | event.get("thread", {})
            if event["type"].startswith("item."):
                items[event["data"]["item"]["id"]] = event["data"]["item"]

        shown = (await there.get(f"/threads/{thread['id']}")).json
        listed = (await there.get(f"/threads/{thread['id']}/messages", limit=100)).json
        assert {name: told[name] for name in shown} == shown
        assert [each for each in items.values() if each["state"] != "superseded"] == listed


async def test_what_was_deleted_can_be_imported_again_as_something_new(ada: Caller, elsewhere: Harness):
    exported = await export(ada, (await ada.chat("say one"))["session_id"])
    there = elsewhere.ada
    await import_(there, exported)
    (first,) = (await threads_of(there)).values()

    await there.delete(f"/threads/{first['id']}")
    second = (await import_(there, exported)).json
    (remade,) = (await threads_of(there)).values()
    await there.delete(f"/sessions/{remade['session_id']}")
    third = (await import_(there, exported)).json
    (last,) = (await threads_of(there)).values()

    assert second["imported"] == {**NOTHING, "threads": 1, "items": 2}
    assert third["imported"] == {**NOTHING, "sessions": 1, "threads": 1, "items": 2}
    assert len({first["id"], remade["id"], last["id"]}) == 3
    assert remade["session_id"] == first["session_id"] != last["session_id"]
    assert await export(there, last["session_id"]) == exported


async def test_a_thread_that_was_deleted_from_a_live_session_comes_back_into_it(ada: Caller):
    kept, lost = await ada.chat("say kept"), await ada.chat("say lost")
    exported = await export(ada, kept["session_id"])
    await ada.delete(f"/threads/{lost['id']}")

    answer = (await import_(ada, exported)).json
    threads = await threads_of(ada)

    assert answer["imported"] == {**NOTHING, "threads": 1, "items": 2}
    assert set(threads) == {"say kept", "say lost"}
    assert threads["say lost"]["session_id"] == kept["session_id"]
    assert threads["say kept"]["id"] == kept["id"]


async def test_nothing_starts_by_an_import_and_what_waited_runs_when_it_is_resumed(ada: Caller, elsewhere: Harness):
    session = (await ada.made("/sessions"))["id"]
    thread = await ada.made("/threads", {"agent_id": "script", "session_id": session, "settings": {"paused": True}})
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "say waited"})
    await ada.patch(f"/threads/{thread['id']}", {"settings": {"paused": False}})
    await ada.finished(thread["id"])
    busy = await ada.made("/threads", {"agent_id": "script", "session_id": session, "initial_message": "stream 3 9000"})
    async with ada.events(f"/threads/{busy['id']}/events", after="0") as events:
        await events.until("item.delta")
    await ada.made(f"/threads/{busy['id']}/messages", {"message": "say next"})
    await ada.made(f"/sessions/{session}/timers", {"every": 1, "text": "tick"})

    there = elsewhere.ada
    exported = await export(ada, session)
    await import_(there, exported)
    threads = await threads_of(there)
    cut = threads["stream 3 9000"]
    (timer,) = (await there.get(f"/sessions/{cut['session_id']}/timers")).json
    queue = (await there.get(f"/threads/{cut['id']}/queue")).json

    assert (cut["status"], cut["status_reason"]) == ("paused", "it waited when it was exported")
    assert [each["text"] for each in queue["items"]] == ["say next"]
    assert timer["state"] == "paused"
    items = (await there.get(f"/threads/{cut['id']}/messages")).json
    assert [(each["text"], each["state"]) for each in items] == [("stream 3 9000", "complete"), ("w0", "interrupted")]
    assert await export(there, cut["session_id"]) == exported
    await there.post(f"/threads/{cut['id']}/queue/resume")
    await there.finished(cut["id"])
    assert [text for _, _, text in await said(there, cut)][2:] == ["say next", "next"]


async def test_imported_messages_are_found_by_their_words(server: Harness, ada: Caller):
    await import_(ada, b'{"thread": "soup", "role": "user", "text": "leeks and potatoes"}', "generic")
    await server.indexed()

    (hit,) = (await ada.get("/search", q="potatoes")).json

    assert hit["title"] == "soup"


async def test_an_imported_thread_goes_on_like_any_other(ada: Caller, elsewhere: Harness):
    exported = await export(ada, (await ada.chat("say one", "say two"))["session_id"])
    there = elsewhere.ada
    await import_(there, exported)
    (thread,) = (await threads_of(there)).values()
    items = (await there.get(f"/threads/{thread['id']}/messages")).json

    await there.made(f"/threads/{thread['id']}/messages", {"message": "context"})
    await there.finished(thread["id"])
    context = json.loads((await there.get(f"/threads/{thread['id']}/messages")).json[-1]["text"])
    await there.made(f"/threads/{thread['id']}/messages/{items[2]['id']}/edit", {"message": "say three"})
    await there.finished(thread["id"], 2)
    fork = await there.made(f"/threads/{thread['id']}/fork")

    assert [each["text"] for each in context["messages"]] == ["say one", "one", "say two", "two"]
    assert [text for _, _, text in await said(there, thread)] == ["say one", "one", "say three", "three"]
    assert fork["message_count"] == 4
    assert (await import_(there, exported)).json["imported"] == NOTHING


async def test_a_page_of_markdown_shows_each_thread_to_people(ada: Caller):
    thread = await ada.chat("say ```\nnot the end", title="A *title*", tags=["t"])

    files = unzipped(await export(ada, thread["session_id"]))
    page = files["threads/00001-a-title.md"].decode()

    assert page.startswith("# A *title*\n\n- Agent: script\n- Created: 2026-")
    assert "say ```\nnot the end" in page


async def test_who_exported_and_imported_what_is_in_the_audit_log(ada: Caller, elsewhere: Harness):
    session = (await ada.chat("say one"))["session_id"]
    exported = await export(ada, session)
    await import_(elsewhere.ada, exported)
    acts = [(each["act"], each["subject"]) for each in (await ada.get("/audit", limit=100)).json]
    theirs = [each["act"] for each in (await elsewhere.ada.get("/audit", limit=100)).json]

    assert ("session.exported", session) in acts
    assert "session.imported" in theirs


async def test_a_longer_thread_is_written_in_pages_and_read_in_batches(ada: Caller):
    lines = [{"thread": "long", "role": "user" if n % 2 == 0 else "assistant", "text": f"m{n}"} for n in range(450)]
    await import_(ada, "\n".join(map(json.dumps, lines)).encode(), "generic")
    (thread,) = (await threads_of(ada)).values()

    exported = unzipped(await export(ada, thread["session_id"]))
    body = [json.loads(line) for line in exported["threads/00001-long.jsonl"].splitlines()]

    assert thread["message_count"] == 450
    assert [each["text"] for each in body[1:]] == [f"m{n}" for n in range(450)]
    assert [each["turn"] for each in body[1:]] == [1 + n // 2 for n in range(450)]
