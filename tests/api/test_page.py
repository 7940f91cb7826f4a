"""The page's files: open to everybody, strict in what a browser may do with them, and cached as their names allow."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from laneway.api.app import Api
from laneway.api.page import BuiltPage
from laneway.api.routes import ALL
from laneway.app import App
from laneway.client.asgi import StreamingAsgiTransport
from laneway.config import load

INDEX = b"<!doctype html><title>Laneway</title><script type=module src=/assets/index-1a2b3c4d.js></script>"
SCRIPT = b"console.log('here')\n" * 100


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    built = {"index.html": INDEX, "assets/index-1a2b3c4d.js": SCRIPT, "app/manifest.webmanifest": b"{}"}
    for name, content in built.items():
        path = tmp_path / "built" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret.txt").write_text("not a part of the page")
    settings = load(environ={}, flags={"database": ":memory:"})
    app = App(settings)
    api = Api(app, ALL, page=BuiltPage(tmp_path / "built"))
    async with httpx.AsyncClient(transport=StreamingAsgiTransport(api), base_url="http://127.0.0.1:8420") as http:
        yield http
    await app.stop()


@pytest.mark.parametrize("path", ["/", "/t/thr_0123456789abcdef0123456789abcdef", "/t/anything"])
async def test_every_address_of_the_page_begins_with_its_document(visitor: httpx.AsyncClient, path: str):
    answer = await visitor.get(path)

    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"


async def test_what_has_a_hash_in_its_name_may_be_kept_for_ever(visitor: httpx.AsyncClient):
    answer = await visitor.get("/assets/index-1a2b3c4d.js", headers={"Accept-Encoding": "identity"})

    assert (answer.status_code, answer.content) == (200, SCRIPT)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert "content-encoding" not in answer.headers


async def test_files_are_squeezed_for_whoever_can_read_that(visitor: httpx.AsyncClient):
    answer = await visitor.get("/assets/index-1a2b3c4d.js", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(SCRIPT)
    assert answer.content == SCRIPT


async def test_a_browser_that_has_the_file_is_told_so(visitor: httpx.AsyncClient):
    first = await visitor.get("/app/manifest.webmanifest")

    again = await visitor.get("/app/manifest.webmanifest", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"].startswith("application/manifest+json")
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["missing.js", "..%2Findex.html", "%2e%2e%2f%2e%2e%2fsecret.txt", "index.html"])
async def test_no_other_file_can_be_had(visitor: httpx.AsyncClient, name: str):
    answer = await visitor.get(f"/assets/{name}")

    # What does not even look like an asset is an unknown path, and those say nothing without a key.
    assert answer.status_code in (401, 404)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_page_may_run_only_its_own_files(visitor: httpx.AsyncClient):
    answer = await visitor.get("/")

    policy = answer.headers["content-security-policy"]
    assert "unsafe-" not in policy
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy


async def test_unknown_paths_of_the_api_stay_problems(visitor: httpx.AsyncClient):
    answer = await visitor.get("/api/v1/nothing-of-this-name")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_a_server_without_a_built_page_says_how_to_build_it(tmp_path: Path):
    page = BuiltPage(tmp_path / "nothing").index

    assert b"web/build.py" in page.content
    assert b"<script" not in page.content
