"""Changing what was said: edit, regenerate and delete cut the transcript, and what was cut is out of sight."""

import json
from typing import Any

import pytest

from laneway.domain.decide import cuts
from tests.api.harness import MISSING, Caller, Harness, data_of


async def said(ada: Caller, thread: Any) -> list[str]:
    return [item["text"] for item in (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json]


async def items(ada: Caller, thread: Any) -> list[Any]:
    return (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json


async def told(ada: Caller, thread: Any, *types: str) -> list[Any]:
    frames = await ada.replay(f"/threads/{thread['id']}/events")
    return [data_of(frame) for frame in frames if frame.event in types]


def at(thread: Any, item: Any, verb: str = "") -> str:
    return f"/threads/{thread['id']}/messages/{item['id']}" + (f"/{verb}" if verb else "")


# --- edit ------------------------------------------------------------------------------------------------------------


async def test_an_edit_cuts_from_that_message_on_and_asks_anew(ada: Caller):
    thread = await ada.chat("say one", "say two", "say three")
    before = await items(ada, thread)

    edited = await ada.post(at(thread, before[2], "edit"), {"message": "say other"})
    await ada.finished(thread["id"], 4)

    assert edited.status == 202
    assert set(edited.json) == {"item_id", "thread_id", "state", "position", "turn_id", "offset"}
    assert (edited.json["state"], edited.json["position"]) == ("queued", 1)
    assert await said(ada, thread) == ["say one", "one", "say other", "other"]
    shown = (await ada.get(f"/threads/{thread['id']}")).json
    assert (shown["message_count"], shown["last_message"]) == (4, "other")
    (cut,) = await told(ada, thread, "transcript.cut")
    assert cut["data"] == {"after_item_id": before[1]["id"], "reason": "edit"}
    assert (await ada.get(f"/queue-items/{edited.json['item_id']}")).json["state"] == "consumed"


async def test_what_was_cut_is_in_no_later_context(ada: Caller):
    thread = await ada.chat("say canary-one", "say canary-two")
    first = (await items(ada, thread))[0]

    await ada.made(at(thread, first, "edit"), {"message": "context"})
    await ada.finished(thread["id"], 3)

    (given,) = [item for item in await items(ada, thread) if item["role"] == "assistant"]
    assert json.loads(given["text"])["messages"] == []
    assert "canary" not in given["text"]


async def test_an_edit_stops_the_running_turn_and_goes_before_what_waits(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "sleep 1000"})
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await events.until("turn.started")
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "say later"})
    (question,) = await items(ada, thread)

    await ada.made(at(thread, question, "edit"), {"parts": [{"type": "text", "text": "say sooner"}]})
    await ada.finished(thread["id"], 3)

    assert await said(ada, thread) == ["say sooner", "sooner", "say later", "later"]
    turns = (await ada.get(f"/threads/{thread['id']}/turns")).json
    assert [turn["status"] for turn in turns] == ["cancelled", "completed", "completed"]
    assert not (await ada.get(f"/threads/{thread['id']}/queue")).json["paused"]


async def test_only_what_a_user_said_and_what_is_still_there_can_be_edited(ada: Caller, bob: Caller):
    thread = await ada.chat("say one", "say two")
    before = await items(ada, thread)

    of_agent = await ada.post(at(thread, before[1], "edit"), {"message": "x"})
    empty = await ada.post(at(thread, before[0], "edit"), {"message": ""})
    foreign = await bob.post(at(thread, before[0], "edit"), {"message": "x"})
    missing = await ada.post(at(thread, {"id": f"itm_{MISSING}"}, "edit"), {"message": "x"})
    await ada.delete(at(thread, before[2]))
    gone = await ada.post(at(thread, before[2], "edit"), {"message": "x"})
    await ada.patch(f"/threads/{thread['id']}", {"archived": True})
    archived = await ada.post(at(thread, before[0], "edit"), {"message": "x"})

    assert [each.status for each in (of_agent, empty, foreign, missing)] == [422, 422, 404, 404]
    assert (foreign.content, gone.code, archived.code) == (missing.content, "superseded", "thread_archived")
    assert await said(ada, thread) == ["say one", "one"]


async def test_an_edit_sent_twice_under_one_key_is_one_edit(ada: Caller):
    thread = await ada.chat("say one")
    (question, _) = await items(ada, thread)
    path = at(thread, question, "edit")

    first = await ada.post(path, {"message": "say two"}, idempotency_key="k")
    await ada.finished(thread["id"], 2)
    again = await ada.post(path, {"message": "say two"}, idempotency_key="k")

    assert first.json == again.json
    assert await said(ada, thread) == ["say two", "two"]


# --- regenerate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["question", "answer"])
async def test_a_regenerate_answers_the_same_question_again_without_a_second_copy(ada: Caller, named: str):
    thread = await ada.chat("say before", "context")
    _, _, question, answer = await items(ada, thread)

    asked = await ada.post(at(thread, question if named == "question" else answer, "regenerate"))
    await ada.finished(thread["id"], 3)

    after = await items(ada, thread)
    assert asked.status == 202
    assert [item["role"] for item in after] == ["user", "assistant", "user", "assistant"]
    assert after[2] == question
    assert after[3]["id"] != answer["id"]
    given = json.loads(after[3]["text"])
    assert [message["text"] for message in given["messages"]] == ["say before", "before"]
    assert [message["text"] for message in given["batch"]] == ["context"]
    (cut,) = await told(ada, thread, "transcript.cut")
    assert cut["data"] == {"after_item_id": question["id"], "reason": "regenerate"}
    assert (await ada.get(f"/threads/{thread['id']}")).json["message_count"] == 4


async def test_an_answer_that_was_regenerated_can_be_regenerated_again(ada: Caller):
    thread = await ada.chat("say one")
    for turns in (2, 3):
        answer = (await items(ada, thread))[1]
        await ada.made(at(thread, answer, "regenerate"))
        await ada.finished(thread["id"], turns)

    assert await said(ada, thread) == ["say one", "one"]
    assert (await ada.delete(at(thread, (await items(ada, thread))[1]))).status == 204
    assert await said(ada, thread) == []


async def test_each_input_has_one_turn_after_a_regenerate(ada: Caller):
    thread = await ada.chat("say one")
    question, _ = await items(ada, thread)

    asked = await ada.made(at(thread, question, "regenerate"))
    await ada.finished(thread["id"], 2)

    first, second = (await ada.get(f"/threads/{thread['id']}/turns")).json
    assert (second["item_ids"], second["trigger"]) == ([asked["item_id"]], "regenerate")
    original = (await ada.get(f"/queue-items/{question['queue_item_id']}")).json
    again = (await ada.get(f"/queue-items/{asked['item_id']}")).json
    assert [original["turn_id"], again["turn_id"]] == [first["id"], second["id"]]


async def test_a_batch_is_answered_again_as_one_and_alone(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script", "settings": {"paused": True}})
    for text in ("say a", "context"):
        await ada.made(f"/threads/{thread['id']}/messages", {"message": text})
    await ada.post(f"/threads/{thread['id']}/queue/resume")
    await ada.finished(thread["id"])
    await ada.post(f"/threads/{thread['id']}/queue/pause")
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "say behind"})

    await ada.made(at(thread, (await items(ada, thread))[0], "regenerate"))
    next_batch = (await ada.get(f"/threads/{thread['id']}/queue")).json["next_batch"]
    await ada.post(f"/threads/{thread['id']}/queue/resume")
    await ada.finished(thread["id"], 3)

    after = await items(ada, thread)
    assert (len(next_batch["item_ids"]), next_batch["break_reason"]) == (1, "delivery")
    assert [item["text"] for item in after if item["role"] == "user"] == ["say a", "context", "say behind"]
    assert [message["text"] for message in json.loads(after[2]["text"])["batch"]] == ["say a", "context"]


async def test_a_question_that_waits_to_be_asked_again_is_moved_but_not_rewritten(ada: Caller):
    thread = await ada.chat("say one")
    await ada.post(f"/threads/{thread['id']}/queue/pause")
    asked = await ada.made(at(thread, (await items(ada, thread))[0], "regenerate"))
    path = f"/threads/{thread['id']}/queue/{asked['item_id']}"

    rewritten = await ada.patch(path, {"message": "say two"})
    withdrawn = await ada.delete(path)

    assert (rewritten.status, withdrawn.status) == (422, 204)
    assert await said(ada, thread) == ["say one"]


# --- delete ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [2, 3])
async def test_a_deletion_cuts_the_exchange_and_what_follows(ada: Caller, index: int):
    thread = await ada.chat("say one", "say two", "say three")
    before = await items(ada, thread)

    deleted = await ada.delete(at(thread, before[index]))

    shown = (await ada.get(f"/threads/{thread['id']}")).json
    assert (deleted.status, deleted.content) == (204, b"")
    assert await said(ada, thread) == ["say one", "one"]
    assert (shown["message_count"], shown["last_message"], shown["status"]) == (2, "one", "idle")
    (cut,) = await told(ada, thread, "transcript.cut")
    assert cut["data"] == {"after_item_id": before[1]["id"], "reason": "delete"}
    assert (await ada.delete(at(thread, before[index]))).code in ("superseded", "not_found")


async def test_a_deletion_of_the_first_message_leaves_an_empty_thread_that_goes_on(ada: Caller):
    thread = await ada.chat("say one")
    question, _ = await items(ada, thread)

    await ada.delete(at(thread, question))
    emptied = (await ada.get(f"/threads/{thread['id']}")).json
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "context"})
    await ada.finished(thread["id"], 2)

    assert (emptied["message_count"], emptied["last_message"], emptied["unread"]) == (0, None, 0)
    (cut,) = await told(ada, thread, "transcript.cut")
    assert cut["data"]["after_item_id"] is None
    assert json.loads((await said(ada, thread))[1])["messages"] == []


async def test_a_deletion_stops_what_runs_and_pauses_what_waits(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script", "initial_message": "sleep 1000"})
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await events.until("turn.started")
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "say later"})

    await ada.delete(at(thread, (await items(ada, thread))[0]))

    queue = (await ada.get(f"/threads/{thread['id']}/queue")).json
    assert (queue["paused"], len(queue["items"])) == (True, 1)
    assert [data["type"] for data in await told(ada, thread, "turn.cancelled")] == ["turn.cancelled"]
    assert await said(ada, thread) == []


# --- what else holds -------------------------------------------------------------------------------------------------


async def test_a_cut_invalidates_the_lanes_of_its_thread_and_no_other(ada: Caller):
    threads = [await ada.chat("resume-id R1", settings={"resume": True}) for _ in range(2)]
    cut, spared = threads

    await ada.made(at(cut, (await items(ada, cut))[0], "edit"), {"message": "context"})
    await ada.finished(cut["id"], 2)
    await ada.made(f"/threads/{spared['id']}/messages", {"message": "context"})
    await ada.finished(spared["id"], 2)

    contexts = [json.loads((await said(ada, thread))[-1]) for thread in threads]
    assert [given["resume_id"] for given in contexts] == [None, "R1"]
    frames = await ada.replay(f"/sessions/{cut['session_id']}/events")
    (lane,) = [data_of(frame) for frame in frames if frame.event == "lane.invalidated"]
    assert lane["data"]["lane"] == {"workflow": "chat", "scope": cut["id"], "agent": "script"}
    assert lane["data"]["reason"] == "transcript.cut: edit"


async def test_search_never_shows_what_was_cut(server: Harness, ada: Caller):
    thread = await ada.chat("say before", "say canary")
    await server.indexed()
    found = (await ada.get("/search", q="canary")).json

    await ada.delete(at(thread, (await items(ada, thread))[2]))
    at_once = (await ada.get("/search", q="canary")).json
    await server.indexed()
    later = (await ada.get("/search", q="canary")).json

    assert len(found) == 2
    assert (at_once, later) == ([], [])
    assert len((await ada.get("/search", q="before")).json) >= 1


async def test_a_cut_touches_no_other_thread(ada: Caller):
    thread = await ada.chat("say one", "say two")
    other = await ada.chat("say canary", session_id=thread["session_id"])
    running = await ada.made(
        "/threads", {"agent_id": "script", "session_id": thread["session_id"], "initial_message": "sleep 1000"}
    )
    async with ada.events(f"/threads/{running['id']}/events", after="0") as events:
        await events.until("turn.started")
    before = [(await ada.get(f"/threads/{each['id']}")).json for each in (other, running)]

    await ada.delete(at(thread, (await items(ada, thread))[0]))
    crossed = await ada.delete(at(thread, (await items(ada, other))[0]))

    assert crossed.status == 404
    assert [(await ada.get(f"/threads/{each['id']}")).json for each in (other, running)] == before
    assert await said(ada, other) == ["say canary", "canary"]


async def test_a_cut_of_more_than_its_bound_is_refused_and_changes_nothing(
    ada: Caller, monkeypatch: pytest.MonkeyPatch
):
    thread = await ada.chat("say one", "say two", "say three")
    before = await items(ada, thread)
    monkeypatch.setattr(cuts, "CUT_ITEMS", 4)

    refused = await ada.delete(at(thread, before[0]))
    allowed = await ada.delete(at(thread, before[2]))

    assert (refused.status, refused.code, allowed.status) == (409, "transcript_too_long", 204)
    assert await said(ada, thread) == ["say one", "one"]
