"""Shares: who has the link, or was named, reads the transcript and nothing else, until it ends."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from laneway.runtime.shares import Grant
from tests.api.harness import MISSING, Answer, Caller, Events, Harness, data_of, serving

SECRET = "only-the-owner-reads-this"
WRONG = "A" * 43


@pytest.fixture
async def server() -> AsyncGenerator[Harness]:
    async with serving(shares={"enabled": True}) as harness:
        yield harness


async def told(ada: Caller) -> dict[str, Any]:
    """A thread that said something, and whose owner noted more about it than others are to know."""
    session = await ada.made("/sessions", {"title": SECRET})
    thread = await ada.chat("say hello", "say bye", session_id=session["id"], title="What we said")
    await ada.made(f"/sessions/{session['id']}/notes", {"text": SECRET})
    await ada.patch(
        f"/threads/{thread['id']}",
        {"tags": [SECRET], "metadata": {"k": SECRET}, "summary": SECRET, "settings": {"paused": True}},
    )
    await ada.made(f"/threads/{thread['id']}/messages", {"message": SECRET})
    return thread


async def link(ada: Caller, thread: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return await ada.made(f"/threads/{thread['id']}/shares", fields)


async def closed(events: Events) -> None:
    while await events.next() is not None:
        pass


# --- links -----------------------------------------------------------------------------------------------------------


async def test_a_link_shows_the_transcript_and_nothing_else(server: Harness, ada: Caller):
    thread, nobody = await told(ada), server.caller(None)
    made = await ada.post(f"/threads/{thread['id']}/shares", {})
    token = made.json["token"]

    seen = await nobody.get(f"/shared/{token}")
    frames = await nobody.replay(f"/shared/{token}/events")

    assert made.status == 201
    assert (made.json["permission"], made.json["tool_output"], made.json["user"]) == ("view", False, None)
    assert made.json["expires_at"] == "2026-01-08T00:00:00.000000Z"
    assert made.json["url"].endswith(f"/s/{token}")
    assert len(token) == 43
    assert seen.status == 200
    assert seen.json["title"] == "What we said"
    assert [(item["role"], item["text"]) for item in seen.json["messages"] if item["role"] == "assistant"] == [
        ("assistant", "hello"), ("assistant", "bye"),
    ]  # fmt: skip
    assert {frame.event for frame in frames} == {"item.started", "item.delta", "item.completed"}
    assert {part["type"] for item in seen.json["messages"] for part in item["parts"]} == {"text"}
    for text in (seen.content.decode(), *(frame.data for frame in frames)):
        assert SECRET not in text
    assert not any(name in frame.data for frame in frames for name in ("settings", "usage", "queue", "sender"))


async def test_nothing_that_the_owner_kept_is_told_in_any_byte(server: Harness, ada: Caller):
    body = {"agent_id": "script", "tags": [SECRET], "metadata": {SECRET: SECRET}}
    thread, nobody = await ada.made("/threads", body), server.caller(None)
    await ada.made(f"/threads/{thread['id']}/messages", {"message": "say hello", "sender": SECRET})
    await ada.finished(thread["id"])
    await ada.patch(f"/threads/{thread['id']}", {"summary": SECRET, "settings": {"paused": True}})
    await ada.made(f"/threads/{thread['id']}/messages", {"message": SECRET})
    await ada.made(f"/threads/{thread['id']}/comments", {"text": SECRET})
    token = (await link(ada, thread, tool_output=True))["token"]

    read = [await nobody.get(f"/shared/{token}"), await nobody.send("GET", f"//s/{token}")]
    async with nobody.events(f"/shared/{token}/events", after="0", follow="0") as events:
        await closed(events)

    assert [each.status for each in read] == [200, 200]
    assert not any(SECRET.encode() in each.content for each in read)
    assert SECRET.encode() not in events.raw
    assert b"hello" in events.raw


async def test_tool_output_is_shown_where_it_was_ticked(server: Harness, ada: Caller):
    thread, nobody = await ada.chat('tool note.add {"text": "noted"}\nsay done'), server.caller(None)
    without, ticked = [(await link(ada, thread, tool_output=each))["token"] for each in (False, True)]

    shown = {
        token: [item["role"] for item in (await nobody.get(f"/shared/{token}")).json["messages"]]
        for token in (without, ticked)
    }
    streamed = {
        token: {data_of(frame)["data"]["item"]["role"] for frame in await nobody.replay(f"/shared/{token}/events")
                if frame.event == "item.completed"}
        for token in (without, ticked)
    }  # fmt: skip

    assert shown == {without: ["user", "assistant"], ticked: ["user", "tool", "assistant"]}
    assert streamed == {without: {"user", "assistant"}, ticked: {"user", "tool", "assistant"}}


async def test_what_was_cut_is_shown_to_nobody_not_even_in_the_stream(server: Harness, ada: Caller):
    thread, nobody = await ada.chat("say kept", "say regretted"), server.caller(None)
    token = (await link(ada, thread))["token"]
    items = (await ada.get(f"/threads/{thread['id']}/messages")).json
    (regretted,) = [item for item in items if item["role"] == "user" and "regretted" in item["text"]]

    await ada.delete(f"/threads/{thread['id']}/messages/{regretted['id']}")

    frames = await nobody.replay(f"/shared/{token}/events")
    assert "regretted" not in (await nobody.get(f"/shared/{token}")).content.decode()
    assert not [frame for frame in frames if "regretted" in frame.data]
    assert frames[-1].event == "transcript.cut"


async def test_a_link_follows_an_answer_as_it_is_written_and_resumes_with_the_same_bytes(server: Harness, ada: Caller):
    thread, nobody = await ada.made("/threads", {"agent_id": "script"}), server.caller(None)
    token = (await link(ada, thread))["token"]
    at = (await nobody.get(f"/shared/{token}")).headers["laneway-offset"]

    async with nobody.events(f"/shared/{token}/events", after=at) as live:
        await ada.made(f"/threads/{thread['id']}/messages", {"message": "say one two"})
        ends = 0
        while ends < 2:
            frame = await live.next()
            assert frame is not None
            ends += frame.event == "item.completed"
    async with nobody.events(f"/shared/{token}/events", after=at, follow="0") as later:
        await closed(later)

    assert b"one two" in later.raw
    assert later.raw.startswith(live.raw.replace(b": keep-alive\n\n", b""))


async def test_a_wrong_an_ended_and_an_expired_link_are_the_same_404(server: Harness, ada: Caller):
    # Each is counted as one guess, however often it is shown.
    thread, nobody = await told(ada), server.caller(None)
    ended, expired = await link(ada, thread), await link(ada, thread, expires_in_s=5)
    assert (await nobody.get(f"/shared/{ended['token']}")).status == 200
    assert (await nobody.get(f"/shared/{expired['token']}")).status == 200

    assert (await ada.delete(f"/shares/{ended['id']}")).status == 204
    await server.clock.advance(6)

    answers = [
        await nobody.send(method, f"{base}{token}{rest}", json={"text": "x"} if method == "POST" else None)
        for token in (WRONG, ended["token"], expired["token"], "x")
        for method, base, rest in (
            ("GET", "/shared/", ""), ("GET", "/shared/", "/events"), ("GET", "//s/", ""),
            ("GET", "/shared/", "/comments"), ("POST", "/shared/", "/comments"),
        )
    ]  # fmt: skip
    assert {(each.status, each.content) for each in answers} == {(404, answers[0].content)}
    assert [share["id"] for share in (await ada.get(f"/threads/{thread['id']}/shares")).json] == []
    assert (await ada.delete(f"/shares/{ended['id']}")).status == 404


async def test_ending_a_share_closes_its_streams_and_no_others(server: Harness, ada: Caller):
    thread, nobody = await told(ada), server.caller(None)
    ended, kept = await link(ada, thread), await link(ada, thread)

    async with (
        nobody.events(f"/shared/{ended['token']}/events") as gone,
        nobody.events(f"/shared/{kept['token']}/events") as stays,
    ):
        await ada.delete(f"/shares/{ended['id']}")
        assert await gone.next() is None
        await ada.post(f"/threads/{thread['id']}/queue/clear")
        await ada.post(f"/threads/{thread['id']}/queue/resume")
        await ada.made(f"/threads/{thread['id']}/messages", {"message": "say more"})
        assert (await stays.until("item.completed")).data


async def test_a_share_that_expires_closes_its_streams_within_a_second(server: Harness, ada: Caller):
    thread, nobody = await told(ada), server.caller(None)
    short = await link(ada, thread, expires_in_s=3)

    async with nobody.events(f"/shared/{short['token']}/events") as events, server.ticking():
        assert await events.next() is None
    assert (await nobody.get(f"/shared/{short['token']}")).status == 404


@pytest.mark.parametrize("what", ["threads", "sessions"])
async def test_deleting_a_thread_or_its_session_ends_its_shares(server: Harness, ada: Caller, bob: Caller, what: str):
    thread, nobody = await told(ada), server.caller(None)
    shared = await link(ada, thread)
    await link(ada, thread, user="bob")
    gone = thread["id"] if what == "threads" else (await ada.get(f"/threads/{thread['id']}")).json["session_id"]

    async with (
        nobody.events(f"/shared/{shared['token']}/events") as events,
        bob.events(f"/threads/{thread['id']}/events") as named,
    ):
        assert (await ada.delete(f"/{what}/{gone}")).status == 204
        await closed(events)
        await closed(named)

    assert (await nobody.get(f"/shared/{shared['token']}")).status == 404
    assert (await bob.get(f"/threads/{thread['id']}")).status == 404
    assert (await bob.get("/threads", shared="with_me")).json == []


async def test_links_need_leave_of_the_settings_and_named_users_do_not():
    async with serving() as server:
        ada, bob = server.ada, await server.other("bob")
        thread = await told(ada)

        refused = await ada.post(f"/threads/{thread['id']}/shares", {})
        named = await ada.post(f"/threads/{thread['id']}/shares", {"user": "bob"})

        assert (refused.status, refused.code) == (409, "shares_off")
        assert (named.status, named.json["token"], named.json["user"]) == (201, None, "bob")
        assert (await bob.get(f"/threads/{thread['id']}")).status == 200


async def test_guessing_is_limited_and_a_valid_link_is_never_refused():
    async with serving(shares={"enabled": True}, limits={"auth_failures_per_min": 3}) as server:
        thread = await told(server.ada)
        token, nobody = (await link(server.ada, thread))["token"], server.caller(None)

        guesses = [(await nobody.get(f"/shared/{'B' * 42}{n}")).status for n in range(6)]

        assert guesses == [404, 404, 404, 429, 429, 429]
        assert (await nobody.get(f"/shared/{token}")).status == 200


async def test_a_link_is_no_credential_for_anything_else(server: Harness, ada: Caller):
    thread = await told(ada)
    token = (await link(ada, thread, permission="comment"))["token"]

    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"laneway_login={token}"}):
        for path in (f"/threads/{thread['id']}", "/me", "/threads"):
            answer = await server.caller(None).send(
                "GET", path, headers={**headers, "Sec-Fetch-Site": "same-origin"}
            )  # fmt: skip
            assert answer.status == 401, path
    assert (await ada.get(f"/shared/{server.key}")).status == 404


async def test_what_is_shared_is_not_to_be_indexed_kept_or_referred_to(server: Harness, ada: Caller):
    thread = await told(ada)
    token = (await link(ada, thread))["token"]

    for path in (f"/shared/{token}", f"//s/{token}", f"/shared/{token}/events?follow=0"):
        headers = (await server.caller(None).send("GET", path)).headers
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] in ("no-store", "no-cache")


async def test_the_page_of_a_link_is_the_same_for_all_and_a_person_is_told_by_it_when_a_link_has_ended(
    server: Harness, ada: Caller
):
    thread, nobody = await ada.chat(f"say {SECRET}", title=SECRET), server.caller(None)
    token = (await link(ada, thread))["token"]
    person = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    page = await nobody.send("GET", f"//s/{token}", headers=person)
    ended = await nobody.send("GET", f"//s/{WRONG}", headers=person)

    assert (page.status, ended.status) == (200, 404)
    assert page.content == ended.content == (await nobody.send("GET", "//")).content
    for each in (page, ended):
        assert each.headers["content-type"].startswith("text/html")
        assert (each.headers["cache-control"], each.headers["x-robots-tag"]) == ("no-store", "noindex, nofollow")
        assert "script-src 'self'" in each.headers["content-security-policy"]


async def test_a_token_is_told_once_and_kept_as_a_hash(server: Harness, ada: Caller):
    thread = await told(ada)
    made = await link(ada, thread)

    listed = await ada.get(f"/threads/{thread['id']}/shares")
    events = "".join(frame.data for frame in await ada.replay("/events"))
    audit = await ada.get("/audit", subject=made["id"])

    assert [share["id"] for share in listed.json] == [made["id"]]
    assert [entry["act"] for entry in audit.json] == ["share.created"]
    for text in (listed.content.decode(), events, audit.content.decode()):
        assert made["token"] not in text
        assert "sha256" not in text
    assert '"share.created"' in events


@pytest.mark.parametrize(
    "body", [{"expires_in_s": 0}, {"expires_in_s": 10**9}, {"permission": "edit"}, {"token": "x"}, {"user": ""}]
)
async def test_what_is_no_share_is_not_made(ada: Caller, body: dict[str, Any]):
    thread = await ada.made("/threads")

    assert (await ada.post(f"/threads/{thread['id']}/shares", body)).status == 422
    assert (await ada.get(f"/threads/{thread['id']}/shares")).json == []


async def test_a_thread_has_a_bounded_number_of_shares():
    async with serving(shares={"enabled": True}, limits={"shares_per_thread": 2}) as server:
        thread = await server.ada.made("/threads")
        for _ in range(2):
            await link(server.ada, thread, expires_in_s=5)

        assert (await server.ada.post(f"/threads/{thread['id']}/shares", {})).status == 429
        await server.clock.advance(6)
        assert (await server.ada.post(f"/threads/{thread['id']}/shares", {})).status == 201


async def test_the_links_of_somebody_who_is_kept_out_are_dead(server: Harness, ada: Caller, bob: Caller):
    thread, nobody = await told(bob), server.caller(None)
    token = (await link(bob, thread))["token"]
    await link(bob, thread, user="admin")
    (user,) = (await ada.get("/users", name="bob")).json
    assert len((await ada.get("/threads", shared="with_me")).json) == 1

    async with nobody.events(f"/shared/{token}/events") as events:
        await ada.patch(f"/users/{user['id']}", {"active": False})
        await closed(events)

    assert (await nobody.get(f"/shared/{token}")).status == 404
    assert (await ada.get(f"/threads/{thread['id']}")).status == 404
    assert (await ada.get("/threads", shared="with_me")).json == []


def test_only_a_share_makes_a_grant():
    with pytest.raises(TypeError):
        Grant("shr_x", "thr_x", "usr_x", "comment", True, "2099-01-01T00:00:00Z", object())


# --- named users -----------------------------------------------------------------------------------------------------


async def test_a_named_user_reads_the_thread_by_its_own_routes(server: Harness, ada: Caller, bob: Caller):
    thread = await told(ada)
    path = f"/threads/{thread['id']}"
    assert (await bob.get(path)).status == 404

    await link(ada, thread, user="bob")
    seen, items = await bob.get(path), await bob.get(f"{path}/messages")
    async with bob.events(f"{path}/events", after="0", follow="0") as events:
        await closed(events)

    assert (seen.json["title"], seen.json["message_count"]) == ("What we said", 4)
    assert (seen.json["tags"], seen.json["metadata"], seen.json["summary"], seen.json["queue_depth"]) == (
        [], {}, None, 0,
    )  # fmt: skip
    assert [item["text"] for item in items.json if item["role"] == "assistant"] == ["hello", "bye"]
    assert SECRET not in seen.content.decode()
    assert b"queue." not in events.raw
    assert b"hello" in events.raw
    assert (await bob.get("/threads")).json == []
    (listed,) = (await bob.get("/threads", shared="with_me")).json
    assert (listed["id"], listed["tags"]) == (thread["id"], [])
    assert [frame.event for frame in await bob.replay("/events")] == ["key.created", "share.created"]


async def test_a_named_user_is_told_whose_threads_they_read_and_what_they_may_do_there(
    server: Harness, ada: Caller, bob: Caller
):
    viewed, commented, ended = [await ada.made("/threads") for _ in range(3)]
    await link(ada, viewed, user="bob", expires_in_s=60)
    await server.clock.advance(1)
    made = await link(ada, commented, user="bob", permission="comment", tool_output=True)
    await ada.delete(f"/shares/{(await link(ada, ended, user='bob'))['id']}")

    received = await bob.get("/shares")
    page = await bob.get("/shares", limit=1, cursor="1")

    assert [(share["thread_id"], share["by"], share["permission"]) for share in received.json] == [
        (commented["id"], "admin", "comment"), (viewed["id"], "admin", "view"),
    ]  # fmt: skip
    assert received.json[0] == {
        "id": made["id"], "thread_id": commented["id"], "by": "admin", "permission": "comment", "tool_output": True,
        "created_at": made["created_at"], "expires_at": made["expires_at"],
    }  # fmt: skip
    assert (received.headers["x-total-count"], page.json) == ("2", received.json[1:])
    assert (await ada.get("/shares")).json == []
    await server.clock.advance(60)
    await ada.delete(f"/threads/{commented['id']}")
    assert (await bob.get("/shares")).json == []


async def test_everything_else_of_a_shared_thread_is_missing(server: Harness, ada: Caller, bob: Caller):
    thread = await told(ada)
    await link(ada, thread, user="bob", permission="comment")
    path, session = f"/threads/{thread['id']}", (await ada.get(f"/threads/{thread['id']}")).json["session_id"]
    item = (await ada.get(f"{path}/messages")).json[0]["id"]

    for method, where in (
        ("PATCH", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}/messages"), ("GET", f"{path}/queue"),
        ("POST", f"{path}/cancel"), ("POST", f"{path}/fork"), ("POST", f"{path}/read"), ("GET", f"{path}/turns"),
        ("POST", f"{path}/shares"), ("GET", f"{path}/shares"), ("DELETE", f"{path}/messages/{item}"),
        ("POST", f"{path}/messages/{item}/edit"), ("POST", f"{path}/messages/{item}/regenerate"),
        ("POST", f"{path}/queue/pause"), ("GET", f"/sessions/{session}"), ("GET", f"/sessions/{session}/events"),
        ("GET", f"/sessions/{session}/state"), ("GET", f"/sessions/{session}/notes"),
    ):  # fmt: skip
        answer = await bob.send(method, where, json={} if method not in ("GET", "DELETE") else None)
        assert (answer.status, answer.code) == (404, "not_found"), (method, where)
    assert (await bob.get("/search", q="hello")).json == []


async def test_a_share_with_a_user_is_replaced_by_the_next_and_ends_at_once(ada: Caller, bob: Caller):
    thread = await told(ada)
    first = await link(ada, thread, user="bob", permission="comment")
    second = await link(ada, thread, user="bob")
    path = f"/threads/{thread['id']}"

    assert first["id"] == second["id"]
    assert (await bob.get(f"{path}/comments")).status == 404
    async with bob.events(f"{path}/events") as events, bob.events("/events") as own:
        await ada.delete(f"/shares/{first['id']}")
        assert await events.next() is None
        assert (await own.until("share.ended")).data
    assert (await bob.get(path)).status == 404


async def test_a_change_of_a_share_closes_the_streams_that_it_allowed_more(ada: Caller, bob: Caller):
    thread = await told(ada)
    await link(ada, thread, user="bob", tool_output=True)

    async with bob.events(f"/threads/{thread['id']}/events") as events:
        await link(ada, thread, user="bob")
        assert await events.next() is None


async def test_only_another_active_user_can_be_named(server: Harness, ada: Caller, bob: Caller):
    thread = await ada.made("/threads")
    carol = await ada.made("/users", {"name": "carol"})
    await ada.patch(f"/users/{carol['id']}", {"active": False})

    for name in ("nobody", "admin", "carol"):
        assert (await ada.post(f"/threads/{thread['id']}/shares", {"user": name})).code == "unknown_user"
    assert (await bob.post(f"/threads/{thread['id']}/shares", {"user": "admin"})).status == 404


async def test_the_shared_list_is_filtered_by_what_is_shown_and_by_nothing_else(ada: Caller, bob: Caller):
    for title in ("b", "a", "c"):
        await link(ada, await ada.made("/threads", {"title": title, "tags": [SECRET]}), user="bob")
    await ada.made("/threads", {"title": "not shared"})

    listed = await bob.get("/threads", shared="with_me", sort="title", limit=2)
    rest = await bob.get(
        "/threads", shared="with_me", sort="title", limit=2, cursor=listed.headers["x-next-cursor"]
    )  # fmt: skip

    assert [thread["title"] for thread in listed.json + rest.json] == ["a", "b", "c"]
    assert listed.headers["x-total-count"] == "3"
    for query in ({"tag": SECRET}, {"unread": "true"}, {"pinned": "false"}, {"q": "a"}, {"sort": "-unread"}):
        assert (await bob.get("/threads", shared="with_me", **query)).status == 422, query
    assert (await ada.get("/threads", shared="with_me")).json == []
    assert (await bob.get("/threads", shared="with_all")).status == 422


async def test_a_deleted_user_reads_no_more_and_who_takes_the_name_does_not_either(server: Harness, ada: Caller):
    thread, bob = await told(ada), await server.other("bob")
    await link(ada, thread, user="bob")
    (user,) = (await ada.get("/users", name="bob")).json

    async with bob.events(f"/threads/{thread['id']}/events") as events:
        await ada.delete(f"/users/{user['id']}")
        await closed(events)

    again = await server.other("bob")
    assert (await again.get(f"/threads/{thread['id']}")).status == 404
    assert (await ada.get(f"/threads/{thread['id']}/shares")).json == []


# --- comments --------------------------------------------------------------------------------------------------------


async def test_those_who_may_comment_do_and_see_what_others_wrote(server: Harness, ada: Caller, bob: Caller):
    thread, nobody = await told(ada), server.caller(None)
    path = f"/threads/{thread['id']}/comments"
    await link(ada, thread, user="bob", permission="comment")
    token = (await link(ada, thread, permission="comment"))["token"]
    item = (await ada.get(f"/threads/{thread['id']}/messages")).json[0]["id"]

    async with bob.events(f"/threads/{thread['id']}/events") as events:
        made: list[dict[str, Any]] = []
        for caller, where, body in (
            (ada, path, {"text": "mine"}),
            (bob, path, {"text": "yours", "item_id": item}),
            (nobody, f"/shared/{token}/comments", {"text": "ours", "name": "eve"}),
            (nobody, f"/shared/{token}/comments", {"text": "whose"}),
        ):
            made.append(await caller.made(where, body))
            await server.clock.advance(1)
        told_of = [data_of(await events.until("comment.added"))["data"]["comment"] for _ in made]

    assert [(comment["author"], comment["text"], comment["item_id"]) for comment in made] == [
        ("admin", "mine", None), ("bob", "yours", item), ("eve", "ours", None), ("guest", "whose", None),
    ]  # fmt: skip
    assert told_of == made
    assert (await ada.get(path)).json == (await bob.get(path)).json == made
    assert (await nobody.get(f"/shared/{token}/comments")).json == made
    assert (await ada.get(f"/threads/{thread['id']}")).json["message_count"] == 4
    assert (await bob.delete(f"{path}/{made[1]['id']}")).status == 404
    assert (await ada.delete(f"{path}/{made[1]['id']}")).status == 204
    assert len((await ada.get(path)).json) == 3


async def test_those_who_may_only_view_neither_read_nor_write_comments(server: Harness, ada: Caller, bob: Caller):
    thread, nobody = await told(ada), server.caller(None)
    path = f"/threads/{thread['id']}/comments"
    await link(ada, thread, user="bob")
    token = (await link(ada, thread))["token"]
    await ada.made(path, {"text": SECRET})

    assert (await bob.get(path)).status == 404
    assert (await bob.post(path, {"text": "x"})).status == 404
    assert (await nobody.get(f"/shared/{token}/comments")).status == 404
    assert (await nobody.post(f"/shared/{token}/comments", {"text": "x"})).status == 404
    assert not [frame for frame in await nobody.replay(f"/shared/{token}/events") if SECRET in frame.data]


async def test_a_transcript_and_its_comments_are_read_in_pages_of_any_size(server: Harness, ada: Caller):
    thread = await ada.chat("say one", "say two", "say three")
    by_link, guest = await link(ada, thread, permission="comment"), server.caller(None)
    for number in range(3):
        await ada.made(f"/threads/{thread['id']}/comments", {"text": f"comment {number}"})
    path = f"/shared/{by_link['token']}"

    whole, comments = await guest.get(path), await guest.get(f"{path}/comments")
    said = [answer.json["messages"] for answer in await pages_of(guest, path, 4)]
    written = [answer.json for answer in await pages_of(guest, f"{path}/comments", 2)]
    forged = [await guest.get(each, cursor="17") for each in (path, f"{path}/comments")]

    assert [len(page) for page in said] == [4, 2]
    assert [*said[0], *said[1]] == whole.json["messages"]
    assert [len(page) for page in written] == [2, 1]
    assert [*written[0], *written[1]] == comments.json
    assert (whole.headers["x-total-count"], comments.headers["x-total-count"]) == ("6", "3")
    assert [answer.status for answer in forged] == [400, 400]


async def pages_of(caller: Caller, path: str, limit: int) -> list[Answer]:
    """Every page, from the first to the one that says of no other."""
    pages = [await caller.get(path, limit=limit)]
    while (cursor := pages[-1].headers.get("x-next-cursor")) is not None:
        pages.append(await caller.get(path, limit=limit, cursor=cursor))
    return pages


async def test_comments_are_bounded():
    async with serving(limits={"comments_per_thread": 1}) as server:
        thread = await server.ada.made("/threads")
        path = f"/threads/{thread['id']}/comments"

        assert (await server.ada.post(path, {"text": "one"})).status == 201
        assert (await server.ada.post(path, {"text": "two"})).status == 429


async def test_a_comment_is_meant_for_this_thread_and_says_something(ada: Caller):
    one, other = await told(ada), await ada.made("/threads")
    item = (await ada.get(f"/threads/{one['id']}/messages")).json[0]["id"]
    for body, status in (
        ({"text": "x", "item_id": item}, 404), ({"text": "x", "item_id": f"itm_{MISSING}"}, 404), ({"text": ""}, 422),
        ({"text": "x" * 10_001}, 422), ({"text": "x", "author": "eve"}, 422),
    ):  # fmt: skip
        assert (await ada.post(f"/threads/{other['id']}/comments", body)).status == status


async def test_a_comment_with_an_idempotency_key_is_written_once(ada: Caller, bob: Caller):
    thread = await ada.made("/threads")
    await link(ada, thread, user="bob", permission="comment")
    path = f"/threads/{thread['id']}/comments"

    answers = [await bob.post(path, {"text": "once"}, Idempotency_Key="k") for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert len((await ada.get(path)).json) == 1
