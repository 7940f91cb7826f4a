"""Tags over HTTP: listed with their counts, renamed, merged."""

from typing import Any

from laneway.api.routes import tags
from tests.api import one_server
from tests.api.harness import Caller

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def tagged(ada: Caller, *names: str) -> Any:
    return await ada.made("/threads", {"tags": list(names)})


async def test_tags_are_listed_with_how_many_threads_have_them(ada: Caller, bob: Caller):
    await tagged(ada, "work", "urgent")
    archived = await tagged(ada, "work")
    gone = await tagged(ada, "old")
    await tagged(bob, "theirs")
    await ada.patch(f"/threads/{archived['id']}", {"archived": True})
    await ada.delete(f"/threads/{gone['id']}")

    listed = await ada.get("/tags")

    assert listed.json == [{"tag": "work", "threads": 2}, {"tag": "urgent", "threads": 1}]


async def test_a_thread_has_a_tag_once(ada: Caller):
    thread = await tagged(ada, "b", "a", "b")
    changed = await ada.patch(f"/threads/{thread['id']}", {"tags": ["c", "c", "a"]})
    template = await ada.made("/templates", {"name": "t", "tags": ["a", "a"]})

    assert (thread["tags"], changed.json["tags"], template["tags"]) == (["b", "a"], ["c", "a"], ["a"])


async def test_tags_come_in_pages(ada: Caller):
    for names in (["a", "b", "c"], ["b"], ["b", "c"]):
        await tagged(ada, *names)

    first = await ada.get("/tags", limit=2)
    second = await ada.get("/tags", limit=2, cursor=first.headers["x-next-cursor"])

    assert [each["tag"] for each in (*first.json, *second.json)] == ["b", "c", "a"]
    assert first.headers["x-total-count"] == "3"
    assert 'rel="next"' in first.headers["link"]
    assert "x-next-cursor" not in second.headers
    assert (await ada.get("/tags", offset=1, limit=1)).json == [{"tag": "c", "threads": 2}]
    assert (await ada.get("/tags", limit=0)).status == 422


async def test_a_tag_is_renamed_in_every_thread_and_keeps_its_place(ada: Caller):
    first, second = await tagged(ada, "a", "b", "c"), await tagged(ada, "b")

    answer = await ada.patch("/tags/b", {"name": "x"})

    assert (answer.status, answer.json) == (200, {"tag": "x", "threads": 2})
    assert [(await ada.get(f"/threads/{each['id']}")).json["tags"] for each in (first, second)] == [
        ["a", "x", "c"],
        ["x"],
    ]
    assert (await ada.get("/threads", tag="b")).json == []
    assert (await ada.get("/threads", tag="x")).headers["x-total-count"] == "2"


async def test_renaming_to_a_tag_in_use_merges_the_two(ada: Caller):
    both = await tagged(ada, "todo", "later", "to do")

    await ada.patch("/tags/to%20do", {"name": "todo"})

    assert (await ada.get(f"/threads/{both['id']}")).json["tags"] == ["todo", "later"]
    assert {each["tag"] for each in (await ada.get("/tags")).json} == {"todo", "later"}


async def test_a_rename_is_told_as_a_change_of_each_thread(ada: Caller):
    thread = await tagged(ada, "a")
    before = (await ada.get(f"/threads/{thread['id']}")).json["version"]

    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await ada.patch("/tags/a", {"name": "b"})
        await events.until("thread.updated")

    assert (await ada.get(f"/threads/{thread['id']}")).json["version"] == before + 1


async def test_a_tag_on_many_threads_is_renamed_by_several_commits(ada: Caller, monkeypatch: Any):
    monkeypatch.setattr(tags, "CHUNK", 2)
    for _ in range(5):
        await tagged(ada, "many/parts")

    answers = [await ada.patch("/tags/many%2Fparts", {"name": "m"}, idempotency_key="k") for _ in range(2)]

    assert [each.json for each in answers] == [{"tag": "m", "threads": 5}] * 2
    assert (await ada.get("/tags")).json == [{"tag": "m", "threads": 5}]


async def test_a_tag_that_no_thread_has_is_not_found(ada: Caller, bob: Caller):
    await tagged(bob, "theirs")

    for tag in ("theirs", "none"):
        assert (await ada.patch(f"/tags/{tag}", {"name": "x"})).status == 404
        assert (await ada.patch(f"/tags/{tag}", {"name": "x"}, idempotency_key=tag)).status == 404
    await tagged(ada, "a")
    assert (await ada.patch("/tags/a", {"name": ""})).status == 422
    assert (await ada.patch("/tags/a", {"name": "a"})).json == {"tag": "a", "threads": 1}
