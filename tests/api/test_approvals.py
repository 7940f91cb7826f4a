"""Approvals over HTTP: what becomes of a question that nobody will hear the answer to."""

from typing import Any

import pytest

from tests.api.harness import Caller


async def asking(ada: Caller) -> tuple[Any, Any]:
    """A thread that waits for an answer, and the question."""
    thread = await ada.made("/threads", {"agent_id": "script", "initial_message": "ask may I"})
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await events.until("approval.requested")
    (approval,) = (await ada.get("/approvals", state="open")).json
    return thread, approval


@pytest.mark.parametrize(("ending", "state"), [("interrupt", "superseded"), ("cancel", "expired"), ("edit", "expired")])
async def test_a_question_ends_with_its_turn_and_a_late_answer_is_refused(ada: Caller, ending: str, state: str):
    thread, approval = await asking(ada)
    path = f"/threads/{thread['id']}"

    match ending:
        case "interrupt":
            await ada.post(f"{path}/messages", {"message": "say instead", "delivery": "interrupt"})
        case "cancel":
            await ada.post(f"{path}/cancel")
        case _:
            (question, *_) = (await ada.get(f"{path}/messages")).json
            await ada.post(f"{path}/messages/{question['id']}/edit", {"message": "say instead"})
    await ada.finished(thread["id"])

    answer = {"decision": "approve", "arguments_hash": approval["arguments_hash"]}
    late = await ada.post(f"/approvals/{approval['id']}", answer)
    (shown,) = [each for each in (await ada.get("/approvals")).json if each["id"] == approval["id"]]
    assert (late.status, late.code) == (409, "already_decided")
    assert (shown["state"], shown["decision"]) == (state, None)
    expired = [frame for frame in await ada.replay(f"{path}/events") if frame.event == "approval.expired"]
    assert len(expired) == 1


async def test_a_note_goes_with_the_answer_and_is_told_to_the_agent(ada: Caller):
    thread, approval = await asking(ada)
    answer = {"decision": "reject", "arguments_hash": approval["arguments_hash"], "note": "not today"}

    resolved = await ada.post(f"/approvals/{approval['id']}", answer)
    await ada.finished(thread["id"])

    assert (resolved.json["state"], resolved.json["decision"], resolved.json["note"]) == (
        "rejected", "reject", "not today",
    )  # fmt: skip
    errors = [
        part["error"]
        for item in (await ada.get(f"/threads/{thread['id']}/messages")).json
        for part in item["parts"]
        if part.get("error")
    ]
    assert any("not today" in error for error in errors)
