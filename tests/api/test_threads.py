from tests.api.harness import MISSING, Caller, Harness, data_of


async def test_a_thread_without_a_session_is_made_in_the_default_session(ada: Caller):
    first = await ada.post("/threads", {})
    second = await ada.post("/threads", {})

    assert first.status == 201
    assert first.headers["location"] == f"/api/v1/threads/{first.json['id']}"
    assert first.json["session_id"] == second.json["session_id"]
    assert first.json["title"] == "New thread"
    assert first.json["title_source"] == "default"
    assert "item_id" not in first.json
    assert len((await ada.get("/sessions")).json) == 1


async def test_the_resource_has_every_field_of_the_contract(ada: Caller):
    thread = await ada.made("/threads", {"title": "Trip", "tags": ["a"], "metadata": {"k": 1}})

    assert set(thread) == {
        "id", "session_id", "agent_id", "members", "kind", "title", "title_source", "summary", "status",
        "status_reason", "active_turn_id", "queue_depth", "message_count", "last_message", "last_message_at", "unread",
        "tags", "pinned", "archived", "metadata", "settings", "parent_thread_id", "forked_from", "usage", "version",
        "created_at", "updated_at",
    }  # fmt: skip
    (summary,) = (await ada.get("/threads")).json
    assert set(thread) - set(summary) == {"settings", "usage"}
    assert thread["title_source"] == "manual"


async def test_an_initial_message_gives_the_title_and_starts_a_turn(ada: Caller):
    made = await ada.made("/threads", {"agent_id": "script", "initial_message": "say hello\nsay there"})

    await ada.finished(made["id"])

    thread = (await ada.get(f"/threads/{made['id']}")).json
    assert made["item_id"].startswith("que_")
    assert (thread["title"], thread["title_source"]) == ("say hello", "auto")
    assert thread["message_count"] == 2
    assert thread["last_message"] == "hello there"
    assert thread["status"] == "idle"


async def test_put_and_patch_keep_what_is_missing_and_merge_metadata(ada: Caller):
    thread = await ada.made("/threads", {"title": "One", "metadata": {"a": 1, "b": 2}})
    path = f"/threads/{thread['id']}"

    patched = await ada.patch(path, {"metadata": {"b": None, "c": 3}, "pinned": True})
    put = await ada.put(path, {"summary": "s", "tags": ["x"], "settings": {"queue_mode": "one_at_a_time"}})

    assert patched.json["metadata"] == {"a": 1, "c": 3}
    assert put.json["title"] == "One"
    assert put.json["pinned"] is True
    assert put.json["summary"] == "s"
    assert put.json["tags"] == ["x"]
    assert put.json["settings"]["queue_mode"] == "one_at_a_time"
    assert put.json["version"] == thread["version"] + 2


async def test_a_stale_if_match_is_412_and_changes_nothing(ada: Caller):
    thread = await ada.made("/threads", {"title": "One"})
    path = f"/threads/{thread['id']}"
    current = (await ada.get(path)).headers["etag"]

    assert (await ada.patch(path, {"title": "Two"}, If_Match=current)).status == 200
    late = await ada.patch(path, {"title": "Three"}, If_Match=current)
    dropped = await ada.delete(path, If_Match=current)

    assert (late.status, late.code) == (412, "version_mismatch")
    assert dropped.status == 412
    assert (await ada.get(path)).json["title"] == "Two"


async def test_a_deleted_thread_is_gone_from_every_route(ada: Caller):
    thread = await ada.chat("say secret")
    path = f"/threads/{thread['id']}"
    item = (await ada.get(f"{path}/messages")).json[0]

    assert (await ada.delete(path)).status == 204

    for route in ("", "/messages", "/queue", "/turns", "/events"):
        assert (await ada.get(path + route)).status == 404
    assert (await ada.get(f"/turns/{item['turn_id']}")).status == 404
    assert (await ada.delete(path)).status == 404
    assert (await ada.get("/threads")).json == []
    frames = await ada.replay("/events")
    assert "thread.deleted" in [frame.event for frame in frames]
    assert not any("secret" in frame.data for frame in frames)


async def test_filters_combine_and_the_total_counts_what_they_leave(ada: Caller):
    for number in range(3):
        await ada.made("/threads", {"tags": ["x"], "metadata": {"n": number, "kind": "a"}, "title": f"T{number}"})
    await ada.made("/threads", {"tags": ["x", "y"], "metadata": {"kind": "b"}})

    tagged = await ada.get("/threads", tag="x", limit="2")
    both = await ada.send("GET", "/threads?tag=x&tag=y")
    meta = await ada.send("GET", "/threads?tag=x&metadata.kind=a&metadata.n=1")

    assert tagged.headers["x-total-count"] == "4"
    assert len(tagged.json) == 2
    assert len(both.json) == 1
    assert [thread["title"] for thread in meta.json] == ["T1"]


async def test_archived_threads_are_listed_only_when_asked_for(ada: Caller):
    thread = await ada.made("/threads", {"title": "old"})
    await ada.made("/threads", {"title": "new"})
    await ada.patch(f"/threads/{thread['id']}", {"archived": True})

    async def titles(**query: str) -> list[str]:
        return [each["title"] for each in (await ada.get("/threads", **query)).json]

    assert await titles() == ["new"]
    assert await titles(archived="true") == ["old"]
    assert await titles(status="archived") == ["old"]
    assert await titles(archived="false") == ["new"]


async def test_the_list_sorts_by_the_last_message_and_otherwise_as_asked(server: Harness, ada: Caller):
    for title in ("b", "a", "c"):
        await ada.made("/threads", {"title": title, "agent_id": "script"})
        await server.clock.advance(1)
    first = (await ada.get("/threads")).json
    await ada.made(f"/threads/{first[-1]['id']}/messages", {"message": "say hi"})
    await ada.finished(first[-1]["id"])

    async def titles(**query: str) -> list[str]:
        return [each["title"] for each in (await ada.get("/threads", **query)).json]

    assert [each["title"] for each in first] == ["c", "a", "b"]
    assert await titles() == ["b", "c", "a"]
    assert await titles(sort="created_at") == ["b", "a", "c"]
    assert await titles(sort="title") == ["a", "b", "c"]
    assert (await titles(sort="-unread"))[0] == "b"
    assert await titles(unread="true") == ["b"]
    assert (await ada.get("/threads", sort="owner")).status == 422


async def test_from_and_to_take_any_offset_from_utc(server: Harness, ada: Caller):
    await ada.made("/threads", {"title": "early"})
    await server.clock.advance(60)
    await ada.made("/threads", {"title": "late"})

    async def titles(query: str) -> list[str]:
        return [each["title"] for each in (await ada.send("GET", f"/threads?{query}")).json]

    assert await titles("from=2026-01-01T02:00:30%2B02:00") == ["late"]
    assert await titles("to=2026-01-01T00:00:30Z") == ["early"]
    assert (await ada.send("GET", "/threads?from=2026-01-01")).status == 422
    assert (await ada.send("GET", "/threads?from=2026-01-01T00:00:00")).status == 422


async def test_q_finds_threads_by_what_was_said_and_by_title(server: Harness, ada: Caller, bob: Caller):
    said = await ada.chat("say the quick zebra", title="animals")
    await ada.made("/threads", {"title": "Zebra crossing"})
    await ada.made("/threads", {"title": "Horses"})
    await bob.chat("say zebra")
    await server.indexed()

    found = await ada.get("/threads", q="zebra")
    hits = await ada.get("/search", q="quick zebra")

    assert {each["title"] for each in found.json} == {"animals", "Zebra crossing"}
    assert found.headers["x-total-count"] == "2"
    assert {hit["thread_id"] for hit in hits.json} == {said["id"]}
    for hit in hits.json:
        assert "quick zebra" in hit["snippet"]
        assert "".join(piece["text"] for piece in hit["highlights"]) == hit["snippet"]
        assert [piece["text"] for piece in hit["highlights"] if piece["match"]] == ["quick", "zebra"]
        assert hit["session_id"] == said["session_id"]
    assert hits.json[0]["title"] == "animals"
    assert (await ada.get("/search")).status == 422


async def test_reading_leaves_the_answers_after_the_item_unread(ada: Caller):
    thread = await ada.chat("say one", "say two")
    path = f"/threads/{thread['id']}"
    items = (await ada.get(f"{path}/messages")).json
    assert (await ada.get(path)).json["unread"] == 2

    half = await ada.post(f"{path}/read", {"item_id": items[1]["id"]})
    missing = await ada.post(f"{path}/read", {"item_id": f"itm_{MISSING}"})

    assert half.json == {"unread": 1}
    assert missing.status == 404
    assert (await ada.get(path)).json["unread"] == 1


async def test_what_is_not_here_yet_is_refused_by_name(ada: Caller):
    for body in ({"members": ["guide", "script"]}, {"kind": "work"}):
        answer = await ada.post("/threads", body)
        assert (answer.status, answer.code) == (422, "not_available"), body
    for kind in ("alert", "task", "nonsense"):
        assert (await ada.post("/threads", {"kind": kind})).status == 422
    unknown = await ada.post("/threads", {"agent_id": "nobody"})
    assert (unknown.status, unknown.code) == (422, "unknown_agent")


async def test_server_owned_fields_cannot_be_set(ada: Caller):
    thread = await ada.made("/threads")

    for field in ("id", "owner", "status", "seq", "version", "created_at", "usage", "unread", "message_count"):
        answer = await ada.patch(f"/threads/{thread['id']}", {field: 1})
        assert (answer.status, answer.code) == (422, "unknown_field"), field


async def test_a_thread_carries_the_offset_at_which_its_stream_goes_on(ada: Caller):
    thread = await ada.chat("say one")
    path = f"/threads/{thread['id']}"
    seen = await ada.get(path)
    await ada.patch(path, {"title": "Later"})

    async with ada.events(f"{path}/events", after=seen.headers["laneway-offset"], follow="0") as events:
        frames = [frame async for frame in events.all()]

    assert [frame.event for frame in frames] == ["thread.updated"]
    assert data_of(frames[0])["offset"] == int(seen.headers["laneway-offset"]) + 1
    assert int(seen.headers["laneway-position"]) > 0
