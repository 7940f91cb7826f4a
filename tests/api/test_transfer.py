"""Export and import: what leaves one server arrives in another, once, and looks the same from there."""

from collections.abc import AsyncGenerator

import pytest

from tests.api.harness import Caller, Harness, serving
from tests.api.uploads import NOTHING, export, import_, unzipped


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
