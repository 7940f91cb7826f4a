"""Templates over HTTP: made, changed, used for threads, and made from threads."""

from tests.api import one_server
from tests.api.harness import MISSING, Caller, data_of

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def test_a_thread_takes_from_its_template_what_is_not_given(ada: Caller):
    template = await ada.made(
        "/templates",
        {
            "name": "review", "agent_id": "script", "title": "A review", "tags": ["work"],
            "settings": {"queue_mode": "one_at_a_time"}, "messages": ["say one", {"text": "say two"}],
        },
    )  # fmt: skip

    thread = await ada.made("/threads", {"template_id": template["id"], "settings": {"on_failure": "pause"}})
    await ada.finished(thread["id"], 2)

    assert template["messages"] == ["say one", {"text": "say two", "role": "user"}]
    assert (thread["agent_id"], thread["title"], thread["title_source"]) == ("script", "A review", "manual")
    assert (thread["tags"], thread["settings"]["queue_mode"]) == (["work"], "one_at_a_time")
    assert thread["settings"]["on_failure"] == "pause"
    said = (await ada.get(f"/threads/{thread['id']}/messages")).json
    assert [(each["role"], each["text"]) for each in said] == [
        ("user", "say one"), ("assistant", "one"), ("user", "say two"), ("assistant", "two"),
    ]  # fmt: skip


async def test_what_is_given_wins_over_the_template(ada: Caller):
    body = {"name": "t", "agent_id": "guide", "title": "Theirs", "tags": ["theirs"], "messages": ["say first"]}
    template = await ada.made("/templates", body)

    given = {"template_id": template["id"], "agent_id": "script", "title": "Mine", "tags": ["mine"]}
    thread = await ada.made("/threads", {**given, "initial_message": "say last"})
    await ada.finished(thread["id"])

    assert (thread["agent_id"], thread["title"], thread["tags"]) == ("script", "Mine", ["mine"])
    said = (await ada.get(f"/threads/{thread['id']}/messages", role="user")).json
    assert [each["text"] for each in said] == ["say first", "say last"]
    assert said[-1]["queue_item_id"] == thread["item_id"]


async def test_openings_up_to_the_last_answer_are_said_already(ada: Caller):
    messages = ["What is it?", {"role": "assistant", "text": "A lane."}, "context"]
    template = await ada.made("/templates", {"name": "t", "agent_id": "script", "messages": messages})

    thread = await ada.made("/threads", {"template_id": template["id"]})
    await ada.finished(thread["id"])

    said = (await ada.get(f"/threads/{thread['id']}/messages")).json
    assert [(each["role"], each["text"]) for each in said[:3]] == [
        ("user", "What is it?"), ("assistant", "A lane."), ("user", "context"),
    ]  # fmt: skip
    assert "A lane." in said[3]["text"]
    assert (await ada.get(f"/threads/{thread['id']}")).json["message_count"] == 4


async def test_a_template_is_made_from_a_thread(ada: Caller):
    thread = await ada.chat("say hello", "say again", tags=["kept"], settings={"on_failure": "pause"})

    template = await ada.made("/templates", {"name": "like it", "from_thread_id": thread["id"]})

    assert (template["agent_id"], template["title"], template["tags"]) == ("script", None, ["kept"])
    assert template["settings"]["on_failure"] == "pause"
    assert template["messages"] == [{"text": "say hello", "role": "user"}]


async def test_templates_are_listed_by_name_changed_and_removed(ada: Caller):
    later = await ada.made("/templates", {"name": "b", "settings": {"on_failure": "pause"}})
    await ada.made("/templates", {"name": "a"})
    path = f"/templates/{later['id']}"

    stale = await ada.patch(path, {"name": "c"}, if_match='"7"')
    changed = await ada.patch(path, {"name": "c", "settings": {"queue_mode": "one_at_a_time"}}, if_match='"1"')
    listed = await ada.get("/templates", limit=1)
    gone = await ada.delete(path)

    assert stale.status == 412
    assert (changed.json["name"], changed.json["version"], changed.headers["etag"]) == ("c", 2, '"2"')
    assert changed.json["settings"]["on_failure"] == "pause"
    assert ([each["name"] for each in listed.json], listed.headers["x-total-count"]) == (["a"], "2")
    assert (gone.status, (await ada.get(path)).status) == (204, 404)


async def test_templates_are_told_in_the_home_log_of_their_owner(ada: Caller):
    template = await ada.made("/templates", {"name": "t"})
    await ada.patch(f"/templates/{template['id']}", {"title": "x"})
    await ada.delete(f"/templates/{template['id']}")

    told = [frame for frame in await ada.replay("/events") if (frame.event or "").startswith("template.")]

    assert [frame.event for frame in told] == ["template.created", "template.updated", "template.deleted"]
    assert data_of(told[0])["data"]["template"]["name"] == "t"


async def test_bad_templates_are_refused(ada: Caller, bob: Caller):
    foreign = await bob.made("/templates", {"name": "t"})
    thread = await bob.made("/threads")

    for body, status, code in (
        ({"name": ""}, 422, "invalid"),
        ({"name": "t", "agent_id": "nobody"}, 422, "unknown_agent"),
        ({"name": "t", "messages": [" "]}, 422, "invalid"),
        ({"name": "t", "messages": [{"text": "x", "role": "tool"}]}, 422, "invalid"),
        ({"name": "t", "messages": ["x" * 60_000, "x" * 60_000]}, 413, "too_large"),
        ({"name": "t", "from_thread_id": thread["id"]}, 404, "not_found"),
    ):
        refused = await ada.post("/templates", body)
        assert (refused.status, refused.code) == (status, code), body
    for id in (foreign["id"], f"tpl_{MISSING}", "x"):
        assert (await ada.post("/threads", {"template_id": id})).code == "unknown_template"
