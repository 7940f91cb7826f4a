"""Every route that writes, sent twice with one Idempotency-Key. A write without a row here fails."""

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.api.route import BASE
from laneway.api.routes import ALL
from tests.api.harness import GROUND, Answer, Caller, Harness, data_of, serving, started
from tests.api.test_matrix import everything
from tests.runtime.stage import Played

NOTHING: dict[str, Any] = {}
UPLOAD = {"file": ("a.jsonl", b'{"thread": "t", "role": "user", "text": "hello", "at": "2026-01-01T00:00:00Z"}')}

# method and path → a body, and another one for the same key (None: no other is possible). What deletes comes last.
ROWS: dict[str, tuple[Any, Any]] = {
    "POST /sessions": ({"title": "t"}, {"title": "u"}),
    "POST /threads": ({"initial_message": "say hi"}, {"initial_message": "say ho"}),
    "POST /messages": ({"message": "say hi"}, {"message": "say ho"}),
    "POST /templates": ({"name": "t"}, {"name": "u"}),
    "POST /users": ({"name": "cleo"}, {"name": "dora"}),
    "POST /keys": ({"name": "k"}, {"name": "l"}),
    "POST /attachments": (UPLOAD, {"file": ("b", b"b")}),
    "POST /import": (UPLOAD, {"file": ("b", b"b")}),
    "POST /compact": (NOTHING, None),
    "POST /sessions/{session_id}/notes": ({"text": "t"}, {"text": "u"}),
    "POST /sessions/{session_id}/timers": ({"every": 60, "text": "t"}, {"every": 61, "text": "t"}),
    "POST /threads/{thread_id}/shares": ({"permission": "view"}, {"permission": "comment"}),
    "POST /threads/{thread_id}/comments": ({"text": "t"}, {"text": "u"}),
    "POST /shared/{token}/comments": ({"text": "t"}, {"text": "u"}),
    "POST /threads/{thread_id}/messages": ({"message": "say hi"}, {"message": "say ho"}),
    "POST /threads/{thread_id}/fork": (NOTHING, {"after_item_id": "{transcript_id}"}),
    "POST /threads/{thread_id}/read": ({"item_id": "{transcript_id}"}, None),
    "PUT /threads/{thread_id}/messages/{item_id}/vote": ({"value": 1}, {"value": -1}),
    "PATCH /threads/{thread_id}/queue/{item_id}": ({"message": "t"}, {"message": "u"}),
    "DELETE /threads/{thread_id}/queue/{item_id}": (None, None),
    "POST /threads/{thread_id}/queue/pause": (NOTHING, None),
    "POST /threads/{thread_id}/cancel": (NOTHING, None),
    "POST /turns/{turn_id}/cancel": (NOTHING, None),
    "POST /threads/{thread_id}/turns/{turn_id}/retry": (NOTHING, {"agents": ["script"]}),
    "POST /approvals/{approval_id}": (
        {"decision": "reject", "arguments_hash": "{hash}"},
        {"decision": "approve", "arguments_hash": "{hash}"},
    ),
    "POST /threads/{thread_id}/messages/{item_id}/edit": ({"message": "t"}, {"message": "u"}),
    "POST /threads/{thread_id}/messages/{item_id}/regenerate": (NOTHING, None),
    "POST /threads/{thread_id}/queue/clear": (NOTHING, None),
    "POST /threads/{thread_id}/queue/resume": (NOTHING, None),
    "PATCH /threads/{thread_id}": ({"tags": ["canary"]}, {"title": "u"}),
    "PUT /threads/{thread_id}": ({"title": "t"}, {"title": "u"}),
    "PATCH /tags/{tag}": ({"name": "renamed"}, {"name": "u"}),
    "PATCH /sessions/{session_id}": ({"title": "t"}, {"title": "u"}),
    "PUT /sessions/{session_id}/selection": ({"thread_id": "{thread_id}"}, None),
    "PATCH /sessions/{session_id}/notes/{note_id}": ({"text": "t"}, {"text": "u"}),
    "PUT /sessions/{session_id}/keys/{key}": ({"value": 1}, {"value": 2}),
    "PATCH /sessions/{session_id}/timers/{timer_id}": ({"text": "t"}, {"text": "u"}),
    "PATCH /templates/{template_id}": ({"title": "t"}, {"title": "u"}),
    "PATCH /users/{user_id}": ({"name": "ada"}, {"name": "u"}),
    "DELETE /threads/{thread_id}/messages/{item_id}/vote": (None, None),
    "DELETE /threads/{thread_id}/messages/{item_id}": (None, None),
    "DELETE /threads/{thread_id}/comments/{comment_id}": (None, None),
    "DELETE /shares/{share_id}": (None, None),
    "DELETE /threads/{thread_id}": (None, None),
    "DELETE /sessions/{session_id}/notes/{note_id}": (None, None),
    "DELETE /sessions/{session_id}/keys/{key}": (None, None),
    "DELETE /sessions/{session_id}/timers/{timer_id}": (None, None),
    "DELETE /attachments/{attachment_id}": (None, None),
    "DELETE /templates/{template_id}": (None, None),
    "DELETE /sessions/{session_id}": (None, None),
    "DELETE /users/{other_id}": (None, None),
    "DELETE /keys/{key_id}": (None, None),
}
# It takes a turn that only a restart leaves to be reviewed: it has a test of its own below.
ELSEWHERE = {"POST /turns/{turn_id}/review"}


@pytest.fixture
async def server() -> AsyncGenerator[Harness]:
    async with serving(shares={"enabled": True}) as harness:
        yield harness


def test_every_write_has_a_row():
    writes = {
        f"{route.method} {route.path.removeprefix(BASE).replace(':path}', '}')}"
        for noun in ALL
        for route in noun.all
        if route.is_repeatable
    }

    assert {row.replace("other_id", "user_id") for row in ROWS} | ELSEWHERE == writes


async def test_every_write_gets_its_first_answer_again_and_is_done_once(server: Harness):
    ada = server.ada
    ids = await everything(ada)
    ids["other_id"] = (await ada.made("/users", {"name": "bob"}))["id"]
    ids["key_id"] = (await ada.made("/keys"))["id"]
    ids["hash"] = (await ada.get("/approvals")).json[0]["arguments_hash"]

    wrong: list[tuple[object, ...]] = []
    for row, (body, other) in ROWS.items():
        named = {**ids, **await exchange(ada)} if row in CUTS else ids
        first, again = await sent(ada, row, named, body), await sent(ada, row, named, body)
        conflict = await sent(ada, row, named, other) if other is not None else None
        is_done = first.status in (200, 201, 202, 204) and (conflict is None or conflict.code == CONFLICT)
        if (again.status, again.content) != (first.status, first.content) or not (is_done or row == REFUSED):
            wrong.append((row, first.status, first.content, again.status, again.content, conflict))

    assert not wrong


async def exchange(ada: Caller) -> dict[str, str]:
    thread = await ada.chat("say hi")
    (question, _) = (await ada.get(f"/threads/{thread['id']}/messages")).json
    return {"thread_id": thread["id"], "transcript_id": question["id"]}


CONFLICT = "idempotency_conflict"
# Whichever of them comes first leaves nothing for the others.
CUTS = {
    "POST /threads/{thread_id}/messages/{item_id}/edit",
    "POST /threads/{thread_id}/messages/{item_id}/regenerate",
    "DELETE /threads/{thread_id}/messages/{item_id}",
}
# There is nothing to try again in a turn that was completed: it is refused, again.
REFUSED = "POST /threads/{thread_id}/turns/{turn_id}/retry"


async def sent(ada: Caller, row: str, ids: dict[str, str], body: Any) -> Answer:
    method, path = row.split(" ")
    ids = {**ids, "item_id": ids["item_id" if "/queue" in path else "transcript_id"]}
    request: dict[str, Any] = {"files": body} if body and "file" in body else {"json": filled(body, ids)}
    headers = {"Idempotency-Key": "k"}
    return await ada.send(method, path.format(**ids), headers=headers, **(request if body is not None else {}))


def filled(body: Any, ids: dict[str, str]) -> Any:
    named = {f"{{{name}}}": id for name, id in ids.items()}
    return {name: named.get(str(value), value) for name, value in body.items()} if body else body


async def test_what_is_told_once_is_told_again_to_the_same_credential_alone(server: Harness):
    ada = server.ada
    thread, key = await ada.made("/threads"), await ada.made("/keys")
    other = server.caller(key["key"])

    for path, said in ((f"/threads/{thread['id']}/shares", "token"), ("/keys", "key")):
        first, again = [await ada.post(path, {}, Idempotency_Key="k") for _ in range(2)]
        elsewhere = await other.post(path, {}, Idempotency_Key="k")
        unlike = await ada.post(path, {}, Idempotency_Key="l")

        assert again.json == first.json
        assert (elsewhere.status, elsewhere.code) == (409, "idempotency_conflict")
        assert unlike.json[said] != first.json[said]
    assert len((await ada.get(f"/threads/{thread['id']}/shares")).json) == 2
    assert (await server.caller(None).get(f"/shared/{(await shared(ada, thread))['token']}")).status == 200
    assert (await server.caller(first.json["key"]).get("/me")).status == 200


async def test_a_review_gets_its_first_answer_again_and_is_done_once(tmp_path: Path):
    async def asking(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text("yes" if await turn.handle.ask("may I?") else "no")

    agent = Played("asking", asking, waits_across_restarts=False)
    async with GROUND.flags() as ground:
        flags = {"data_dir": tmp_path} | {name: value for name, value in ground.items() if name != "database"}
        async with started([agent], flags) as server:
            thread = await server.ada.made("/threads", {"agent_id": "asking", "initial_message": "go"})
            async with server.ada.events(f"/threads/{thread['id']}/events", after="0") as events:
                await events.until("turn.waiting")
        async with started([agent], flags) as server:
            ada = server.ada
            async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
                turn_id = data_of(await events.until("turn.needs_review"))["turn_id"]
                first, again = [await reviewed(ada, turn_id, "retry") for _ in range(2)]
                await events.until("turn.waiting")
            late, other = await reviewed(ada, turn_id, "retry"), await reviewed(ada, turn_id, "skip")

    assert (first.status, first.json["status"], first.json["attempt"]) == (200, "running", 1)
    assert again.content == late.content == first.content
    assert (other.status, other.code) == (409, CONFLICT)


async def reviewed(ada: Caller, turn_id: str, action: str) -> Answer:
    return await ada.post(f"/turns/{turn_id}/review", {"action": action}, Idempotency_Key="k")


async def test_what_a_repeated_request_named_may_be_gone_by_then(server: Harness):
    ada = server.ada
    thread, bob = await ada.made("/threads"), await ada.made("/users", {"name": "bob"})
    file = (await ada.send("POST", "/attachments", files=UPLOAD, data={"session_id": thread["session_id"]})).json
    share = (f"/threads/{thread['id']}/shares", {"user": "bob"})
    message = (f"/threads/{thread['id']}/messages", {"parts": [{"type": "file", "attachment_id": file["id"]}]})
    big = (f"/threads/{thread['id']}", {"metadata": {"a": "a" * 9_000}})

    firsts = [await ada.post(*share, Idempotency_Key="k"), await ada.post(*message, Idempotency_Key="k")]
    firsts.append(await ada.patch(*big, Idempotency_Key="k"))
    assert (await ada.delete(f"/users/{bob['id']}")).status == 204
    assert (await ada.delete(f"/attachments/{file['id']}")).status == 204
    assert (await ada.patch(big[0], {"metadata": {"a": None, "b": "b" * 9_000}})).status == 200
    agains = [await ada.post(*share, Idempotency_Key="k"), await ada.post(*message, Idempotency_Key="k")]
    agains.append(await ada.patch(*big, Idempotency_Key="k"))

    assert [each.status for each in firsts] == [201, 202, 200]
    assert [each.content for each in agains] == [each.content for each in firsts]
    assert (await ada.post(*share, Idempotency_Key="l")).code == "unknown_user"
    assert (await ada.post(*message, Idempotency_Key="l")).code == "unknown_attachment"


async def shared(ada: Caller, thread: Any) -> Any:
    return (await ada.post(f"/threads/{thread['id']}/shares", {}, Idempotency_Key="k")).json
