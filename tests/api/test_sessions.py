from tests.api.harness import MISSING, Caller, Harness, data_of


async def test_a_session_has_every_field_of_the_contract(ada: Caller):
    made = await ada.post("/sessions", {"title": "Desk", "mode": "autonomous", "settings": {"a": 1}})

    assert made.status == 201
    assert set(made.json) == {
        "id", "title", "environment", "scope", "mode", "settings", "status", "created_at", "updated_at", "version",
        "counts",
    }  # fmt: skip
    assert made.json["scope"] == f"session:{made.json['id']}"
    assert made.json["counts"] == {"threads": 0, "running": 0, "queued": 0}
    assert (await ada.get(f"/sessions/{made.json['id']}")).json == made.json


async def test_the_counts_say_what_is_in_it(ada: Caller):
    session = await ada.made("/sessions")
    for _ in range(2):
        await ada.made("/threads", {"session_id": session["id"]})
    paused = await ada.made("/threads", {"session_id": session["id"], "settings": {"paused": True}})
    await ada.made(f"/threads/{paused['id']}/messages", {"message": "wait"})
    gone = await ada.made("/threads", {"session_id": session["id"]})
    await ada.patch(f"/threads/{gone['id']}", {"archived": True})

    (listed,) = (await ada.get("/sessions")).json

    assert listed["counts"] == {"threads": 3, "running": 0, "queued": 1}


async def test_a_patch_changes_what_is_given(ada: Caller):
    session = await ada.made("/sessions", {"title": "One", "settings": {"a": 1}})
    path = f"/sessions/{session['id']}"

    changed = await ada.patch(path, {"settings": {"b": 2}, "mode": "autonomous"}, If_Match='"1"')
    stale = await ada.patch(path, {"title": "Two"}, If_Match='"1"')

    assert changed.json["title"] == "One"
    assert changed.json["settings"] == {"a": 1, "b": 2}
    assert changed.headers["etag"] == '"2"'
    assert stale.status == 412
    assert (await ada.post("/sessions", {"environment": "moon"})).code == "unknown_environment"
    assert (await ada.patch(path, {"environment": "plain"})).code == "unknown_field"


async def test_deleting_a_session_takes_everything_with_it_and_ends_its_streams(ada: Caller):
    session = await ada.made("/sessions")
    thread = await ada.chat("say a", session_id=session["id"])
    async with (
        ada.events(f"/sessions/{session['id']}/events") as of_session,
        ada.events(f"/threads/{thread['id']}/events") as of_thread,
    ):
        assert (await ada.delete(f"/sessions/{session['id']}")).status == 204
        assert await of_session.next() is None
        assert await of_thread.next() is None

    for path in (f"/sessions/{session['id']}", f"/sessions/{session['id']}/state", f"/threads/{thread['id']}"):
        assert (await ada.get(path)).status == 404
    deleted = (await ada.replay("/events"))[-1]
    assert deleted.event == "session.deleted"
    assert data_of(deleted)["session_id"] == session["id"]


async def test_the_default_session_is_made_anew_when_it_is_next_needed(ada: Caller):
    first = await ada.made("/threads")
    await ada.delete(f"/sessions/{first['session_id']}")

    second = await ada.made("/threads")

    assert second["session_id"] != first["session_id"]


async def test_the_selection_is_remembered_for_each_user_and_decides_nothing(ada: Caller, bob: Caller):
    session = await ada.made("/sessions")
    thread = await ada.made("/threads", {"session_id": session["id"]})
    path = f"/sessions/{session['id']}/selection"

    before = (await ada.get(path)).json
    chosen = await ada.put(path, {"thread_id": thread["id"]})
    foreign = await ada.put(path, {"thread_id": (await bob.made("/threads"))["id"]})

    assert before == {"thread_id": None}
    assert chosen.json == {"thread_id": thread["id"]}
    assert foreign.status == 404
    assert (await ada.get(path)).json == {"thread_id": thread["id"]}
    assert (await bob.get(path)).status == 404


async def test_notes_are_added_replaced_by_key_changed_and_removed(server: Harness, ada: Caller):
    session = await ada.made("/sessions")
    path = f"/sessions/{session['id']}/notes"

    plain = await ada.post(path, {"text": "one"})
    await server.clock.advance(1)
    keyed = await ada.made(path, {"text": "two", "key": "k", "prompt": True})
    again = await ada.made(path, {"text": "three", "key": "k"})
    changed = await ada.patch(f"{path}/{keyed['id']}", {"prompt": True}, If_Match='"2"')
    stale = await ada.patch(f"{path}/{keyed['id']}", {"text": "x"}, If_Match='"2"')

    assert plain.status == 201
    assert set(plain.json) == {"id", "session_id", "text", "prompt", "key", "version", "created_at", "updated_at"}
    assert (again["id"], again["version"], again["text"]) == (keyed["id"], 2, "three")
    assert (changed.json["prompt"], changed.json["text"]) == (True, "three")
    assert stale.status == 412
    assert [note["text"] for note in (await ada.get(path)).json] == ["one", "three"]
    assert (await ada.delete(f"{path}/{keyed['id']}")).status == 204
    assert (await ada.delete(f"{path}/{keyed['id']}")).status == 404
    assert (await ada.delete(f"{path}/not_{MISSING}")).status == 404


async def test_a_key_is_compared_and_set(ada: Caller):
    session = await ada.made("/sessions")
    path = f"/sessions/{session['id']}/keys/colour"

    missing = await ada.get(path)
    made = await ada.put(path, {"value": {"hue": 3}}, If_Match='"0"')
    twice = await ada.put(path, {"value": 1}, If_Match='"0"')
    changed = await ada.put(path, {"value": None}, If_Match=made.headers["etag"])
    lost = await ada.put(path, {"value": 2}, If_Match=made.headers["etag"])
    blind = await ada.put(path, {"value": [1]})

    assert missing.status == 404
    assert made.json == {"key": "colour", "value": {"hue": 3}, "version": 1}
    assert (twice.status, lost.status) == (412, 412)
    assert (changed.json["value"], changed.json["version"]) == (None, 2)
    assert blind.json["version"] == 3
    assert (await ada.get(path)).headers["etag"] == '"3"'
    assert (await ada.delete(path, If_Match='"2"')).status == 412
    assert (await ada.delete(path)).status == 204
    assert (await ada.delete(path)).status == 404


async def test_the_state_is_one_snapshot_with_its_offset(ada: Caller):
    session = await ada.made("/sessions")
    await ada.put(f"/sessions/{session['id']}/keys/a", {"value": 1})

    state = await ada.get(f"/sessions/{session['id']}/state")

    assert state.status == 200
    assert state.json["version"] >= 1
    assert "laneway-offset" in state.headers
    assert "laneway-position" in state.headers


async def test_timers_are_set_changed_and_removed(server: Harness, ada: Caller):
    session = await ada.made("/sessions")
    path = f"/sessions/{session['id']}/timers"

    every = await ada.post(path, {"every": 60, "text": "look", "agent_id": "script"})
    once = await ada.made(path, {"at": "2026-01-02T01:00:00+01:00", "text": "once"})
    cron = await ada.made(path, {"cron": "0 9 * * 1", "timezone": "Europe/Berlin", "text": "monday", "missed": "skip"})
    paused = await ada.patch(f"{path}/{once['id']}", {"state": "paused"}, If_Match='"1"')

    assert every.status == 201
    assert set(every.json) == {
        "id", "session_id", "at", "every", "cron", "timezone", "text", "agent_id", "missed", "state", "next_at",
        "version", "created_at",
    }  # fmt: skip
    assert every.json["next_at"] == "2026-01-01T00:01:00.000000Z"
    assert once["next_at"] == "2026-01-02T00:00:00.000000Z"
    assert cron["missed"] == "skip"
    assert paused.json["state"] == "paused"
    assert {timer["text"] for timer in (await ada.get(path)).json} == {"look", "once", "monday"}
    assert (await ada.get(f"{path}/{once['id']}")).headers["etag"] == '"2"'
    assert (await ada.delete(f"{path}/{once['id']}")).status == 204
    assert (await ada.get(f"{path}/{once['id']}")).status == 404
    for body in ({"text": "x"}, {"text": "x", "every": 0}, {"text": "x", "every": 5, "at": "2026-01-01T00:00:00Z"}):
        assert (await ada.post(path, body)).status == 422


async def test_an_alert_names_the_thread_that_it_raised(server: Harness, ada: Caller):
    session = await ada.made("/sessions")
    timer = await ada.made(f"/sessions/{session['id']}/timers", {"every": 60, "text": "say up", "agent_id": "script"})
    async with ada.events(f"/sessions/{session['id']}/events") as events:
        await server.clock.advance(61)
        await server.app.timers.fire_due()
        fired = await events.until("alert.fired")

    (alert,) = (await ada.get(f"/sessions/{session['id']}/alerts")).json

    assert set(alert) == {"id", "source", "occurrence", "payload", "state", "reason", "thread_id", "at"}
    assert (alert["source"], alert["state"]) == (timer["id"], "fired")
    assert data_of(fired)["thread_id"] == alert["thread_id"]
    assert (await ada.get("/threads")).json == []
    listed = (await ada.get("/threads", session_id=session["id"])).json
    assert [thread["id"] for thread in listed] == [alert["thread_id"]]
