"""The audit log: exactly one entry for each act that matters, with ids and nothing that anybody wrote."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from laneway.runtime.audit import check_audit
from tests.api import one_server
from tests.api.harness import Caller, Harness

SECRET = "nobody-else-may-read-this"
Scene = dict[str, str]
Act = Callable[[Harness, Scene], Awaitable[object]]


server = one_server.server


async def entries(ada: Caller, **query: Any) -> list[dict[str, Any]]:
    """The newest entries, but not the one of reading them."""
    answer = await ada.get("/audit", limit=100, **query)
    assert answer.status == 200, answer.content
    return answer.json


async def scene(server: Harness) -> Scene:
    """Something of each kind that can be acted on, all named with a text that must not be told."""
    ada = server.ada
    user = await ada.made("/users", {"name": f"{SECRET} {server.clock.seed().hex()}"})
    key = await ada.made("/keys", {"user": user["name"], "name": SECRET})
    session = await ada.made("/sessions", {"title": SECRET})
    thread = await ada.chat(f"say {SECRET}", session_id=session["id"], title=SECRET)
    asking = await ada.made("/threads", {"agent_id": "script", "initial_message": f"ask {SECRET}"})
    async with ada.events(f"/threads/{asking['id']}/events", after="0") as events:
        await events.until("approval.requested")
    approvals = (await ada.get("/approvals", state="open", limit=100)).json
    (approval,) = [each for each in approvals if each["thread_id"] == asking["id"]]
    file = await ada.send(
        "POST", "/attachments", files={"file": (SECRET, b"x")}, data={"session_id": session["id"]}
    )  # fmt: skip
    return {
        "user": user["id"], "name": user["name"], "key": key["id"], "text": key["key"], "session": session["id"],
        "thread": thread["id"], "item": (await ada.get(f"/threads/{thread['id']}/messages")).json[0]["id"],
        "approval": approval["id"], "hash": approval["arguments_hash"], "attachment": file.json["id"],
    }  # fmt: skip


async def log_in_and_out(server: Harness, scene: Scene) -> None:
    answer = await server.caller(None).post("/login", {"key": scene["text"]})
    cookie = answer.headers["set-cookie"].partition(";")[0]
    page = server.caller(None, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    assert (await page.post("/threads", {})).code == "csrf_refused"
    assert (await page.post("/logout")).status == 204


async def read_only(server: Harness, scene: Scene) -> None:
    assert (await (await server.reader()).post("/threads", {"title": SECRET})).status == 403


async def end_share(server: Harness, scene: Scene) -> None:
    made = await server.ada.made(f"/threads/{scene['thread']}/shares", {"user": scene["name"]})
    assert (await server.ada.delete(f"/shares/{made['id']}")).status == 204


# What is done → the acts that are written down for it, and what they are about.
TABLE: dict[str, tuple[Act, list[tuple[str, str]]]] = {
    "a user is made": (
        lambda server, _: server.ada.made("/users", {"name": f"{SECRET}{server.clock.seed().hex()}"}),
        [("user.created", "")],
    ),
    "a key is made": (
        lambda server, scene: server.ada.made("/keys", {"user": scene["name"]}), [("key.created", "")],
    ),
    "a key is ended": (
        lambda server, scene: server.caller(scene["text"]).delete(f"/keys/{scene['key']}"), [("key.revoked", "key")],
    ),
    "a role changes": (
        lambda server, scene: server.ada.patch(f"/users/{scene['user']}", {"role": "admin"}),
        [("user.role.admin", "user")],
    ),
    "a name changes": (
        lambda server, scene: server.ada.patch(f"/users/{scene['user']}", {"name": scene["user"]}),
        [("user.updated", "user")],
    ),
    "a user is kept out": (
        lambda server, scene: server.ada.patch(f"/users/{scene['user']}", {"active": False}),
        [("user.deactivated", "user")],
    ),
    "a role changes as its user is kept out": (
        lambda server, scene: server.ada.patch(f"/users/{scene['user']}", {"role": "admin", "active": False}),
        [("user.role.admin", "user"), ("user.deactivated", "user")],
    ),
    "a session is exported": (
        lambda server, scene: server.ada.get(f"/sessions/{scene['session']}/export"), [("session.exported", "session")],
    ),
    "a user is deleted": (
        lambda server, scene: server.ada.delete(f"/users/{scene['user']}"), [("user.deleted", "user")],
    ),
    "users are read": (lambda server, _: server.ada.get("/users"), [("users.read", "")]),
    "a user is read": (
        lambda server, scene: server.ada.get(f"/users/{scene['user']}"), [("user.read", "user")],
    ),
    "a browser logs in, is refused, and logs out": (
        log_in_and_out, [("login.created", ""), ("request.csrf_refused", ""), ("login.ended", "")],
    ),
    "a session's agents may act alone": (
        lambda server, scene: server.ada.patch(f"/sessions/{scene['session']}", {"mode": "autonomous"}),
        [("session.mode.autonomous", "session")],
    ),
    "a call is approved": (
        lambda server, scene: server.ada.post(
            f"/approvals/{scene['approval']}",
            {"decision": "approve", "arguments_hash": scene["hash"], "note": SECRET},
        ),
        [("approval.approved", "approval")],
    ),
    "a call is rejected": (
        lambda server, scene: server.ada.post(
            f"/approvals/{scene['approval']}",
            {"decision": "reject", "arguments_hash": scene["hash"], "note": SECRET},
        ),
        [("approval.rejected", "approval")],
    ),
    "a message is deleted": (
        lambda server, scene: server.ada.delete(f"/threads/{scene['thread']}/messages/{scene['item']}"),
        [("message.deleted", "item")],
    ),
    "a thread is deleted": (
        lambda server, scene: server.ada.delete(f"/threads/{scene['thread']}"), [("thread.deleted", "thread")],
    ),
    "a session is deleted": (
        lambda server, scene: server.ada.delete(f"/sessions/{scene['session']}"), [("session.deleted", "session")],
    ),
    "a file is deleted": (
        lambda server, scene: server.ada.delete(f"/attachments/{scene['attachment']}"),
        [("attachment.deleted", "attachment")],
    ),
    "a thread is shared": (
        lambda server, scene: server.ada.made(f"/threads/{scene['thread']}/shares", {"user": scene["name"]}),
        [("share.created", "")],
    ),
    "a share is ended": (end_share, [("share.created", ""), ("share.ended", "")]),
    "a key that may only read is refused": (read_only, [("key.created", ""), ("request.forbidden", "")]),
    "a member is refused what admins may": (
        lambda server, scene: server.caller(scene["text"]).get("/users"), [("request.forbidden", "")],
    ),
}  # fmt: skip
QUIET: dict[str, Act] = {
    "a session is renamed": lambda server, scene: server.ada.patch(f"/sessions/{scene['session']}", {"title": SECRET}),
    "a mode stays": lambda server, scene: server.ada.patch(f"/sessions/{scene['session']}", {"mode": "copilot"}),
    "a wrong hash is approved": lambda server, scene: server.ada.post(
        f"/approvals/{scene['approval']}", {"decision": "approve", "arguments_hash": "0"}
    ),
    "a thread is read": lambda server, scene: server.ada.get(f"/threads/{scene['thread']}"),
    "something foreign is deleted": lambda server, scene: server.caller(scene["text"]).delete(
        f"/threads/{scene['thread']}"
    ),
}


@pytest.mark.parametrize("what", TABLE)
async def test_an_act_is_written_down_once(server: Harness, what: str):
    act, expected = TABLE[what]
    here = await scene(server)
    before = (await entries(server.ada))[0]["number"]

    await act(server, here)

    # The read before is itself the first new entry.
    read, *told = reversed([entry for entry in await entries(server.ada) if entry["number"] > before])
    assert read["act"] == "audit.read"
    assert [entry["act"] for entry in told] == [act for act, _ in expected]
    for entry, (_, subject) in zip(told, expected, strict=True):
        assert not subject or entry["subject"] == here[subject]


@pytest.mark.parametrize("what", QUIET)
async def test_what_is_no_act_is_not_written_down(server: Harness, what: str):
    here = await scene(server)
    before = (await entries(server.ada))[0]["number"]

    await QUIET[what](server, here)

    assert [entry["act"] for entry in await entries(server.ada) if entry["number"] > before] == ["audit.read"]


async def test_entries_name_who_did_it_are_whole_and_tell_nothing_that_anybody_wrote(server: Harness):
    here = await scene(server)
    ada = (await server.ada.get("/me")).json["id"]
    await server.ada.delete(f"/users/{here['user']}")

    mine = await entries(server.ada, user_id=here["user"])

    assert [(entry["act"], entry["by"]) for entry in mine] == [
        ("user.deleted", ada), ("key.created", ada), ("user.created", ada),
    ]  # fmt: skip
    assert SECRET not in str(await entries(server.ada))
    assert (await check_audit(server.app.store)).fault is None


async def test_entries_are_paged_and_filtered(server: Harness):
    here = await scene(server)
    await server.ada.delete(f"/threads/{here['thread']}")

    deleted = await entries(server.ada, act="thread.deleted", subject=here["thread"])
    first = await server.ada.get("/audit", limit=2)
    second = await server.ada.get("/audit", limit=2, cursor=first.headers["x-next-cursor"])

    assert len(deleted) == 1
    numbers = [entry["number"] for entry in first.json + second.json]
    assert numbers == sorted(set(numbers), reverse=True)
    assert await entries(server.ada, to="2020-01-01T00:00:00Z") == []
    assert await entries(server.ada, **{"from": "2020-01-01T00:00:00Z", "act": "thread.deleted"}) != []
    assert (await server.ada.get("/audit", act="x" * 101)).status == 422
