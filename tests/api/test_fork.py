"""Forks: a copy of what was said, with a life of its own."""

import json
from typing import Any

import pytest

from laneway.domain.decide import fork
from tests.api.harness import MISSING, Caller, Harness, data_of


async def items(ada: Caller, thread: Any) -> list[Any]:
    return (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json


def shown(all_items: list[Any]) -> list[tuple[str, str, Any]]:
    return [(item["role"], item["text"], item["parts"]) for item in all_items]


async def test_a_fork_has_exactly_the_items_up_to_the_named_one(ada: Caller):
    settings = {"queue_mode": "one_at_a_time", "resume": True}
    thread = await ada.chat("resume-id R1", "say two", "say three", settings=settings, metadata={"k": "v"})
    original = await items(ada, thread)

    forked = await ada.post(f"/threads/{thread['id']}/fork", {"after_item_id": original[2]["id"]})
    copies = await items(ada, forked.json)

    assert (forked.status, forked.headers["Location"]) == (201, f"/api/v1/threads/{forked.json['id']}")
    assert shown(copies) == shown(original[:3])
    assert [item["created_at"] for item in copies] == [item["created_at"] for item in original[:3]]
    assert not {item["id"] for item in copies} & {item["id"] for item in original}
    assert not {item["turn_id"] for item in copies} & {item["turn_id"] for item in original}
    assert [item["seq"] for item in copies] == sorted(item["seq"] for item in copies)
    assert (forked.json["forked_from"], forked.json["session_id"]) == (thread["id"], thread["session_id"])
    assert (forked.json["message_count"], forked.json["last_message"], forked.json["status"]) == (3, "two", "idle")
    assert (forked.json["settings"]["queue_mode"], forked.json["metadata"]) == ("one_at_a_time", {"k": "v"})
    assert (await items(ada, thread)) == original


async def test_a_fork_goes_on_by_itself_without_the_lane_of_the_original(ada: Caller):
    thread = await ada.chat("resume-id R1", "say two", settings={"resume": True})

    forked = await ada.made(f"/threads/{thread['id']}/fork")
    await ada.made(f"/threads/{forked['id']}/messages", {"message": "context"})
    await ada.finished(forked["id"])

    given = json.loads((await items(ada, forked))[-1]["text"])
    assert [message["text"] for message in given["messages"]] == ["resume-id R1", "say two", "two"]
    assert (given["resume_id"], given["thread_id"]) == (None, forked["id"])
    assert len(await items(ada, thread)) == 3


async def test_a_thread_is_forked_while_it_runs(ada: Caller):
    thread = await ada.chat("say one")
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "stream 4 100"})
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await events.until("item.delta")
        await events.until("item.delta")

    forked = await ada.made(f"/threads/{thread['id']}/fork")
    running = (await items(ada, thread))[-1]
    refused = await ada.post(f"/threads/{thread['id']}/fork", {"after_item_id": running["id"]})

    assert [item["text"] for item in await items(ada, forked)] == ["say one", "one", "stream 4 100"]
    assert (await ada.get(f"/threads/{thread['id']}")).json["status"] == "running"
    assert (refused.status, refused.code) == (409, "busy")


async def test_nothing_of_a_deleted_original_is_reached_through_its_fork(server: Harness, ada: Caller):
    thread = await ada.chat("say kept", "say canary")
    original = await items(ada, thread)
    forked = await ada.made(f"/threads/{thread['id']}/fork", {"after_item_id": original[1]["id"]})
    await ada.delete(f"/threads/{thread['id']}")
    await server.indexed()

    everything = b"".join(
        [
            (await ada.get(f"/threads/{forked['id']}")).content,
            (await ada.get(f"/threads/{forked['id']}/messages")).content,
            (await ada.get(f"/threads/{forked['id']}/turns")).content,
            (await ada.get("/search", q="canary")).content,
            *[frame.data.encode() for frame in await ada.replay(f"/threads/{forked['id']}/events")],
        ]
    )

    assert b"canary" not in everything
    assert not [item["id"] for item in original if item["id"].encode() in everything]
    assert [item["text"] for item in await items(ada, forked)] == ["say kept", "kept"]


async def test_what_was_cut_is_not_copied(ada: Caller):
    thread = await ada.chat("say one", "say two")
    original = await items(ada, thread)
    await ada.delete(f"/threads/{thread['id']}/messages/{original[2]['id']}")

    forked = await ada.made(f"/threads/{thread['id']}/fork")
    at_gone = await ada.post(f"/threads/{thread['id']}/fork", {"after_item_id": original[2]["id"]})

    assert [item["text"] for item in await items(ada, forked)] == ["say one", "one"]
    assert at_gone.code == "superseded"


async def test_a_copy_can_be_edited_and_regenerated(ada: Caller):
    thread = await ada.chat("say one", "say two")
    forked = await ada.made(f"/threads/{thread['id']}/fork")
    copies = await items(ada, forked)

    await ada.made(f"/threads/{forked['id']}/messages/{copies[3]['id']}/regenerate")
    await ada.finished(forked["id"])
    await ada.made(f"/threads/{forked['id']}/messages/{copies[2]['id']}/edit", {"message": "say new"})
    await ada.finished(forked["id"], 2)

    assert [item["text"] for item in await items(ada, forked)] == ["say one", "one", "say new", "new"]
    assert [item["text"] for item in await items(ada, thread)] == ["say one", "one", "say two", "two"]


async def test_files_are_shared_by_reference(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    upload = {"file": ("a.txt", b"hello", "text/plain")}
    file = (await ada.send("POST", "/attachments", files=upload, data={"session_id": thread["session_id"]})).json
    parts = [{"type": "text", "text": "say one"}, {"type": "file", "attachment_id": file["id"]}]
    await ada.made(f"/threads/{thread['id']}/messages", {"parts": parts})
    await ada.finished(thread["id"])

    forked = await ada.made(f"/threads/{thread['id']}/fork")
    await ada.delete(f"/threads/{thread['id']}")

    assert (await items(ada, forked))[0]["parts"] == parts
    assert (await ada.get(f"/attachments/{file['id']}")).status == 200


async def test_an_item_of_elsewhere_and_too_long_a_thread_are_refused(
    ada: Caller, bob: Caller, monkeypatch: pytest.MonkeyPatch
):
    thread, other = await ada.chat("say one"), await ada.chat("say two")
    path = f"/threads/{thread['id']}/fork"
    elsewhere = await ada.post(path, {"after_item_id": (await items(ada, other))[0]["id"]})
    missing = await ada.post(path, {"after_item_id": f"itm_{MISSING}"})
    foreign = await bob.post(path)
    monkeypatch.setattr(fork, "FORK_ITEMS", 1)
    long = await ada.post(path)
    frames = await ada.replay(f"/sessions/{thread['session_id']}/events")

    assert (elsewhere.content, foreign.content) == (missing.content, missing.content)
    assert (long.status, long.code) == (409, "transcript_too_long")
    created = [data_of(frame)["thread_id"] for frame in frames if frame.event == "thread.created"]
    assert created == [thread["id"], other["id"]]
