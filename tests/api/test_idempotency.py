from typing import Any

import pytest

from tests.api import one_server
from tests.api.harness import Caller

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def test_the_same_request_gets_the_first_answer_again(ada: Caller):
    thread = await ada.made("/threads", {"settings": {"paused": True}})
    path = f"/threads/{thread['id']}/messages"

    first = await ada.post(path, {"message": "once"}, Idempotency_Key="k1")
    again = await ada.post(path, {"message": "once"}, Idempotency_Key="k1")
    other = await ada.post(path, {"message": "twice"}, Idempotency_Key="k1")
    fresh = await ada.post(path, {"message": "once"}, Idempotency_Key="k2")

    assert (first.status, again.status) == (202, 202)
    assert again.json == first.json
    assert (other.status, other.code) == (409, "idempotency_conflict")
    assert fresh.json["item_id"] != first.json["item_id"]
    assert len((await ada.get(f"/threads/{thread['id']}/queue")).json["items"]) == 2


async def test_a_key_belongs_to_one_user_method_and_path(ada: Caller, bob: Caller):
    session = await ada.made("/sessions")

    made = [
        await ada.post("/threads", {}, Idempotency_Key="k"),
        await bob.post("/threads", {}, Idempotency_Key="k"),
        await ada.post("/sessions", {}, Idempotency_Key="k"),
        await ada.post(f"/sessions/{session['id']}/notes", {"text": "n"}, Idempotency_Key="k"),
    ]

    assert [answer.status for answer in made] == [201, 201, 201, 201]
    assert len({answer.json["id"] for answer in made}) == 4


async def test_an_upload_repeats_its_answer(ada: Caller):
    session = await ada.made("/sessions")

    async def upload(content: bytes) -> Any:
        return await ada.send(
            "POST", "/attachments", files={"file": ("a", content)}, data={"session_id": session["id"]},
            headers={"Idempotency-Key": "k"},
        )  # fmt: skip

    first, again, other = await upload(b"one"), await upload(b"one"), await upload(b"two")

    assert first.json == again.json
    assert other.code == "idempotency_conflict"


async def test_a_deletion_repeats_its_answer_though_what_it_named_is_gone(ada: Caller, bob: Caller):
    session = await ada.made("/sessions")
    note = await ada.made(f"/sessions/{session['id']}/notes", {"text": "n"})
    path = f"/sessions/{session['id']}/notes/{note['id']}"

    first = await ada.delete(path, Idempotency_Key="k")
    again = await ada.delete(path, Idempotency_Key="k")

    assert (first.status, again.status) == (204, 204)
    assert (await ada.delete(path)).status == 404
    assert (await ada.delete(path, Idempotency_Key="other")).status == 404
    assert (await bob.delete(path, Idempotency_Key="k")).status == 404


async def test_a_refused_request_uses_no_key_up(ada: Caller):
    thread = await ada.made("/threads")
    path = f"/threads/{thread['id']}/messages"
    await ada.patch(f"/threads/{thread['id']}", {"archived": True})

    refused = await ada.post(path, {"message": "m"}, Idempotency_Key="k")
    await ada.patch(f"/threads/{thread['id']}", {"archived": False})
    taken = await ada.post(path, {"message": "m"}, Idempotency_Key="k")

    assert (refused.status, taken.status) == (409, 202)


@pytest.mark.parametrize("key", ["", "a b", "a" * 256, "é"])
async def test_a_key_that_is_none_is_malformed(ada: Caller, key: str):
    answer = await ada.send(
        "POST", "/threads", json={}, headers=[(b"Idempotency-Key", key.encode()), (b"X-Other", b"1")]
    )

    assert (answer.status, answer.code) == (400, "malformed")
    assert (await ada.get("/threads")).json == []


@pytest.mark.parametrize("tag", ['"1', "one", '"1", "2"', "'1'", '"1" x'])
async def test_an_if_match_that_is_no_tag_is_malformed(ada: Caller, tag: str):
    thread = await ada.made("/threads")

    assert (await ada.patch(f"/threads/{thread['id']}", {"title": "t"}, If_Match=tag)).status == 400


@pytest.mark.parametrize(("tag", "status"), [("*", 200), ('"1"', 200), ('W/"1"', 200), ('"abc"', 412), ('"2"', 412)])
async def test_an_if_match_is_compared(ada: Caller, tag: str, status: int):
    thread = await ada.made("/threads", {"title": "a"})

    assert (await ada.patch(f"/threads/{thread['id']}", {"title": "t"}, If_Match=tag)).status == status
