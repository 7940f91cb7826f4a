import json
from typing import Any

import pytest

from tests.api import one_server
from tests.api.harness import MISSING, Caller, Harness

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def test_an_accepted_message_says_where_it_stands(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})

    posted = await ada.post(f"/threads/{thread['id']}/messages", {"message": "say hi"})

    assert posted.status == 202
    assert set(posted.json) == {"item_id", "thread_id", "state", "position", "turn_id", "offset"}
    assert posted.json["item_id"].startswith("que_")
    assert (posted.json["state"], posted.json["position"]) == ("queued", 1)


async def test_the_offset_of_an_answer_is_where_its_turn_begins(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    posted = await ada.made(f"/threads/{thread['id']}/messages", {"message": "say hi"})

    async with ada.events(f"/threads/{thread['id']}/events", after=posted["offset"]) as events:
        first = await events.next()

    assert first is not None
    assert first.event == "turn.started"


async def test_the_transcript_is_in_order_and_pages_both_ways(ada: Caller):
    thread = await ada.chat("say one", "say two", "say three")
    path = f"/threads/{thread['id']}/messages"
    everything = (await ada.get(path)).json

    texts = [item["text"] for item in everything]
    after = await ada.get(path, after=everything[1]["id"], limit=2)
    before = await ada.get(path, before=everything[4]["id"], limit=2)
    by_seq = await ada.get(path, after=everything[3]["seq"])
    answers = await ada.get(path, role="assistant")
    of_turn = await ada.get(path, turn_id=everything[2]["turn_id"])

    assert texts == ["say one", "one", "say two", "two", "say three", "three"]
    assert [item["text"] for item in after.json] == texts[2:4]
    assert [item["text"] for item in before.json] == texts[2:4]
    assert [item["text"] for item in by_seq.json] == texts[4:]
    assert [item["text"] for item in answers.json] == ["one", "two", "three"]
    assert [item["text"] for item in of_turn.json] == ["say two", "two"]
    assert [item["seq"] for item in everything] == sorted(item["seq"] for item in everything)
    assert (await ada.get(path, after=f"itm_{MISSING}")).status == 404


async def test_the_running_item_is_partial_and_the_stream_goes_on_exactly_there(server: Harness, ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    path = f"/threads/{thread['id']}"
    await ada.made(f"{path}/messages", {"message": "stream 4 100"})
    async with ada.events(f"{path}/events", after="0") as events:
        await events.until("item.delta")
    seen = await ada.get(f"{path}/messages")
    text = seen.json[-1]["text"]

    async with ada.events(f"{path}/events", after=seen.headers["laneway-offset"]) as events, server.ticking():
        while True:
            frame = await events.next()
            assert frame is not None
            data = events_data(frame.data)
            if frame.event == "item.delta":
                assert data["position"] == len(text)
                text += data["text"]
            if frame.event == "item.completed":
                whole = data["item"]["text"]
                break

    assert seen.json[-1]["state"] == "partial"
    assert seen.json[-1]["parts"] == [{"type": "text", "text": seen.json[-1]["text"]}]
    assert whole.startswith(text)
    assert whole.split() == ["w0", "w1", "w2", "w3"]


def events_data(text: str) -> dict[str, Any]:
    return json.loads(text)["data"]


async def test_a_message_without_a_thread_makes_one_in_the_default_session(ada: Caller):
    posted = await ada.post("/messages", {"agent_id": "script", "message": "say hi"})

    thread = (await ada.get(f"/threads/{posted.json['thread_id']}")).json
    assert posted.status == 202
    assert set(posted.json) == {"item_id", "thread_id", "state", "position", "turn_id", "offset"}
    assert thread["title"] == "say hi"


async def test_parts_keep_their_types_and_values(ada: Caller):
    session = await ada.made("/sessions")
    thread = await ada.made("/threads", {"agent_id": "script", "session_id": session["id"]})
    file = await ada.send(
        "POST", "/attachments", files={"file": ("a.png", b"png", "image/png")}, data={"session_id": session["id"]}
    )
    parts = [
        {"type": "text", "text": "say look"},
        {"type": "code", "language": "py", "text": "x = 1"},
        {"type": "data", "data": {"a": [1, None, 2.5]}},
        {"type": "image", "attachment_id": file.json["id"]},
    ]
    posted = await ada.made(f"/threads/{thread['id']}/messages", {"parts": parts})
    await ada.finished(thread["id"])

    items = (await ada.get(f"/threads/{thread['id']}/messages")).json
    assert items[0]["parts"] == parts
    assert items[0]["queue_item_id"] == posted["item_id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"message": "a", "parts": [{"type": "text", "text": "a"}]}, 422, "invalid"),
        ({"message": ""}, 422, "invalid"),
        ({"message": 1}, 422, "invalid"),
        ({"message": "a", "mesage": "b"}, 422, "unknown_field"),
        ({"parts": []}, 422, "invalid"),
        ({"parts": [{"type": "video", "text": "a"}]}, 422, "invalid"),
        ({"parts": [{"type": "text", "text": "a", "x": 1}]}, 422, "unknown_field"),
        ({"parts": [{"type": "image", "attachment_id": f"att_{MISSING}"}]}, 422, "unknown_attachment"),
        ({"message": "a", "agents": ["nobody"]}, 422, "unknown_agent"),
        ({"message": "a", "agents": ["script", "guide"]}, 422, "not_available"),
        ({"message": "a", "delivery": "later"}, 422, "invalid"),
        ({"message": "a", "discard": True}, 422, "invalid"),
        ({"message": "é" * 40_000}, 413, "too_large"),
        (["message"], 422, "invalid"),
    ],
)
async def test_a_message_that_does_not_fit_is_refused(ada: Caller, body: Any, status: int, code: str):
    thread = await ada.made("/threads")

    answer = await ada.post(f"/threads/{thread['id']}/messages", body)

    assert (answer.status, answer.code) == (status, code)
    assert (await ada.get(f"/threads/{thread['id']}/queue")).json["items"] == []


async def test_a_file_of_another_session_is_unknown(ada: Caller):
    one, two = await ada.made("/sessions"), await ada.made("/sessions")
    file = await ada.send(
        "POST", "/attachments", files={"file": ("a.txt", b"a", "text/plain")}, data={"session_id": one["id"]}
    )
    thread = await ada.made("/threads", {"session_id": two["id"]})

    answer = await ada.post(
        f"/threads/{thread['id']}/messages", {"parts": [{"type": "file", "attachment_id": file.json["id"]}]}
    )

    assert (answer.status, answer.code) == (422, "unknown_attachment")


async def test_an_archived_thread_takes_no_message(ada: Caller):
    thread = await ada.made("/threads")
    await ada.patch(f"/threads/{thread['id']}", {"archived": True})

    answer = await ada.post(f"/threads/{thread['id']}/messages", {"message": "hello"})

    assert (answer.status, answer.code) == (409, "thread_archived")


async def test_a_message_replies_to_an_item_that_is_in_its_threads_transcript(ada: Caller, bob: Caller):
    thread, other, theirs = await ada.chat("say one"), await ada.chat("say two"), await bob.chat("say three")
    path = f"/threads/{thread['id']}/messages"
    question, answer = (await ada.get(path)).json
    elsewhere = [
        (await who.get(f"/threads/{each['id']}/messages")).json[1] for who, each in ((ada, other), (bob, theirs))
    ]

    posted = await ada.post(path, {"message": "say more", "reply_to": answer["id"]}, Idempotency_Key="k")
    await ada.finished(thread["id"], 2)
    wrong = [await ada.post(path, {"message": "say no", "reply_to": each["id"]}) for each in elsewhere]
    wrong.append(await ada.post(path, {"message": "say no", "reply_to": f"itm_{MISSING}"}))
    wrong.append(await ada.post("/messages", {"message": "say no", "reply_to": answer["id"]}))
    assert (await ada.delete(f"{path}/{question['id']}")).status == 204
    wrong.append(await ada.post(path, {"message": "say no", "reply_to": answer["id"]}))
    again = await ada.post(path, {"message": "say more", "reply_to": answer["id"]}, Idempotency_Key="k")

    assert posted.status == 202
    assert [(each.status, each.code) for each in wrong] == [(422, "unknown_item")] * 5
    assert again.content == posted.content
    assert len((await ada.get("/threads", limit=100)).json) == 2
