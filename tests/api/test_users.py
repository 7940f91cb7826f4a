"""Users: admins make them, change them, keep them out and delete them, and somebody who administers always stays."""

from typing import Any

import pytest

from laneway.domain.kinds import KINDS
from laneway.domain.principal import SYSTEM
from laneway.store import Page, Query
from tests.api.harness import MISSING, Caller, Events, Harness


async def person(server: Harness, name: str = "carol", **fields: Any) -> tuple[dict[str, Any], Caller]:
    """A user whom an admin made, with a key."""
    made = await server.ada.made("/users", {"name": name, **fields})
    key = await server.ada.made("/keys", {"user": name})
    return made, server.caller(key["key"])


async def closed(events: Events) -> None:
    """Wait until the server has ended a stream."""
    while await events.next() is not None:
        pass


async def test_an_admin_makes_a_user_who_can_then_come_in(server: Harness, ada: Caller):
    made = await ada.post("/users", {"name": "carol"})
    carol = server.caller((await ada.made("/keys", {"user": "carol"}))["key"])

    assert (made.status, made.headers["location"]) == (201, f"/api/v1/users/{made.json['id']}")
    assert {name: made.json[name] for name in ("name", "role", "active", "version")} == {
        "name": "carol", "role": "member", "active": True, "version": 1,
    }  # fmt: skip
    assert (await carol.get("/me")).json == {
        "id": made.json["id"], "name": "carol", "role": "member", "scope": "full"
    }  # fmt: skip
    assert (await ada.get(f"/users/{made.json['id']}")).json == made.json
    assert made.json in (await ada.get("/users")).json
    assert (await ada.get("/users", name="carol")).json == [made.json]
    assert (await ada.post("/users", {"name": "carol"})).code == "name_taken"


async def test_the_first_user_is_the_owner_and_their_first_key_an_admins(ada: Caller):
    (owner,) = (await ada.get("/users")).json

    assert (owner["name"], owner["role"], owner["active"]) == ("admin", "owner", True)
    assert (await ada.get("/me")).json["role"] == "admin"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": ""}, {"name": " x"}, {"name": "x", "role": "king"}, {"name": "x", "active": True},
        {"name": "x", "id": "usr_1"}, {"name": 5},
    ],
)  # fmt: skip
async def test_what_is_no_user_is_not_made(ada: Caller, body: dict[str, Any]):
    assert (await ada.post("/users", body)).status == 422
    assert len((await ada.get("/users")).json) == 1


async def test_a_member_manages_nobody_and_learns_nothing(server: Harness, bob: Caller, ada: Caller):
    (other,) = (await ada.get("/users", name="admin")).json
    refusals = [
        await bob.send(method, path, json=body)
        for method, path, body in (
            ("GET", "/users", None), ("POST", "/users", {"name": "x"}), ("GET", "/audit", None),
            *((method, f"/users/{id}", {} if method == "PATCH" else None)
              for method in ("GET", "PATCH", "DELETE") for id in (other["id"], f"usr_{MISSING}", "x")),
        )
    ]  # fmt: skip

    assert {(each.status, each.code) for each in refusals} == {(403, "forbidden")}
    assert len({each.content for each in refusals}) == 1
    assert [key["user"] for key in (await bob.get("/keys")).json] == ["bob"]


async def test_a_changed_role_counts_at_once_for_keys_logins_and_streams(server: Harness, ada: Caller):
    made, carol = await person(server, role="admin")
    assert (await carol.get("/users")).status == 200

    async with carol.events("/events") as events:
        changed = await ada.patch(f"/users/{made['id']}", {"role": "member"}, If_Match='"1"')
        await closed(events)

    assert (changed.status, changed.json["role"], changed.headers["etag"]) == (200, "member", '"2"')
    assert (await carol.get("/users")).status == 403
    assert (await carol.get("/me")).json["role"] == "member"
    assert (await ada.patch(f"/users/{made['id']}", {"role": "admin"}, If_Match='"1"')).status == 412
    told = [frame.event for frame in await carol.replay("/events")]
    assert told == ["key.created", "user.updated"]


async def test_a_key_made_before_a_promotion_stays_what_it_was(server: Harness, ada: Caller):
    made, carol = await person(server)

    await ada.patch(f"/users/{made['id']}", {"role": "admin"})

    assert (await carol.get("/me")).json["role"] == "member"
    later = server.caller((await ada.made("/keys", {"user": "carol"}))["key"])
    assert (await later.get("/me")).json["role"] == "admin"


async def test_a_deactivated_user_is_out_and_nothing_of_theirs_runs(server: Harness, ada: Caller):
    made, carol = await person(server)
    running = await carol.made("/threads", {"agent_id": "script", "initial_message": "say hello\nsleep 1000"})
    asking = await carol.made("/threads", {"agent_id": "script", "initial_message": "ask me"})
    await carol.made(f"/threads/{running['id']}/messages", {"message": "say after"})
    await carol.made(f"/sessions/{running['session_id']}/timers", {"every": 60, "text": "wake"})
    async with carol.events(f"/threads/{asking['id']}/events", after="0") as events:
        await events.until("approval.requested")

    async with carol.events("/events") as events:
        out = await ada.patch(f"/users/{made['id']}", {"active": False})
        await closed(events)

    assert (out.status, out.json["active"]) == (200, False)
    assert (await carol.get("/me")).status == 401
    assert (await ada.post("/keys", {"user": "carol"})).code == "user_inactive"

    assert (await ada.patch(f"/users/{made['id']}", {"active": True})).status == 200
    await carol.finished(running["id"])
    await carol.finished(asking["id"])
    thread = (await carol.get(f"/threads/{running['id']}")).json
    (timer,) = (await carol.get(f"/sessions/{running['session_id']}/timers")).json
    turns = [(await carol.get(f"/threads/{each['id']}/turns")).json for each in (running, asking)]
    assert (thread["status"], thread["queue_depth"], timer["state"]) == ("paused", 1, "paused")
    assert [turn["status"] for (turn,) in turns] == ["cancelled", "cancelled"]


async def test_a_deleted_user_leaves_nothing_but_acts(server: Harness, ada: Caller):
    made, carol = await person(server, "canary-carol")
    thread = await carol.chat("say canary-text", title="canary-title")
    running = await carol.made("/threads", {"agent_id": "script", "initial_message": "sleep 1000"})
    await carol.made(f"/threads/{running['id']}/messages", {"message": "canary-text"})
    await carol.put(f"/sessions/{thread['session_id']}/keys/k", {"value": "canary-value"})

    async with carol.events(f"/threads/{running['id']}/events") as events:
        gone = await ada.delete(f"/users/{made['id']}")
        await closed(events)

    assert gone.status == 204
    assert (await carol.get("/me")).status == 401
    assert (await ada.get(f"/users/{made['id']}")).status == 404
    assert (await ada.delete(f"/users/{made['id']}")).status == 404
    await server.app.upkeep.tidy()
    left = {
        kind.name: [record for record in await everything(server, kind) if record.owner == made["id"]]
        for kind in KINDS
    }  # fmt: skip
    acts = [entry.act for entry in sorted(left.pop("audit"), key=lambda entry: entry.number)]
    assert not any(left.values()), left
    assert acts[0] == "user.created"
    assert acts[-1] == "user.deleted"
    told = await server.app.store.read_user(None, (0, 0), 10_000)
    assert not [event for event in told.events if b"canary" in event.body or made["id"].encode() in event.body]
    # The name is free again, and whoever takes it is somebody else.
    again, _ = await person(server, "canary-carol")
    assert again["id"] != made["id"]


async def everything(server: Harness, kind: Any) -> Any:
    """Every record of a kind."""
    (page,) = (await server.app.store.read(SYSTEM, Query(kind, limit=1000))).results
    assert isinstance(page, Page)
    return page.records


async def test_the_last_admin_stays(server: Harness, ada: Caller):
    (owner,) = (await ada.get("/users")).json
    path = f"/users/{owner['id']}"

    refusals = [
        await ada.patch(path, {"role": "member"}), await ada.patch(path, {"active": False}), await ada.delete(path)
    ]  # fmt: skip
    assert {(each.status, each.code) for each in refusals} == {(409, "last_admin")}

    made, carol = await person(server, role="admin")
    assert (await ada.patch(path, {"role": "member"})).status == 200
    assert (await ada.get("/users")).status == 403
    assert (await carol.patch(f"/users/{made['id']}", {"active": False})).code == "last_admin"
    assert (await carol.delete(path)).status == 204
    assert (await ada.get("/me")).status == 401


async def test_a_deletion_is_repeated_with_its_key_and_refused_when_stale(server: Harness, ada: Caller):
    made, _ = await person(server)
    path = f"/users/{made['id']}"

    assert (await ada.delete(path, If_Match='"7"')).status == 412
    assert [(await ada.delete(path, Idempotency_Key="k")).status for _ in range(2)] == [204, 204]
    assert (await ada.delete(path)).status == 404


async def test_users_are_paged_and_made_once_for_one_idempotency_key(ada: Caller):
    for name in ("dora", "carol", "emil"):
        await ada.made("/users", {"name": name})
    again = [await ada.post("/users", {"name": "fritz"}, Idempotency_Key="k") for _ in range(2)]

    first = await ada.get("/users", limit=3)
    rest = await ada.get("/users", limit=3, cursor=first.headers["x-next-cursor"])

    assert again[0].json == again[1].json
    assert [user["name"] for user in first.json + rest.json] == ["admin", "carol", "dora", "emil", "fritz"]
    assert first.headers["x-total-count"] == "5"
