import re

from tests.api import one_server
from tests.api.harness import Caller, Harness

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def test_a_cursor_walks_the_whole_list_once_whatever_is_added(server: Harness, ada: Caller):
    made = [(await ada.made("/threads", {"title": f"t{n}"}))["id"] for n in range(7)]
    seen: list[str] = []
    page = await ada.get("/threads", limit=3, sort="created_at")
    total = page.headers["x-total-count"]
    while True:
        seen += [each["id"] for each in page.json]
        await ada.made("/threads", {"agent_id": "guide"}) if len(seen) == 3 else None
        if "x-next-cursor" not in page.headers:
            break
        page = await ada.get("/threads", limit=3, sort="created_at", cursor=page.headers["x-next-cursor"])
        assert "x-total-count" not in page.headers

    assert total == "7"
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)


async def test_the_link_leads_to_the_next_page_with_the_same_filters(ada: Caller):
    for _ in range(3):
        await ada.made("/threads", {"tags": ["a b&c"]})

    page = await ada.send("GET", "/threads?tag=a%20b%26c&limit=2")
    match = re.fullmatch(r'<(/api/v1[^>]*)>; rel="next"', page.headers["link"])

    assert match is not None
    following = await ada.send("GET", "/" + match[1])
    assert following.status == 200
    assert len(following.json) == 1
    assert "link" not in following.headers


async def test_an_offset_page_tells_the_total(ada: Caller):
    for _ in range(3):
        await ada.made("/threads")

    page = await ada.get("/threads", offset=2)
    beyond = await ada.get("/threads", offset=50)

    assert (len(page.json), page.headers["x-total-count"]) == (1, "3")
    assert (beyond.json, beyond.headers["x-total-count"]) == ([], "3")


async def test_agents_are_paged_like_everything_else(ada: Caller):
    first = await ada.get("/agents", limit=1)
    second = await ada.get("/agents", limit=1, cursor=first.headers["x-next-cursor"])

    assert (first.json[0]["name"], second.json[0]["name"]) == ("guide", "script")
    assert first.headers["x-total-count"] == "2"
    assert set(first.json[0]) == {"name", "title", "description", "kind", "capabilities", "available", "reason"}
    assert set(first.json[0]["capabilities"]) == {"steer", "resume", "tools", "cancel"}
    assert (await ada.get("/agents/script")).json == second.json[0]
    assert (await ada.get("/agents", cursor="9" * 5000)).status in (400, 422)
