"""Filters of the thread list over HTTP: any of them together, on any page, give what a naive list would give."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import one_server
from tests.api.harness import Caller, Harness
from tests.api.uploads import import_

FILTERS: dict[str, Callable[[Any, str], bool]] = {
    "agent_id": lambda thread, value: thread["agent_id"] == value,
    "tag": lambda thread, value: value in thread["tags"],
    "pinned": lambda thread, value: thread["pinned"] == (value == "true"),
    "unread": lambda thread, value: (thread["unread"] > 0) == (value == "true"),
    "metadata.k": lambda thread, value: str(thread["metadata"].get("k")) == value,
    "status": lambda thread, value: thread["status"] == value,
    "from": lambda thread, value: active_at(thread) >= value,
    "to": lambda thread, value: active_at(thread) < value,
    "q": lambda thread, value: value in thread["title"],
}
SORTS: dict[str, Callable[[Any], Any]] = {
    "last_message_at": lambda thread: thread["last_message_at"] or thread["created_at"],
    "created_at": lambda thread: thread["created_at"],
    "title": lambda thread: thread["title"],
    "unread": lambda thread: thread["unread"],
}
_ASKED = st.fixed_dictionaries(
    {},
    optional={
        "agent_id": st.sampled_from(("script", "guide")),
        "tag": st.sampled_from(("a", "b", "none")),
        "pinned": st.sampled_from(("true", "false")),
        "unread": st.sampled_from(("true", "false")),
        "metadata.k": st.sampled_from(("1", "x", "none")),
        "status": st.sampled_from(("idle", "running")),
        "archived": st.sampled_from(("true", "false")),
        "from": st.integers(0, 9).map(str),
        "to": st.integers(0, 9).map(str),
        "q": st.sampled_from(("red", "blue")),
        "sort": st.sampled_from([f"{sign}{name}" for name in SORTS for sign in ("", "-")]),
    },
)


def active_at(thread: Any) -> str:
    return thread["last_message_at"] or thread["created_at"]


server = one_server.server


@pytest.fixture(scope="module")
async def threads(server: Harness) -> list[Any]:
    """Ten threads, each a second after the one before, of many kinds."""
    ada, made = server.ada, list[Any]()
    for number in range(10):
        await server.clock.advance(1)
        body = {
            "agent_id": ("script", "guide")[number % 3 == 2], "title": f"{('red', 'blue')[number % 2]} {9 - number}",
            "tags": ["a", "b"][number % 3 :], "metadata": {"k": (1, "x", "1")[number % 3]},
        }  # fmt: skip
        thread = await ada.chat("say hello", **body) if number % 4 == 1 else await ada.made("/threads", body)
        await ada.patch(f"/threads/{thread['id']}", {"pinned": number % 5 == 0, "archived": number == 7})
        made.append((await ada.get(f"/threads/{thread['id']}")).json)
    await server.indexed()
    return made


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=_ASKED, limit=st.integers(1, 4))
async def test_any_filters_and_any_pages_give_what_a_naive_list_would_give(
    server: Harness, threads: list[Any], asked: dict[str, str], limit: int
):
    times = {name: threads[int(asked[name])]["created_at"] for name in ("from", "to") if name in asked}
    query = {**asked, **times}

    pages, totals = await all_pages(server.ada, query, limit)

    wanted = [thread for thread in threads if thread["archived"] == (query.get("archived") == "true")]
    for name, fits in FILTERS.items():
        wanted = [thread for thread in wanted if name not in query or fits(thread, query[name])]
    sort = query.get("sort", "-last_message_at")
    wanted.sort(key=lambda thread: (SORTS[sort.removeprefix("-")](thread), thread["id"]), reverse=sort.startswith("-"))
    assert [each["id"] for each in pages] == [thread["id"] for thread in wanted]
    assert totals == [str(len(wanted))]


async def test_a_thread_is_found_by_words_that_very_many_newer_messages_have(server: Harness):
    ada, (old, *newer) = await server.fresh(), [f"needle {number}" for number in range(1_101)]
    lines = [{"thread": "old", "role": "user", "text": old}, {"thread": "other", "role": "user", "text": "hay"}]
    lines += [{"thread": f"new {number % 3}", "role": "user", "text": text} for number, text in enumerate(newer)]
    await import_(ada, b"\n".join(map(msgspec.json.encode, lines)), "generic")
    await server.indexed()

    found, totals = await all_pages(ada, {"q": "NEEDLE", "sort": "title"}, 2)
    pinned, none = await all_pages(ada, {"q": "needle", "pinned": "true"}, 2)

    assert [each["title"] for each in found] == ["new 0", "new 1", "new 2", "old"]
    assert (totals, pinned, none) == (["4"], [], ["0"])


async def all_pages(ada: Caller, query: dict[str, str], limit: int) -> tuple[list[Any], list[str]]:
    """Every thread of every page, and the totals that were told: one, with the first page."""
    found, totals, cursor = list[Any](), list[str](), ""
    while True:
        page = await ada.get("/threads", **{**query, "limit": str(limit)}, **({"cursor": cursor} if cursor else {}))
        assert page.status == 200, page.content
        found += page.json
        totals += [page.headers["x-total-count"]] if "x-total-count" in page.headers else []
        cursor = page.headers.get("x-next-cursor", "")
        if not cursor:
            return found, totals
