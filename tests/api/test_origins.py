import pytest

from laneway.api.origins import origins_of
from laneway.config import load
from laneway.domain.errors import HostRefused, OriginRefused
from tests.api import one_server
from tests.api.harness import BASE, HOST, Caller, Harness, serving

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


@pytest.mark.parametrize(
    "host",
    [
        "evil.test", "127.evil.test:8420", "localhost.evil.test:8420", "[::1]:8420", "0.0.0.0:8420", "127.0.0.1.:8420",
        "localhost.:8420", "127.0.0.1:8421", "127.0.0.1", "localhost", "", "127.0.0.1:8420@evil.test", "127.1:8420",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/me", "/healthz", "/nowhere", "/api/v1/events"])
async def test_a_host_that_is_not_ours_is_misdirected_on_every_path(server: Harness, host: str, path: str):
    answer = await server.ada.send("GET", "/" + path, headers={"Host": host})

    assert (answer.status, answer.code) == (421, "host_refused")


@pytest.mark.parametrize("host", [HOST, "localhost:8420", "LOCALHOST:8420"])
async def test_our_own_names_pass(server: Harness, host: str):
    assert (await server.ada.send("GET", "/me", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null", "file://", "http://evil.test", "http://127.0.0.1:8421", "https://127.0.0.1:8420", "http://127.0.0.1",
        "http://127.0.0.1:8420.evil.test", "http://127.0.0.1:8420/", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_a_foreign_origin_is_refused_also_with_a_valid_key(ada: Caller, origin: str, method: str):
    answer = await ada.send(method, "/threads", headers={"Origin": origin}, json={})

    assert (answer.status, answer.code) == (403, "origin_refused")
    assert "access-control-allow-origin" not in answer.headers
    assert (await ada.get("/threads")).json == []


async def test_our_own_origin_passes(server: Harness):
    assert (await server.ada.send("POST", "/threads", headers={"Origin": BASE}, json={})).status == 201


async def test_host_comes_before_origin_and_origin_before_credentials(server: Harness):
    nobody = server.caller(None)

    both = await nobody.send("GET", "/me", headers={"Host": "evil.test", "Origin": "http://evil.test"})
    origin = await nobody.send("GET", "/me", headers={"Origin": "http://evil.test"})

    assert (both.status, origin.status) == (421, 403)


async def test_further_names_are_exact_too():
    async with serving(allowed_hosts=["lane.example", "other.example:9000"]) as server:

        async def status(host: str, **headers: str) -> int:
            return (await server.ada.send("GET", "/me", headers={"Host": host, **headers})).status

        assert await status("lane.example") == 200
        assert await status("lane.example:8420") == 200
        assert await status("other.example:9000") == 200
        assert await status("other.example") == 421
        assert await status("x.lane.example") == 421
        assert await status("lane.example", Origin="https://lane.example") == 200
        assert await status("lane.example", Origin="https://other.example") == 403


def test_a_wildcard_address_is_no_name():
    origins = origins_of(load(environ={}, flags={"host": "0.0.0.0", "allow_remote": True, "port": 80}))

    origins.check_host(["localhost"])
    origins.check_origin(["http://127.0.0.1"])
    with pytest.raises(HostRefused):
        origins.check_host(["0.0.0.0:80"])
    with pytest.raises(HostRefused):
        origins.check_host(["localhost", "localhost"])
    with pytest.raises(OriginRefused):
        origins.check_origin(["http://localhost", "http://localhost"])


async def test_every_answer_carries_the_security_headers(server: Harness):
    thread = await server.ada.made("/threads")
    answers = [
        await server.ada.get("/me"),
        await server.ada.get("/nowhere"),
        await server.caller(None).get("/me"),
        await server.caller(None).send("GET", "//"),
        await server.ada.delete(f"/threads/{thread['id']}"),
    ]

    for answer in answers:
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
            "require-trusted-types-for 'script'"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
