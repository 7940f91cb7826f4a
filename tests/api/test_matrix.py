"""Every route against every kind of caller. A route without a row here fails, and so does a row without a route."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from laneway.api.app import Api
from laneway.api.route import UndeclaredPolicy
from tests.api.harness import MISSING, Caller, Harness, serving

OPEN, READ, WRITE = "open", "read", "write"

# method and path → policy, and whether the path names something that belongs to somebody.
ROWS: dict[str, tuple[str, bool]] = {
    "GET /": (OPEN, False),
    "GET /t/{thread_id}": (OPEN, False),
    "GET /assets/{name}": (OPEN, False),
    "GET /app/{name}": (OPEN, False),
    "GET /healthz": (OPEN, False),
    "GET /readyz": (OPEN, False),
    "GET /login": (OPEN, False),
    "GET /metrics": (READ, False),
    "GET /openapi.json": (READ, False),
    "POST /api/v1/login": (OPEN, False),
    "POST /api/v1/logout": (READ, False),
    "GET /api/v1/me": (READ, False),
    "GET /api/v1/users": (READ, False),
    "POST /api/v1/users": (WRITE, False),
    "GET /api/v1/users/{user_id}": (READ, False),
    "PATCH /api/v1/users/{user_id}": (WRITE, False),
    "DELETE /api/v1/users/{user_id}": (WRITE, False),
    "GET /api/v1/audit": (READ, False),
    "GET /api/v1/keys": (READ, False),
    "POST /api/v1/keys": (WRITE, False),
    "DELETE /api/v1/keys/{key_id}": (WRITE, True),
    "GET /api/v1/agents": (READ, False),
    "GET /api/v1/agents/{name}": (READ, False),
    "GET /api/v1/sessions": (READ, False),
    "POST /api/v1/sessions": (WRITE, False),
    "GET /api/v1/sessions/{session_id}": (READ, True),
    "PATCH /api/v1/sessions/{session_id}": (WRITE, True),
    "DELETE /api/v1/sessions/{session_id}": (WRITE, True),
    "GET /api/v1/sessions/{session_id}/state": (READ, True),
    "GET /api/v1/sessions/{session_id}/selection": (READ, True),
    "PUT /api/v1/sessions/{session_id}/selection": (WRITE, True),
    "GET /api/v1/sessions/{session_id}/agents": (READ, True),
    "GET /api/v1/sessions/{session_id}/notes": (READ, True),
    "POST /api/v1/sessions/{session_id}/notes": (WRITE, True),
    "PATCH /api/v1/sessions/{session_id}/notes/{note_id}": (WRITE, True),
    "DELETE /api/v1/sessions/{session_id}/notes/{note_id}": (WRITE, True),
    "GET /api/v1/sessions/{session_id}/keys/{key}": (READ, True),
    "PUT /api/v1/sessions/{session_id}/keys/{key}": (WRITE, True),
    "DELETE /api/v1/sessions/{session_id}/keys/{key}": (WRITE, True),
    "GET /api/v1/sessions/{session_id}/attachments": (READ, True),
    "GET /api/v1/sessions/{session_id}/timers": (READ, True),
    "POST /api/v1/sessions/{session_id}/timers": (WRITE, True),
    "GET /api/v1/sessions/{session_id}/timers/{timer_id}": (READ, True),
    "PATCH /api/v1/sessions/{session_id}/timers/{timer_id}": (WRITE, True),
    "DELETE /api/v1/sessions/{session_id}/timers/{timer_id}": (WRITE, True),
    "GET /api/v1/sessions/{session_id}/alerts": (READ, True),
    "GET /api/v1/sessions/{session_id}/events": (READ, True),
    "POST /api/v1/attachments": (WRITE, False),
    "GET /api/v1/attachments/{attachment_id}": (READ, True),
    "DELETE /api/v1/attachments/{attachment_id}": (WRITE, True),
    "GET /api/v1/threads": (READ, False),
    "POST /api/v1/threads": (WRITE, False),
    "GET /api/v1/threads/{thread_id}": (READ, True),
    "PUT /api/v1/threads/{thread_id}": (WRITE, True),
    "PATCH /api/v1/threads/{thread_id}": (WRITE, True),
    "DELETE /api/v1/threads/{thread_id}": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/read": (WRITE, True),
    "GET /api/v1/threads/{thread_id}/messages": (READ, True),
    "POST /api/v1/threads/{thread_id}/messages": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/messages/{item_id}/edit": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/messages/{item_id}/regenerate": (WRITE, True),
    "DELETE /api/v1/threads/{thread_id}/messages/{item_id}": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/fork": (WRITE, True),
    "PUT /api/v1/threads/{thread_id}/messages/{item_id}/vote": (WRITE, True),
    "DELETE /api/v1/threads/{thread_id}/messages/{item_id}/vote": (WRITE, True),
    "GET /api/v1/threads/{thread_id}/votes": (READ, True),
    "GET /api/v1/templates": (READ, False),
    "POST /api/v1/templates": (WRITE, False),
    "GET /api/v1/templates/{template_id}": (READ, True),
    "PATCH /api/v1/templates/{template_id}": (WRITE, True),
    "DELETE /api/v1/templates/{template_id}": (WRITE, True),
    "POST /api/v1/messages": (WRITE, False),
    "GET /api/v1/threads/{thread_id}/queue": (READ, True),
    "PATCH /api/v1/threads/{thread_id}/queue/{item_id}": (WRITE, True),
    "DELETE /api/v1/threads/{thread_id}/queue/{item_id}": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/queue/pause": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/queue/resume": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/queue/clear": (WRITE, True),
    "GET /api/v1/queue-items/{item_id}": (READ, True),
    "GET /api/v1/threads/{thread_id}/turns": (READ, True),
    "GET /api/v1/turns/{turn_id}": (READ, True),
    "POST /api/v1/threads/{thread_id}/cancel": (WRITE, True),
    "POST /api/v1/turns/{turn_id}/cancel": (WRITE, True),
    "POST /api/v1/turns/{turn_id}/review": (WRITE, True),
    "POST /api/v1/threads/{thread_id}/turns/{turn_id}/retry": (WRITE, True),
    "GET /api/v1/approvals": (READ, False),
    "POST /api/v1/approvals/{approval_id}": (WRITE, True),
    "GET /api/v1/search": (READ, False),
    "GET /api/v1/threads/{thread_id}/events": (READ, True),
    "GET /api/v1/events": (READ, False),
    "GET /api/v1/sessions/{session_id}/export": (READ, True),
    "POST /api/v1/import": (WRITE, False),
    "POST /api/v1/compact": (WRITE, False),
}
STREAMS = {row for row in ROWS if row.endswith("/events")}


@dataclass
class Stage:
    server: Harness
    ada: Caller
    bob: Caller
    reader: Caller
    revoked: Caller
    nobody: Caller
    ids: dict[str, str]

    def path(self, row: str, ids: dict[str, str]) -> tuple[str, str]:
        method, path = row.split(" ")
        ids = {**ids, "item_id": ids["item_id" if "/queue" in path else "transcript_id"]}
        query = "?q=x" if path.endswith("/search") else "?follow=0" if row in STREAMS else ""
        return method, "/" + path.format(**ids) + query


@pytest.fixture
async def stage() -> AsyncGenerator[Stage]:
    async with serving() as server:
        ada = server.ada
        key = await ada.made("/keys")
        await ada.delete(f"/keys/{key['id']}")
        yield Stage(
            server, ada, await server.other(), await server.reader(), server.caller(key["key"]), server.caller(None),
            await everything(ada),
        )  # fmt: skip


async def everything(ada: Caller) -> dict[str, str]:
    """One of each kind of thing, by the name of its path parameter."""
    session = (await ada.made("/sessions"))["id"]
    asked = await ada.made("/threads", {"agent_id": "script", "session_id": session, "initial_message": "ask me"})
    async with ada.events(f"/threads/{asked['id']}/events", after="0") as events:
        await events.until("approval.requested")
    thread = await ada.chat("say canary", session_id=session)
    await ada.patch(f"/threads/{thread['id']}", {"settings": {"paused": True}})
    item = await ada.made(f"/threads/{thread['id']}/messages", {"message": "wait"})
    (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json
    await ada.put(f"/sessions/{session}/keys/k", {"value": "canary"})
    file = await ada.send("POST", "/attachments", files={"file": ("a", b"canary")}, data={"session_id": session})
    (approval,) = (await ada.get("/approvals")).json
    return {
        "session_id": session,
        "thread_id": thread["id"],
        "turn_id": turn["id"],
        "item_id": item["item_id"],
        "transcript_id": (await ada.get(f"/threads/{thread['id']}/messages")).json[0]["id"],
        "note_id": (await ada.made(f"/sessions/{session}/notes", {"text": "canary"}))["id"],
        "timer_id": (await ada.made(f"/sessions/{session}/timers", {"every": 9999, "text": "canary"}))["id"],
        "attachment_id": file.json["id"],
        "approval_id": approval["id"],
        "template_id": (await ada.made("/templates", {"name": "canary"}))["id"],
        "key_id": (await ada.get("/keys")).json[0]["id"],
        "user_id": (await ada.get("/me")).json["id"],
        "key": "k",
        "name": "script",
    }


def operations(document: dict[str, dict[str, dict[str, object]]]) -> set[str]:
    return {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}


async def test_every_route_has_a_row_and_every_row_a_route(stage: Stage):
    document = (await stage.ada.send("GET", "//openapi.json")).json

    assert operations(document) == set(ROWS)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            policy, _ = ROWS[f"{method.upper()} {path}"]
            assert (operation.get("security") == []) == (policy == OPEN), path


async def test_without_or_with_a_dead_credential_only_open_routes_answer(stage: Stage):
    for row, (policy, _) in ROWS.items():
        method, path = stage.path(row, stage.ids)
        for caller in (stage.nobody, stage.revoked):
            answer = await caller.send(method, path, json={})
            if policy == OPEN:
                assert answer.status != 403, row
            else:
                assert (answer.status, answer.code) == (401, "unauthorized"), row


async def test_another_user_finds_nothing_whatever_is_asked_of_it(stage: Stage):
    missing = {name: f"{value[:4]}{MISSING}" if value[3:4] == "_" else value for name, value in stage.ids.items()}
    for row in [row for row, (_, owned) in ROWS.items() if owned]:
        method, path = stage.path(row, stage.ids)
        _, absent = stage.path(row, missing)

        foreign = await stage.bob.send(method, path, json={"nonsense": 1})
        gone = await stage.ada.send(method, absent, json={"nonsense": 1})

        assert foreign.status == 404, row
        assert (foreign.status, foreign.content, sorted(foreign.headers)) == (
            gone.status,
            gone.content,
            sorted(gone.headers),
        ), row


async def test_a_list_shows_no_trace_of_another_user(stage: Stage):
    for row in [row for row, (policy, owned) in ROWS.items() if policy == READ and not owned]:
        method, path = stage.path(row, stage.ids)
        if row not in STREAMS and "metrics" not in row:
            content = (await stage.bob.send(method, path, params={"q": "canary"} if "search" in row else None)).content
            assert b"canary" not in content, row
            assert not any(id.encode() in content for id in stage.ids.values() if id[3:4] == "_"), row
    assert [frame.event for frame in await stage.bob.replay("/events")] == ["key.created"]


async def test_a_key_that_may_only_read_is_refused_by_every_write_and_by_nothing_else(stage: Stage):
    before = len(await stage.ada.replay("/events"))
    for row, (policy, _) in ROWS.items():
        method, path = stage.path(row, stage.ids)
        answer = await stage.reader.send(method, path, json={} if method != "GET" else None)
        if policy == WRITE:
            assert (answer.status, answer.code) == (403, "forbidden"), row
        else:
            assert answer.status != 403, row
    assert len(await stage.ada.replay("/events")) == before


async def test_things_of_one_session_or_thread_are_missing_in_another(stage: Stage):
    other = (await stage.ada.made("/sessions"))["id"]
    thread = (await stage.ada.made("/threads", {"session_id": other}))["id"]
    mixed = {**stage.ids, "session_id": other, "thread_id": thread}
    for row in ROWS:
        if row.count("{") > 1 and not row.endswith("{key}"):
            method, path = stage.path(row, mixed)
            assert (await stage.ada.send(method, path, json={})).status == 404, row


async def test_every_owned_route_answers_its_owner(stage: Stage):
    for row, (policy, owned) in ROWS.items():
        if owned and policy == READ:
            method, path = stage.path(row, stage.ids)
            assert (await stage.ada.send(method, path)).status == 200, row


async def test_a_route_without_a_policy_does_not_start(stage: Stage):
    def answer(_: Request) -> Response:
        return Response()

    careless = Path("/careless", answer)

    with pytest.raises(UndeclaredPolicy):
        Api(stage.server.app, (), [careless])
