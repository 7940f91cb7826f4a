"""Votes over HTTP: one of each user on each message."""

from typing import Any

from tests.api import one_server
from tests.api.harness import Caller, Harness

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def answer_in(ada: Caller, thread: Any) -> str:
    return (await ada.get(f"/threads/{thread['id']}/messages", role="assistant")).json[0]["id"]


async def test_a_later_vote_replaces_the_earlier_one(ada: Caller):
    thread = await ada.chat("say hello")
    item = await answer_in(ada, thread)
    path = f"/threads/{thread['id']}/messages/{item}/vote"

    first = await ada.put(path, {"value": 1, "comment": "good"})
    await ada.put(path, {"value": -1})
    listed = (await ada.get(f"/threads/{thread['id']}/votes")).json

    assert (first.status, first.json["value"], first.json["comment"]) == (200, 1, "good")
    assert [(each["item_id"], each["value"], each["comment"]) for each in listed] == [(item, -1, None)]


async def test_a_vote_is_taken_back_once_or_twice(ada: Caller):
    thread = await ada.chat("say hello")
    path = f"/threads/{thread['id']}/messages/{await answer_in(ada, thread)}/vote"
    await ada.put(path, {"value": 1})

    gone = [(await ada.delete(path)).status for _ in range(2)]

    assert gone == [204, 204]
    assert (await ada.get(f"/threads/{thread['id']}/votes")).json == []


async def test_a_vote_is_one_or_minus_one(ada: Caller):
    thread = await ada.chat("say hello")
    path = f"/threads/{thread['id']}/messages/{await answer_in(ada, thread)}/vote"

    for body in ({"value": 0}, {"value": 2}, {"value": "1"}, {"value": True}, {}, {"value": 1, "comment": "x" * 5000}):
        assert (await ada.put(path, body)).status == 422, body


async def test_votes_tell_no_event_and_are_allowed_in_an_archived_thread(ada: Caller):
    thread = await ada.chat("say hello")
    await ada.patch(f"/threads/{thread['id']}", {"archived": True})
    before = len(await ada.replay("/events"))

    voted = await ada.put(f"/threads/{thread['id']}/messages/{await answer_in(ada, thread)}/vote", {"value": 1})

    assert voted.status == 200
    told = [frame.event for frame in (await ada.replay("/events"))[before:]]
    assert set(told) <= {"thread.updated"}  # the thread may be described in the meantime


async def test_votes_go_with_their_thread_and_a_fork_has_none(server: Harness):
    ada = server.ada
    thread = await ada.chat("say hello")
    await ada.put(f"/threads/{thread['id']}/messages/{await answer_in(ada, thread)}/vote", {"value": 1})

    forked = await ada.made(f"/threads/{thread['id']}/fork")

    assert (await ada.get(f"/threads/{forked['id']}/votes")).json == []
    await ada.delete(f"/threads/{thread['id']}")
    assert (await ada.get(f"/threads/{thread['id']}/votes")).status == 404


async def test_a_superseded_message_takes_no_vote(ada: Caller):
    thread = await ada.chat("say hello")
    item = await answer_in(ada, thread)
    await ada.delete(f"/threads/{thread['id']}/messages/{item}")

    refused = await ada.put(f"/threads/{thread['id']}/messages/{item}/vote", {"value": 1})

    assert (refused.status, refused.code) == (409, "superseded")


async def test_what_was_said_in_an_archived_thread_stays(ada: Caller):
    thread = await ada.chat("say hello")
    item = await answer_in(ada, thread)
    await ada.patch(f"/threads/{thread['id']}", {"archived": True})
    path = f"/threads/{thread['id']}/messages"

    refused = [
        await ada.post(path, {"message": "more"}),
        await ada.post(f"{path}/{item}/regenerate"),
        await ada.delete(f"{path}/{item}"),
    ]
    await ada.patch(f"/threads/{thread['id']}", {"archived": False})

    assert [(each.status, each.code) for each in refused] == [(409, "thread_archived")] * 3
    assert (await ada.post(path, {"message": "more"})).status == 202
