from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.api.routes.attachments import content_disposition
from tests.api import one_server
from tests.api.harness import Answer, Caller, serving

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


async def upload(ada: Caller, name: str = "a.txt", content: bytes = b"hello", media_type: str = "text/plain") -> Answer:
    session = await ada.made("/sessions")
    return await ada.send(
        "POST", "/attachments", files={"file": (name, content, media_type)}, data={"session_id": session["id"]}
    )


async def test_a_file_comes_back_as_it_was_and_as_nothing_but_a_file(ada: Caller):
    made = await upload(ada, "Grüße \r\n x.txt", b"\0\xffhello")

    file = await ada.get(f"/attachments/{made.json['id']}")

    assert made.status == 201
    assert set(made.json) >= {"id", "session_id", "name", "media_type", "size"}
    assert made.json["size"] == 7
    assert file.content == b"\0\xffhello"
    assert file.headers["content-disposition"].startswith("attachment; filename=")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    listed = await ada.get(f"/sessions/{made.json['session_id']}/attachments")
    assert listed.json == [made.json]


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "a/b\r\nX: y", "", "nonsense"]
)
async def test_what_could_run_is_only_bytes(ada: Caller, media_type: str):
    made = await upload(ada, "x.html", b"<script>", media_type)

    file = await ada.get(f"/attachments/{made.json['id']}")

    assert file.headers["content-type"] == "application/octet-stream"
    assert "x" not in file.headers


@given(st.text(max_size=300))
def test_a_name_adds_no_header_and_stays_in_its_quotes(name: str):
    disposition = content_disposition(name.encode("utf-8", "replace").decode())

    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.count('"') == 2
    assert "/" not in disposition
    assert "\\" not in disposition


async def test_a_file_over_the_limit_leaves_nothing_behind():
    async with serving(limits={"attachment_bytes": 1000}) as server:
        told = await upload(server.ada, content=b"a" * 200_000)
        near = await upload(server.ada, content=b"a" * 1001)
        fits = await upload(server.ada, content=b"a" * 1000)

        assert (told.status, told.code) == (413, "too_large")
        assert (near.status, near.code) == (413, "too_large")
        assert fits.status == 201
        assert len(list((server.app.data_dir / "attachments").iterdir())) == 1


async def test_a_users_files_are_bounded_together():
    async with serving(limits={"attachment_bytes": 1000, "attachment_bytes_per_user": 1500}) as server:
        first = await upload(server.ada, content=b"a" * 1000)
        second = await upload(server.ada, content=b"b" * 1000)
        third = await upload(server.ada, content=b"c")

        assert (first.status, second.status) == (201, 201)
        assert (third.status, third.code) == (413, "too_large")
        assert (await upload(await server.other(), content=b"c")).status == 201


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"", "multipart/form-data", 400),
        (b"nonsense", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 422),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 422),
        (b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nv\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 422),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422),
    ],
)  # fmt: skip
async def test_an_upload_that_is_none_is_refused(ada: Caller, content: bytes, media_type: str, status: int):
    answer = await ada.send("POST", "/attachments", content=content, headers={"Content-Type": media_type})

    assert answer.status == status


async def test_thousands_of_parts_are_refused(ada: Caller):
    part = b'--x\r\nContent-Disposition: form-data; name="session_id"\r\n\r\nv\r\n'

    answer = await ada.send(
        "POST", "/attachments", content=part * 10_000 + b"--x--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )  # fmt: skip

    assert answer.status == 400


async def test_nobody_uploads_to_reads_or_removes_what_is_anothers(ada: Caller, bob: Caller):
    made = await upload(ada)
    session: Any = made.json["session_id"]

    assert (await bob.get(f"/attachments/{made.json['id']}")).status == 404
    assert (await bob.delete(f"/attachments/{made.json['id']}")).status == 404
    assert (await bob.get(f"/sessions/{session}/attachments")).status == 404
    answer = await bob.send("POST", "/attachments", files={"file": ("a", b"a")}, data={"session_id": session})
    assert answer.status == 404


async def test_a_removed_file_is_gone(ada: Caller):
    made = await upload(ada)

    assert (await ada.delete(f"/attachments/{made.json['id']}")).status == 204

    assert (await ada.get(f"/attachments/{made.json['id']}")).status == 404
    assert (await ada.delete(f"/attachments/{made.json['id']}")).status == 404
