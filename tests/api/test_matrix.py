"""Every route against every kind of caller. A route without a row here fails, and so does a row without a route."""

import re
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
    "GET /api/v1/tags": (READ, False),
    "PATCH /api/v1/tags/{tag}": (WRITE, False),
    "GET /api/v1/analytics": (READ, False),
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
    "POST /api/v1/threads/{thread_id}/shares": (WRITE, True),
    "GET /api/v1/threads/{thread_id}/shares": (READ, True),
    "GET /api/v1/shares": (READ, False),
    "DELETE /api/v1/shares/{share_id}": (WRITE, True),
    "GET /api/v1/threads/{thread_id}/comments": (READ, True),
    "POST /api/v1/threads/{thread_id}/comments": (WRITE, True),
    "DELETE /api/v1/threads/{thread_id}/comments/{comment_id}": (WRITE, True),
    "GET /api/v1/shared/{token}": (OPEN, False),
    "GET /api/v1/shared/{token}/attachments/{attachment_id}": (OPEN, False),
    "GET /api/v1/shared/{token}/events": (OPEN, False),
    "GET /api/v1/shared/{token}/comments": (OPEN, False),
    "POST /api/v1/shared/{token}/comments": (OPEN, False),
    "GET /s/{token}": (OPEN, False),
}
ADMINS_ONLY = {row for row in ROWS if re.search(r" /api/v1/(users|audit|compact)", row)}
# What those may ask for with whom the thread is shared, and with which permission.
SHARED = {
    "GET /api/v1/threads/{thread_id}": "view",
    "GET /api/v1/threads/{thread_id}/messages": "view",
    "GET /api/v1/threads/{thread_id}/events": "view",
    "GET /api/v1/attachments/{attachment_id}": "view",
    "GET /api/v1/threads/{thread_id}/comments": "comment",
    "POST /api/v1/threads/{thread_id}/comments": "comment",
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
    callers: dict[str, Caller]
    """Further kinds of caller, by what they are."""

    def path(self, row: str, ids: dict[str, str]) -> tuple[str, str]:
        method, path = row.split(" ")
        ids = {**ids, "item_id": ids["item_id" if "/queue" in path else "transcript_id"]}
        query = "?q=x" if path.endswith("/search") else "?follow=0" if row in STREAMS else ""
        return method, "/" + path.format(**ids) + query


@pytest.fixture
async def stage() -> AsyncGenerator[Stage]:
    async with serving(shares={"enabled": True}, limits={"auth_failures_per_min": 0}) as server:
        ada = server.ada
        key = await ada.made("/keys")
        await ada.delete(f"/keys/{key['id']}")
        ids = await everything(ada)
        yield Stage(
            server, ada, await server.other(), await server.reader(), server.caller(key["key"]), server.caller(None),
            ids, await everybody(server, ids),
        )  # fmt: skip


async def everybody(server: Harness, ids: dict[str, str]) -> dict[str, Caller]:
    """One of each kind of caller, except those that a stage names itself."""
    ada, shares = server.ada, f"/threads/{ids['thread_id']}/shares"
    for name, role in (("view", "member"), ("comment", "member"), ("other", "member"), ("boss", "admin")):
        await ada.made("/users", {"name": name, "role": role})
    for name in ("view", "comment"):
        await ada.made(shares, {"user": name, "permission": name})
    elsewhere = await ada.made("/threads")
    await ada.made(f"/threads/{elsewhere['id']}/shares", {"user": "other", "permission": "comment"})
    ended = await ada.made(shares)
    await ada.delete(f"/shares/{ended['id']}")
    expired = await ada.made("/keys", {"expires_at": "2026-01-01T00:00:05Z"})
    callers = {
        name: server.caller((await ada.made("/keys", {"user": name}))["key"])
        for name in ("view", "comment", "other", "boss", "out", "gone")
    }
    for name in ("out", "gone"):
        (user,) = (await ada.get("/users", name=name)).json
        path = f"/users/{user['id']}"
        await (ada.delete(path) if name == "gone" else ada.patch(path, {"active": False}))
    login = await server.caller(None).post("/login", {"key": server.key})
    same = {"Cookie": login.headers["set-cookie"].partition(";")[0], "Sec-Fetch-Site": "same-origin"}
    await server.caller(None, same).post("/logout")
    await server.clock.advance(6)
    return {
        **callers,
        "expired": server.caller(expired["key"]),
        "logged out": server.caller(None, same),
        "a share's token": server.caller(ids["token"]),
        "an ended share's token": server.caller(ended["token"]),
    }


async def everything(ada: Caller) -> dict[str, str]:
    """One of each kind of thing, by the name of its path parameter."""
    session = (await ada.made("/sessions"))["id"]
    asked = await ada.made("/threads", {"agent_id": "script", "session_id": session, "initial_message": "ask me"})
    async with ada.events(f"/threads/{asked['id']}/events", after="0") as events:
        await events.until("approval.requested")
    file = await ada.send("POST", "/attachments", files={"file": ("a", b"canary")}, data={"session_id": session})
    thread = await ada.made("/threads", {"agent_id": "script", "session_id": session})
    parts = [{"type": "text", "text": "say canary"}, {"type": "file", "attachment_id": file.json["id"]}]
    await ada.made(f"/threads/{thread['id']}/messages", {"parts": parts})
    await ada.finished(thread["id"])
    await ada.patch(f"/threads/{thread['id']}", {"settings": {"paused": True}})
    item = await ada.made(f"/threads/{thread['id']}/messages", {"message": "wait"})
    (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json
    await ada.put(f"/sessions/{session}/keys/k", {"value": "canary"})
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
        "tag": "canary",
        "key_id": (await ada.get("/keys")).json[0]["id"],
        "user_id": (await ada.get("/me")).json["id"],
        "share_id": (link := await ada.made(f"/threads/{thread['id']}/shares", {"permission": "comment"}))["id"],
        "token": link["token"],
        "comment_id": (await ada.made(f"/threads/{thread['id']}/comments", {"text": "canary"}))["id"],
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


DEAD = ("expired", "out", "gone", "logged out", "a share's token", "an ended share's token")


async def test_without_or_with_a_dead_credential_only_open_routes_answer(stage: Stage):
    for row, (policy, _) in ROWS.items():
        method, path = stage.path(row, stage.ids)
        for caller in (stage.nobody, stage.revoked, *(stage.callers[name] for name in DEAD)):
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


@pytest.mark.parametrize("name", ["boss", "other", "view", "comment"])
async def test_nobody_else_gets_further_than_what_is_shared_with_them(stage: Stage, name: str):
    """An admin neither; and who has a share of one thread finds nothing of another."""
    gone = (await stage.ada.get(f"/threads/thr_{MISSING}")).content
    for row in [row for row, (_, owned) in ROWS.items() if owned]:
        method, path = stage.path(row, stage.ids)
        answer = await stage.callers[name].send(method, path, json={"nonsense": 1} if method != "GET" else None)
        if name in ("view", "comment") and SHARED.get(row) in ("view", name):
            assert answer.status == (200 if method == "GET" else 422), row
        else:
            assert (answer.status, answer.content) == (404, gone), row


async def test_what_is_for_admins_is_refused_to_everybody_else_in_the_same_words(stage: Stage):
    missing = {**stage.ids, "user_id": f"usr_{MISSING}"}
    for row in ADMINS_ONLY:
        for ids in (stage.ids, missing):
            method, path = stage.path(row, ids)
            for caller in (stage.bob, stage.callers["view"]):
                answer = await caller.send(method, path, json={} if method != "GET" else None)
                assert (answer.status, answer.code, answer.json["detail"]) == (
                    403, "forbidden", "Only an admin may do this.",
                ), row  # fmt: skip


MALFORMED = (
    "x",
    "THR_{rest}",
    "thr-{rest}",
    "{id}0",
    "{id}%00",
    "..%2f{id}",
    "%2e%2e",
    "１２",
    "-1",
    "9" * 400,
    "{other}",
)


async def test_an_id_of_any_other_form_or_kind_is_missing_too(stage: Stage):
    gone = (await stage.ada.get(f"/threads/thr_{MISSING}")).content
    others = {name: stage.ids["session_id" if name != "session_id" else "note_id"] for name in stage.ids}
    for row in [row for row, (_, owned) in ROWS.items() if owned]:
        for name in re.findall(r"{(\w+_id)}", row):
            for form in MALFORMED:
                wrong = form.format(id=stage.ids[name], rest=stage.ids[name][4:], other=others[name])
                named = {"item_id": wrong, "transcript_id": wrong} if name == "item_id" else {name: wrong}
                method, path = stage.path(row, {**stage.ids, **named})
                answer = await stage.ada.send(method, path, json={"nonsense": 1} if method != "GET" else None)
                assert answer.status in (400, 404), (row, form)
                assert answer.status == 400 or answer.content == gone, (row, form)


async def test_a_link_that_ended_or_never_was_leads_nowhere(stage: Stage):
    gone = (await stage.ada.get(f"/threads/thr_{MISSING}")).content
    for row in [row for row in ROWS if "{token}" in row]:
        for token in ("A" * 43, "x", stage.ids["share_id"], stage.server.key):
            method, path = stage.path(row, {**stage.ids, "token": token})
            answer = await stage.nobody.send(method, path, json={"text": "x"} if method == "POST" else None)
            assert (answer.status, answer.content) == (404, gone), row


async def test_a_list_shows_no_trace_of_another_user(stage: Stage):
    for row in [row for row, (policy, owned) in ROWS.items() if policy == READ and not owned]:
        method, path = stage.path(row, stage.ids)
        if row not in STREAMS and "metrics" not in row:
            content = (await stage.bob.send(method, path, params={"q": "canary"} if "search" in row else None)).content
            assert b"canary" not in content, row
            assert not any(id.encode() in content for id in stage.ids.values() if id[3:4] == "_"), row
    assert [frame.event for frame in await stage.bob.replay("/events")] == ["key.created"]


async def test_a_key_that_may_only_read_is_refused_by_every_write_and_by_nothing_else(stage: Stage):
    before = await commands_of(stage.ada)
    for row, (policy, _) in ROWS.items():
        method, path = stage.path(row, stage.ids)
        answer = await stage.reader.send(method, path, json={} if method != "GET" else None)
        if policy == WRITE:
            assert (answer.status, answer.code) == (403, "forbidden"), row
        else:
            assert answer.status != 403, row
    assert await commands_of(stage.ada) == before


async def commands_of(caller: Caller) -> int:
    """How many events a caller's commands have made; a session's state is read again when it is old, asked or not."""
    return sum(frame.event != "state.changed" for frame in await caller.replay("/events"))


async def test_things_of_one_session_or_thread_are_missing_in_another(stage: Stage):
    other = (await stage.ada.made("/sessions"))["id"]
    thread = (await stage.ada.made("/threads", {"session_id": other}))["id"]
    mixed = {**stage.ids, "session_id": other, "thread_id": thread}
    for row in ROWS:
        # A link names its thread by itself.
        if row.count("{") > 1 and not row.endswith("{key}") and "{token}" not in row:
            method, path = stage.path(row, mixed)
            assert (await stage.ada.send(method, path, json={})).status == 404, row


async def test_every_owned_route_answers_its_owner(stage: Stage):
    for row, (policy, owned) in ROWS.items():
        if owned and policy == READ:
            method, path = stage.path(row, stage.ids)
            assert (await stage.ada.send(method, path)).status == 200, row


SERVER_OWNED = (
    "id", "owner", "state", "status", "seq", "fence", "version", "created_at", "updated_at", "expires_at", "sha256",
    "unread", "usage", "active_turn_id", "is_default", "by", "admin",
)  # fmt: skip


async def test_no_body_sets_what_is_the_servers(stage: Stage):
    """X-10: every field that a body does not declare is refused by name, and nothing happens."""
    document = (await stage.ada.send("GET", "//openapi.json")).json
    before = await commands_of(stage.ada)
    refused = 0
    for row, (policy, _) in ROWS.items():
        method, path = row.split(" ")
        content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
        if "application/json" not in content or policy == OPEN:
            continue
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        declared = document["components"]["schemas"][name]["properties"]
        for field in set(SERVER_OWNED) - declared.keys():
            _, filled = stage.path(row, stage.ids)
            answer = await stage.ada.send(method, filled, json={field: 1})
            # A tag is a name that threads have, or nothing at all.
            assert answer.status == 422 or (answer.status, "{tag}" in row) == (404, True), (row, field, answer.content)
            refused += answer.code == "unknown_field"
    # A body that also lacks what it needs may be told that first.
    assert refused > 300
    assert await commands_of(stage.ada) == before


async def test_a_route_without_a_policy_does_not_start(stage: Stage):
    def answer(_: Request) -> Response:
        return Response()

    careless = Path("/careless", answer)

    with pytest.raises(UndeclaredPolicy):
        Api(stage.server.app, (), [careless])
