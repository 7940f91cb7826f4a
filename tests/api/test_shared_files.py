"""Files of shared threads: what a shown message names is there for whoever reads it, and no other file is."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from laneway.domain.item import Item, Part
from laneway.domain.share import files_of
from laneway.runtime import shares
from tests.api.harness import Caller, Harness, serving


@pytest.fixture
async def server() -> AsyncGenerator[Harness]:
    async with serving(shares={"enabled": True}) as harness:
        yield harness


async def upload(owner: Caller, session: str, content: bytes) -> str:
    file = {"file": ("report.html", content, "text/html")}
    answer = await owner.send("POST", "/attachments", files=file, data={"session_id": session})
    assert answer.status == 201, answer.content
    return answer.json["id"]


async def told(owner: Caller, session: str, *files: str) -> str:
    """A thread in which each file was sent with a message of its own, and answered."""
    thread = (await owner.made("/threads", {"agent_id": "script", "session_id": session}))["id"]
    for turn, file in enumerate(files, 1):
        parts = [{"type": "text", "text": "say seen"}, {"type": "file", "attachment_id": file}]
        await owner.made(f"/threads/{thread}/messages", {"parts": parts})
        await owner.finished(thread, turn)
    return thread


async def shown_by(caller: Caller, path: str, file: str) -> int:
    return (await caller.get(f"{path}{file}")).status


async def test_a_file_that_a_shown_message_names_is_had_by_link_and_by_name_as_nothing_but_a_file(
    server: Harness, ada: Caller, bob: Caller
):
    session = (await ada.made("/sessions"))["id"]
    file = await upload(ada, session, b"<script>")
    thread, nobody = await told(ada, session, file), server.caller(None)
    assert await shown_by(bob, "/attachments/", file) == 404
    token = (await ada.made(f"/threads/{thread}/shares"))["token"]
    await ada.made(f"/threads/{thread}/shares", {"user": "bob"})

    by_link = await nobody.get(f"/shared/{token}/attachments/{file}")
    by_name = await bob.get(f"/attachments/{file}")
    own = await ada.get(f"/attachments/{file}")

    assert by_link.content == by_name.content == own.content == b"<script>"
    safe = ("content-type", "content-disposition", "content-security-policy", "x-content-type-options", "cache-control")
    for answer in (by_link, by_name):
        assert answer.status == 200
        assert [answer.headers[name] for name in safe] == [own.headers[name] for name in safe]
    assert own.headers["content-type"] == "application/octet-stream"
    assert by_link.headers["x-robots-tag"] == "noindex, nofollow"
    assert (await bob.get(f"/sessions/{session}/attachments")).status == 404
    assert (await bob.delete(f"/attachments/{file}")).status == 404


async def test_no_other_file_of_the_session_is_had(server: Harness, ada: Caller, bob: Caller):
    session = (await ada.made("/sessions"))["id"]
    shown, of_another, never_sent, waiting, taken_back, deleted = [
        await upload(ada, session, content) for content in (b"1", b"2", b"3", b"4", b"5", b"6")
    ]
    thread, nobody = await told(ada, session, shown, deleted, taken_back), server.caller(None)
    await told(ada, session, of_another)
    regretted = (await ada.get(f"/threads/{thread}/messages", limit=100)).json[-2]
    await ada.delete(f"/threads/{thread}/messages/{regretted['id']}")
    await ada.delete(f"/attachments/{deleted}")
    await ada.patch(f"/threads/{thread}", {"settings": {"paused": True}})
    await ada.made(f"/threads/{thread}/messages", {"parts": [{"type": "file", "attachment_id": waiting}]})
    token = (await ada.made(f"/threads/{thread}/shares", {"tool_output": True}))["token"]
    await ada.made(f"/threads/{thread}/shares", {"user": "bob", "tool_output": True})

    for caller, path in ((nobody, f"/shared/{token}/attachments/"), (bob, "/attachments/")):
        assert await shown_by(caller, path, shown) == 200
        for file in (of_another, never_sent, waiting, taken_back, deleted, "att_x", thread):
            assert await shown_by(caller, path, file) == 404, file


async def test_a_file_goes_with_the_share_that_showed_it(server: Harness, ada: Caller, bob: Caller):
    session = (await ada.made("/sessions"))["id"]
    file = await upload(ada, session, b"1")
    thread, nobody = await told(ada, session, file), server.caller(None)
    revoked = await ada.made(f"/threads/{thread}/shares")
    brief = await ada.made(f"/threads/{thread}/shares", {"expires_in_s": 60})
    await ada.made(f"/threads/{thread}/shares", {"user": "bob", "expires_in_s": 60})
    paths = [f"/shared/{share['token']}/attachments/" for share in (revoked, brief)]
    assert [await shown_by(nobody, path, file) for path in paths] == [200, 200]

    await ada.delete(f"/shares/{revoked['id']}")
    assert [await shown_by(nobody, path, file) for path in paths] == [404, 200]
    assert await shown_by(bob, "/attachments/", file) == 200
    await server.clock.advance(61)
    assert await shown_by(nobody, paths[1], file) == await shown_by(bob, "/attachments/", file) == 404

    await ada.made(f"/threads/{thread}/shares", {"user": "bob"})
    assert await shown_by(bob, "/attachments/", file) == 200
    await ada.delete(f"/threads/{thread}")
    assert await shown_by(bob, "/attachments/", file) == 404


async def test_a_file_of_long_ago_is_found_behind_everything_that_was_said_since(
    ada: Caller, bob: Caller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shares, "MESSAGES", 2)
    session = (await ada.made("/sessions"))["id"]
    files = [await upload(ada, session, content) for content in (b"1", b"2", b"3")]
    thread = await told(ada, session, *files)
    await ada.made(f"/threads/{thread}/shares", {"user": "bob"})

    assert [await shown_by(bob, "/attachments/", file) for file in files] == [200, 200, 200]


def test_a_file_that_only_a_tool_named_is_shown_where_tool_output_is():
    spoken, of_a_tool = Part("image", attachment_id="att_1"), Part("file", attachment_id="att_2")
    said = Item(
        "itm_1", "usr_1", "ses_1", "thr_1", "trn_1", "tool", None, (of_a_tool,), "", "complete", "2026-01-01T00:00:00Z"
    )  # fmt: skip
    answered = replace(said, role="assistant", parts=(spoken,))

    assert (files_of(said, tool_output=False), files_of(said, tool_output=True)) == (frozenset(), {"att_2"})
    assert files_of(answered, tool_output=False) == {"att_1"}
    assert files_of(replace(answered, state="superseded"), tool_output=True) == frozenset()
