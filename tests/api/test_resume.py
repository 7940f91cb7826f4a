"""Resume points over HTTP: used where a thread asks for it, and given up when the backend does not know them."""

import json
from typing import Any

from tests.api.harness import Caller, data_of

RESUMING = {"settings": {"resume": True}}


async def turns(ada: Caller, thread: Any) -> list[Any]:
    return sorted((await ada.get(f"/threads/{thread['id']}/turns")).json, key=lambda turn: turn["number"])


async def given_to(ada: Caller, thread: Any) -> Any:
    """What the agent was given in the last turn, as it said it itself."""
    return json.loads(
        (await ada.get(f"/threads/{thread['id']}/messages", role="assistant", limit=100)).json[-1]["text"]
    )


async def told(ada: Caller, thread: Any, kind: str) -> list[Any]:
    frames = await ada.replay(f"/threads/{thread['id']}/events")
    return [data_of(frame) for frame in frames if frame.event == kind]


async def test_a_run_says_whether_it_has_resumed(ada: Caller):
    thread = await ada.chat("resume-id R1", "context", **RESUMING)

    assert [turn["runs"][0]["resumed"] for turn in await turns(ada, thread)] == [False, True]
    assert (await given_to(ada, thread))["resume_id"] == "R1"


async def test_an_unknown_resume_id_is_given_up_once_and_the_run_starts_afresh(ada: Caller):
    thread = await ada.chat("resume-id lost-1", "context", "context", **RESUMING)

    first, second, third = await turns(ada, thread)
    assert [turn["status"] for turn in (first, second, third)] == ["completed"] * 3
    assert [turn["runs"][0]["resumed"] for turn in (second, third)] == [False, False]
    (invalidated,) = await told(ada, thread, "lane.invalidated")
    assert invalidated["data"]["reason"] == "unknown_resume"
    assert invalidated["turn_id"] == second["id"]
    assert (await given_to(ada, thread))["resume_id"] is None


async def test_a_fresh_start_may_leave_a_new_resume_point(ada: Caller):
    thread = await ada.chat("resume-id lost-1", "resume-id R2", "context", **RESUMING)

    assert (await given_to(ada, thread))["resume_id"] == "R2"
    assert [each["data"]["generation"] for each in await told(ada, thread, "lane.updated")] == [1, 3]


async def test_an_edit_leaves_no_resume_point_to_the_backend(ada: Caller):
    thread = await ada.chat("resume-id R1", **RESUMING)
    (question, *_) = (await ada.get(f"/threads/{thread['id']}/messages")).json

    await ada.post(f"/threads/{thread['id']}/messages/{question['id']}/edit", {"message": "context"})
    await ada.finished(thread["id"], 2)

    assert (await given_to(ada, thread))["resume_id"] is None
    (invalidated,) = await told(ada, thread, "lane.invalidated")
    assert invalidated["data"]["reason"] == "transcript.cut: edit"
