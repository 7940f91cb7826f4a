from tests.api import one_server
from tests.api.harness import MISSING, Caller

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def held(ada: Caller, *messages: str) -> tuple[str, list[str]]:
    """A paused thread with these messages waiting."""
    thread = await ada.made("/threads", {"agent_id": "script", "settings": {"paused": True}})
    ids = [(await ada.made(f"/threads/{thread['id']}/messages", {"message": each}))["item_id"] for each in messages]
    return f"/threads/{thread['id']}", ids


async def test_the_queue_shows_what_waits_and_what_would_run(ada: Caller):
    path, ids = await held(ada, "say a", "say b", "say c")
    await ada.patch(f"{path}/queue/{ids[2]}", {"hold": True})

    queue = await ada.get(f"{path}/queue")

    assert set(queue.json) == {"paused", "reason", "mode", "version", "items", "next_batch"}
    assert queue.json["paused"] is True
    assert [(item["id"], item["position"]) for item in queue.json["items"]] == list(zip(ids, (1, 2, 3), strict=True))
    assert queue.json["items"][2]["state"] == "held"
    assert queue.json["next_batch"] == {"item_ids": ids[:2], "break_reason": "hold"}
    assert queue.headers["etag"] == f'"{queue.json["version"]}"'
    assert int(queue.headers["laneway-offset"]) > 0


async def test_a_waiting_item_is_edited_moved_and_withdrawn(ada: Caller):
    path, ids = await held(ada, "say a", "say b", "say c")

    edited = await ada.patch(f"{path}/queue/{ids[0]}", {"message": "say A"}, If_Match='"1"')
    stale = await ada.patch(f"{path}/queue/{ids[0]}", {"message": "say B"}, If_Match='"1"')
    moved = await ada.patch(f"{path}/queue/{ids[2]}", {"position": 1})
    gone = await ada.delete(f"{path}/queue/{ids[1]}")
    again = await ada.delete(f"{path}/queue/{ids[1]}")

    assert (edited.json["text"], edited.json["version"]) == ("say A", 2)
    assert edited.headers["etag"] == '"2"'
    assert stale.status == 412
    assert moved.json["position"] == 1
    assert gone.status == 204
    assert (again.status, again.code) == (409, "already_taken")
    assert [item["id"] for item in (await ada.get(f"{path}/queue")).json["items"]] == [ids[2], ids[0]]
    receipt = (await ada.get(f"/queue-items/{ids[1]}")).json
    assert set(receipt) == {"id", "thread_id", "state", "turn_id", "reason", "at"}
    assert receipt["state"] == "withdrawn"


async def test_what_a_turn_took_can_no_longer_be_changed(ada: Caller):
    thread = await ada.chat("say a")
    items = (await ada.get(f"/threads/{thread['id']}/messages")).json
    taken = items[0]["queue_item_id"]

    edited = await ada.patch(f"/threads/{thread['id']}/queue/{taken}", {"message": "x"}, If_Match='"77"')
    receipt = (await ada.get(f"/queue-items/{taken}")).json

    assert (edited.status, edited.code) == (409, "already_taken")
    assert (receipt["state"], receipt["turn_id"]) == ("consumed", items[0]["turn_id"])


async def test_an_item_of_another_thread_is_missing(ada: Caller):
    one, ids = await held(ada, "say a")
    two, _ = await held(ada, "say b")

    assert (await ada.patch(f"{two}/queue/{ids[0]}", {"hold": True})).status == 404
    assert (await ada.patch(f"{two}/queue/{ids[0]}", {"nonsense": True})).status == 404
    assert (await ada.delete(f"{two}/queue/que_{MISSING}")).status == 404
    assert len((await ada.get(f"{one}/queue")).json["items"]) == 1


async def test_pause_resume_and_clear_answer_with_the_queue(ada: Caller):
    path, ids = await held(ada, "say a", "say b")

    paused = await ada.send("POST", f"{path}/queue/pause")
    cleared = await ada.post(f"{path}/queue/clear", {})
    resumed = await ada.send("POST", f"{path}/queue/resume")
    again = await ada.send("POST", f"{path}/queue/resume")
    extra = await ada.post(f"{path}/queue/pause", {"reason": "x"})

    assert (paused.status, paused.json["paused"]) == (200, True)
    assert (cleared.status, cleared.json["items"]) == (200, [])
    assert (resumed.status, resumed.json["paused"]) == (200, False)
    assert again.json["paused"] is False
    assert (extra.status, extra.code) == (422, "unknown_field")
    assert (await ada.get(f"/queue-items/{ids[0]}")).json["state"] == "withdrawn"


async def test_a_busy_thread_queues_and_the_next_turn_takes_all_in_order(ada: Caller):
    path, ids = await held(ada, "say a", "say b")

    await ada.send("POST", f"{path}/queue/resume")
    await ada.finished(path.removeprefix("/threads/"))

    (turn,) = (await ada.get(f"{path}/turns")).json
    assert turn["item_ids"] == ids
    assert turn["status"] == "completed"


async def test_a_full_queue_says_when_to_try_again(ada: Caller):
    path, _ = await held(ada, *(f"say {n}" for n in range(100)))

    answer = await ada.post(f"{path}/messages", {"message": "one more"})

    assert (answer.status, answer.code) == (429, "queue_full")
    assert int(answer.headers["retry-after"]) >= 1
    assert len((await ada.get(f"{path}/queue")).json["items"]) == 100


async def test_a_message_that_may_not_wait_is_refused_by_a_busy_thread(ada: Caller):
    path, _ = await held(ada, "say a")

    answer = await ada.post(f"{path}/messages", {"message": "now", "delivery": "reject"})

    assert (answer.status, answer.code) == (409, "busy")
