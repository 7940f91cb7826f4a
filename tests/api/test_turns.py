from tests.api import one_server
from tests.api.harness import MISSING, Caller, Harness

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def test_a_turn_has_every_field_of_the_contract(ada: Caller):
    thread = await ada.chat("say a", "say b")

    turns = (await ada.get(f"/threads/{thread['id']}/turns")).json
    turn = (await ada.get(f"/turns/{turns[0]['id']}")).json

    assert [each["number"] for each in turns] == [1, 2]
    assert turn == turns[0]
    assert set(turn) == {
        "id", "thread_id", "number", "status", "attempt", "trigger", "item_ids", "runs", "usage", "error", "node",
        "started_at", "finished_at",
    }  # fmt: skip
    assert set(turn["runs"][0]) == {"agent", "lane", "status", "resumed"}
    assert turn["runs"][0]["status"] == "answered"


async def test_cancel_is_accepted_once_and_again(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    path = f"/threads/{thread['id']}"
    nothing = await ada.send("POST", f"{path}/cancel")
    await ada.made(f"{path}/messages", {"message": "sleep 1000"})
    async with ada.events(f"{path}/events", after="0") as events:
        started = await events.until("turn.started")
        first = await ada.send("POST", f"{path}/cancel")
        await events.until("turn.cancelled")
    turn_id = first.json["turn_id"]

    late = await ada.post(f"/turns/{turn_id}/cancel", {})

    assert (nothing.status, nothing.json["turn_id"]) == (202, None)
    assert started.data.count(turn_id) > 0
    assert first.status == 202
    assert (late.status, late.json) == (202, {"turn_id": turn_id, "status": "cancelled"})
    assert (await ada.get(f"/turns/{turn_id}")).json["status"] == "cancelled"


async def test_a_failed_turn_says_why_and_can_be_retried(ada: Caller):
    thread = await ada.chat("fail-until 2 not yet\nsay done")
    path = f"/threads/{thread['id']}"
    (failed,) = (await ada.get(f"{path}/turns")).json

    retried = await ada.post(f"{path}/turns/{failed['id']}/retry", {})
    await ada.finished(thread["id"], 2)
    again = await ada.send("POST", f"{path}/turns/{failed['id']}/retry")
    members = await ada.post(f"{path}/turns/{failed['id']}/retry", {"agents": ["script"]})

    assert failed["status"] == "failed"
    assert set(failed["error"]) == {"class", "message"}
    assert "not yet" in failed["error"]["message"]
    assert (retried.status, retried.json["id"]) == (202, failed["id"])
    assert (again.status, again.code) == (409, "nothing_to_retry")
    assert (members.status, members.code) == (422, "not_available")
    turn = (await ada.get(f"/turns/{failed['id']}")).json
    assert (turn["status"], turn["attempt"]) == ("completed", 2)


async def test_a_turn_that_is_not_in_review_cannot_be_reviewed(ada: Caller):
    thread = await ada.chat("say a")
    (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json

    answer = await ada.post(f"/turns/{turn['id']}/review", {"action": "skip"})

    assert (answer.status, answer.code) == (409, "not_in_review")
    assert (await ada.post(f"/turns/{turn['id']}/review", {"action": "forget"})).status == 422
    assert (await ada.post(f"/turns/trn_{MISSING}/review", {"action": "skip"})).status == 404


async def test_an_approval_is_answered_once_for_exactly_its_arguments(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    path = f"/threads/{thread['id']}"
    await ada.made(f"{path}/messages", {"message": "ask May I?\nsay thanks"})
    async with ada.events(f"{path}/events", after="0") as events:
        await events.until("approval.requested")
        (approval,) = (await ada.get("/approvals", state="open", session_id=thread["session_id"])).json
        where = f"/approvals/{approval['id']}"
        answer = {"decision": "approve", "arguments_hash": approval["arguments_hash"]}
        changed = await ada.post(where, {**answer, "arguments_hash": "other"})
        approved = await ada.post(where, {**answer, "note": "go on"})
        late = await ada.post(where, answer)
        await events.until("turn.completed")

    assert set(approval) == {
        "id", "session_id", "thread_id", "turn_id", "call_id", "tool", "arguments", "arguments_hash", "state",
        "decision", "note", "at",
    }  # fmt: skip
    assert (changed.status, changed.code) == (409, "arguments_changed")
    assert (approved.status, approved.json["state"], approved.json["note"]) == (200, "approved", "go on")
    assert (late.status, late.code) == (409, "already_decided")
    assert (await ada.get("/approvals", state="open")).json == []
    assert [each["id"] for each in (await ada.get("/approvals")).json] == [approval["id"]]


async def test_the_session_says_what_its_agents_are_doing(server: Harness, ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "sleep 1000"})
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await events.until("turn.started")

    (working,) = (await ada.get(f"/sessions/{thread['session_id']}/agents")).json

    assert working["agent"] == "script"
    assert (working["status"], working["thread_id"]) == ("running", thread["id"])
    assert isinstance(working["pid"], int)
    assert working["last_activity"]
