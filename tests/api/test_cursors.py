import sys
from typing import Any

import pytest

from tests.api import one_server
from tests.api.harness import MISSING, Caller, Harness

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


HOSTILE = [
    "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "a%00b", "\\..\\..", "%5c..%5c", "~root",
    "thr_", "thr_" + "0" * 31, "thr_" + "0" * 33, "THR_" + MISSING, "thr_" + MISSING.upper(), "thr_%F0%28%8C%28", "-1",
    "1", "2" * 5000, "%EF%BC%91", "'%20OR%201=1--", '"', "%ff", "null", "*", "thr_" + MISSING + "%0a",
]  # fmt: skip


@pytest.mark.parametrize("id", HOSTILE)
async def test_a_hostile_id_is_missing_and_opens_no_file(server: Harness, ada: Caller, id: str):
    await ada.made("/threads")
    opened: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open" and isinstance(arguments[0], str):
            opened.append(arguments[0])

    sys.addaudithook(watch)
    statuses = {
        (await ada.send(method, path.format(id))).status
        for method, path in (
            ("GET", "/threads/{}"), ("DELETE", "/threads/{}"), ("GET", "/threads/{}/messages"),
            ("GET", "/threads/{}/events"), ("GET", "/turns/{}"), ("GET", "/attachments/{}"), ("GET", "/sessions/{}"),
            ("GET", "/queue-items/{}"), ("DELETE", "/keys/{}"), ("GET", "/agents/{}"),
        )
    }  # fmt: skip
    watching = False

    assert statuses <= {400, 404}
    assert not [path for path in opened if not path.startswith(str(server.app.data_dir))]


BAD = [
    "-1", "1.5", "１２", "1_000", "+1", " 1", "1 ", "0x1", "", "abc", str(2**63), str(2**64), "9" * 4000, "1e3", "1,2",
    "'", "\u0661",
]  # fmt: skip


@pytest.mark.parametrize("cursor", BAD)
async def test_a_bad_cursor_is_400_in_the_query_and_in_the_header(ada: Caller, cursor: str):
    thread = await ada.made("/threads")
    path = f"/threads/{thread['id']}/events"

    queried = await ada.get(path, after=cursor, follow="0")
    assert (queried.status, queried.code) == (400, "bad_cursor")
    if cursor.isascii() and cursor.strip():
        sent = await ada.send("GET", path, params={"follow": "0"}, headers={"Last-Event-ID": cursor.strip()})
        assert sent.status == (400 if cursor.strip() != "1" else 200)


USER_BAD = [*(cursor for cursor in BAD if cursor != "1.5"), "1.", ".1", "1.2.3", "1.-1", "1.9999999", "999999999"]


@pytest.mark.parametrize("cursor", USER_BAD)
async def test_a_bad_cursor_of_the_users_stream_is_400(ada: Caller, cursor: str):
    await ada.made("/threads")

    answer = await ada.get("/events", after=cursor, follow="0")

    assert (answer.status, answer.code) == (400, "bad_cursor")


async def test_a_cursor_from_the_future_is_400(ada: Caller):
    thread = await ada.made("/threads")
    offset = int((await ada.get(f"/threads/{thread['id']}")).headers["laneway-offset"])

    for path in (f"/threads/{thread['id']}/events", f"/sessions/{thread['session_id']}/events"):
        assert (await ada.get(path, after=offset, follow="0")).status == 200
        assert (await ada.get(path, after=offset + 1, follow="0")).code == "bad_cursor"


@pytest.mark.parametrize("cursor", ["x", "../..", "W10", "bnVsbA", "é", "A" * 9000, "eyJhIjoxfQ", "0", "\\"])
@pytest.mark.parametrize("path", ["/threads", "/sessions", "/keys", "/approvals"])
async def test_a_lists_cursor_that_it_has_not_given_is_refused(ada: Caller, path: str, cursor: str):
    assert (await ada.get(path, cursor=cursor)).status in (400, 422)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "１２"), ("limit", "1_0"), ("limit", "1.0"),
        ("limit", ""), ("limit", "9" * 30), ("offset", "-1"), ("offset", str(2**63)), ("offset", "9" * 15),
        ("archived", "yes"), ("archived", ""), ("kind", "nonsense"), ("from", "yesterday"), ("sort", "1; DROP TABLE"),
    ],
)  # fmt: skip
async def test_a_parameter_that_does_not_fit_is_422(ada: Caller, name: str, value: str):
    assert (await ada.get("/threads", **{name: value})).status == 422


async def test_an_unknown_or_doubled_parameter_is_never_ignored(ada: Caller):
    thread = await ada.made("/threads")

    for path in (
        "/threads?nope=1",
        "/me?x=",
        f"/threads/{thread['id']}?limit=1",
        "/threads?metadata=1",
        "/threads?a.b=1",
    ):
        answer = await ada.send("GET", path)
        assert (answer.status, answer.code) == (422, "unknown_field"), path
    assert (await ada.send("GET", "/threads?limit=1&limit=2")).code == "invalid"
    assert (await ada.send("GET", "/threads?limit=1&offset=1&cursor=x")).status == 422


@pytest.mark.parametrize("query", ["q=%ff", "q=%00", "q=%ed%a0%80", "tag=%00", "metadata.%00=1", "metadata.a=%ff"])
async def test_a_query_that_is_no_plain_text_is_malformed(ada: Caller, query: str):
    answer = await ada.send("GET", f"/threads?{query}")

    assert (answer.status, answer.code) == (400, "malformed")


INJECTED = ["'; DROP TABLE thread; --", '" OR ""="', "%", "_", "\\", "$.a", "a.b", "[0]", "*", "a'b", "NEAR(", '"', "é"]


@pytest.mark.parametrize("text", INJECTED)
async def test_sql_in_values_and_keys_is_only_text(ada: Caller, text: str):
    thread = await ada.made("/threads", {"title": "t", "tags": [text], "metadata": {text: text}})

    by_tag = await ada.get("/threads", tag=text)
    by_metadata = await ada.get("/threads", **{f"metadata.{text}": text})
    by_other = await ada.get("/threads", **{f"metadata.{text}": "other"})
    by_words = await ada.get("/threads", q=text)

    assert [each["id"] for each in by_tag.json] == [thread["id"]]
    assert [each["id"] for each in by_metadata.json] == [thread["id"]]
    assert by_other.json == []
    assert by_words.status == 200
