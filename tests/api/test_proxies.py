import pytest
from starlette.types import Scope

from laneway.api.proxies import Proxies
from laneway.config import ConfigError
from tests.api.harness import Answer, serving


def request(client: str, *headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "scheme": "http", "client": (client, 1), "headers": list(headers)}


FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"


@pytest.mark.parametrize(
    ("headers", "source", "scheme"),
    [
        ([(FOR, b"203.0.113.9"), (PROTO, b"https")], "203.0.113.9", "https"),
        ([(FOR, b"1.1.1.1, 203.0.113.9, 10.0.0.7")], "203.0.113.9", "http"),
        ([(FOR, b"1.1.1.1"), (FOR, b"203.0.113.9")], "203.0.113.9", "http"),
        ([(PROTO, b"https, http")], "10.0.0.7", "http"),
        ([(PROTO, b"javascript")], "10.0.0.7", "http"),
        ([(FOR, b"unknown")], "unknown", "http"),
        ([], "10.0.0.7", "http"),
    ],
)
def test_a_trusted_proxy_says_who_asks(headers: list[tuple[bytes, bytes]], source: str, scheme: str):
    seen = Proxies(["10.0.0.0/24", "::1"]).seen_through(request("10.0.0.7", *headers))

    assert (seen["client"][0], seen["scheme"]) == (source, scheme)


@pytest.mark.parametrize("trusted", [[], ["10.0.0.1"], ["::1"]])
def test_anybody_elses_word_counts_for_nothing(trusted: list[str]):
    told = request("10.0.0.7", (FOR, b"203.0.113.9"), (PROTO, b"https"))

    assert Proxies(trusted).seen_through(told) is told


def test_an_address_that_is_none_stops_the_start():
    with pytest.raises(ConfigError):
        Proxies(["proxy.example"])


async def test_sources_behind_a_trusted_proxy_are_told_apart():
    async with serving(trusted_proxies=["127.0.0.1"], limits={"auth_failures_per_min": 1}) as server:

        async def wrong(source: str) -> Answer:
            headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": source}
            return await server.caller(None).send("GET", "/me", headers=headers)

        statuses = [(await wrong(source)).status for source in ("203.0.113.1", "203.0.113.1", "203.0.113.2")]

        assert statuses == [401, 429, 401]


async def test_a_proxy_that_ends_tls_makes_the_cookie_one_for_tls():
    async with serving(trusted_proxies=["127.0.0.1"]) as server:
        https = {"X-Forwarded-Proto": "https"}

        answer = await server.caller(None, https).post("/login", {"key": server.key})

        assert answer.headers["set-cookie"].startswith("__Host-")
