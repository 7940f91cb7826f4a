import base64
from http.cookies import SimpleCookie
from typing import Any

import pytest
from starlette.types import Message, Scope

from laneway.runtime.credentials import VerifiedPrincipal
from tests.api.harness import API, BASE, HOST, MISSING, Answer, Caller, Harness, serving

SAME = {"Sec-Fetch-Site": "same-origin"}


def cookie_of(answer: Answer) -> str:
    cookie = SimpleCookie(answer.headers["set-cookie"])
    return f"laneway_login={cookie['laneway_login'].value}"


async def logged_in(server: Harness) -> tuple[Caller, str]:
    answer = await server.caller(None).post("/login", {"key": server.key})
    assert answer.status == 200
    return server.caller(None, {"Cookie": cookie_of(answer), **SAME}), cookie_of(answer)


# --- keys ------------------------------------------------------------------------------------------------------------


async def test_without_a_key_every_path_is_401_known_or_not(server: Harness):
    nobody = server.caller(None)

    for path in ("/me", "/threads", f"/threads/thr_{MISSING}", "/nowhere", "//openapi.json", "//metrics", "//x"):
        answer = await nobody.send("GET", path)
        assert (answer.status, answer.code) == (401, "unauthorized"), path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_open_paths_reveal_nothing(server: Harness):
    nobody = server.caller(None)

    assert (await nobody.send("GET", "//healthz")).json == {"status": "ok"}
    assert (await nobody.send("GET", "//readyz")).json == {"status": "ready"}
    assert (await nobody.send("PUT", "//healthz")).status == 401


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "Bearer", "Bearer ", "Bearer null", "Bearer undefined", "Bearer [object Object]", "Basic YTpi",
        "bearer lw_", "Bearer lw_" + "a" * 43, "Bearer lw_" + "a" * 4000, "Bearer \x7f", "Token abc",
    ],
)  # fmt: skip
async def test_what_is_no_key_is_401(server: Harness, value: str):
    answer = await server.caller(None).send("GET", "/me", headers={"Authorization": value})

    assert (answer.status, answer.code) == (401, "unauthorized")


async def test_the_scheme_may_be_written_in_any_case(server: Harness):
    for scheme in ("bearer", "BEARER", "Bearer"):
        answer = await server.caller(None).send("GET", "/me", headers={"Authorization": f"{scheme} {server.key}"})
        assert answer.status == 200


async def test_two_credentials_are_one_too_many(server: Harness):
    _, cookie = await logged_in(server)
    key = f"Bearer {server.key}"

    for headers in (
        [("Authorization", key), ("Cookie", cookie)],
        [("Authorization", key), ("Authorization", key)],
        [("Cookie", f"{cookie}; {cookie}"), ("Sec-Fetch-Site", "same-origin")],
        [("Cookie", f"{cookie}; __Host-{cookie}"), ("Sec-Fetch-Site", "same-origin")],
    ):
        answer = await server.caller(None).send("GET", "/me", headers=headers)
        assert (answer.status, answer.code) == (400, "two_credentials"), headers


async def test_wrong_keys_are_limited_missing_ones_are_not_and_valid_ones_never():
    async with serving(limits={"auth_failures_per_min": 3}) as server:
        nobody = server.caller(None)

        async def wrong(number: int) -> Answer:
            return await nobody.send("GET", "/me", headers={"Authorization": f"Bearer wrong{number}"})

        missing = [(await nobody.get("/me")).status for _ in range(10)]
        first = [(await wrong(n)).status for n in range(3)]
        limited = await wrong(4)
        valid = await server.ada.get("/me")
        await server.clock.advance(61)
        later = await wrong(5)

        assert set(missing) == {401}
        assert first == [401, 401, 401]
        assert (limited.status, limited.code) == (429, "too_many")
        assert 1 <= int(limited.headers["retry-after"]) <= 60
        assert valid.status == 200
        assert later.status == 401


async def test_wrong_keys_are_counted_wherever_they_are_shown():
    async with serving(limits={"auth_failures_per_min": 2}) as server:
        nobody = server.caller(None)

        statuses = [
            (await nobody.post("/login", {"key": "wrong"})).status,
            (await nobody.send("GET", "//login?code=wrong")).status,
            (await nobody.post("/login", {"key": "wrong"})).status,
            (await nobody.send("GET", "/me", headers={"Authorization": "Bearer wrong"})).status,
        ]

        assert statuses == [401, 401, 429, 429]
        assert (await nobody.post("/login", {"key": server.key})).status == 200


async def test_a_browser_that_repeats_an_old_cookie_is_told_to_log_in(server: Harness):
    old = server.caller(None, {"Cookie": "laneway_login=" + "a" * 43, **SAME})

    assert {(await old.get("/me")).status for _ in range(20)} == {401}


async def test_a_key_is_told_once_and_its_hash_never(server: Harness, ada: Caller):
    made = await ada.post("/keys", {"name": "laptop"})
    listed = await ada.get("/keys")

    assert made.status == 201
    assert made.json["key"].startswith("lw_")
    assert made.json["key"].startswith(made.json["prefix"])
    (own,) = [key for key in listed.json if key["id"] == made.json["id"]]
    assert set(own) == {
        "id", "user", "name", "prefix", "role", "scope", "created_at", "last_used_at", "expires_at"
    }  # fmt: skip
    assert own["user"] == "admin"
    assert made.json["key"] not in listed.content.decode()
    assert b"sha256" not in listed.content
    assert (await server.caller(made.json["key"]).get("/me")).json == {
        "id": (await ada.get("/me")).json["id"], "name": "admin", "role": "admin", "scope": "full",
    }  # fmt: skip
    used = [key for key in (await ada.get("/keys")).json if key["id"] == made.json["id"]]
    assert used[0]["last_used_at"]


async def test_a_key_may_do_no_more_than_the_key_that_made_it(server: Harness, bob: Caller):
    reader = await server.reader()
    bob_id = (await bob.get("/me")).json

    assert bob_id["role"] == "member"
    assert (await bob.post("/keys", {"role": "admin"})).status == 403
    assert (await bob.post("/keys", {"role": "member", "scope": "read"})).status == 201
    assert (await reader.post("/keys", {})).status == 403
    assert (await bob.post("/keys", {"user": "admin"})).code == "forbidden"


async def test_an_admin_makes_keys_for_other_users(server: Harness, ada: Caller):
    made = await ada.post("/keys", {"user": "carol", "name": "hers"})
    carol = server.caller(made.json["key"])

    assert (made.status, made.json["user"], made.json["role"]) == (201, "carol", "member")
    assert (await carol.get("/me")).json["name"] == "carol"
    assert made.json["id"] not in [key["id"] for key in (await ada.get("/keys")).json]
    assert (await ada.post("/keys", {"user": "carol", "role": "admin"})).status == 422


async def test_only_an_admin_compacts(ada: Caller, bob: Caller):
    assert (await ada.send("POST", "/compact")).status == 204
    assert (await bob.send("POST", "/compact")).status == 403


async def test_a_key_that_may_only_read_writes_nothing(server: Harness, ada: Caller):
    reader = await server.reader()
    thread = await ada.made("/threads")

    assert (await reader.get("/me")).json["scope"] == "read"
    assert (await reader.get(f"/threads/{thread['id']}")).status == 200
    for method, path in (("POST", "/threads"), ("DELETE", f"/threads/{thread['id']}"), ("DELETE", "/threads/x")):
        answer = await reader.send(method, path, json={} if method == "POST" else None)
        assert (answer.status, answer.code) == (403, "forbidden")
    assert len((await ada.get("/threads")).json) == 1


async def test_a_revoked_key_is_dead_and_its_streams_are_closed(server: Harness, ada: Caller):
    made = await ada.made("/keys")
    other = server.caller(made["key"])
    thread = await ada.made("/threads")

    async with other.events(f"/threads/{thread['id']}/events") as closed, ada.events("/events") as kept:
        assert (await ada.delete(f"/keys/{made['id']}")).status == 204
        assert await closed.next() is None
        await ada.patch(f"/threads/{thread['id']}", {"title": "still told"})
        assert (await kept.until("thread.updated")).data

    assert (await other.get("/me")).status == 401
    assert (await ada.delete(f"/keys/{made['id']}")).status == 404


async def test_a_key_that_has_expired_is_dead(server: Harness, ada: Caller):
    made = await ada.made("/keys", {"expires_at": "2026-01-01T00:00:10Z"})
    other = server.caller(made["key"])

    before = await other.get("/me")
    await server.clock.advance(11)

    assert (before.status, (await other.get("/me")).status) == (200, 401)


async def test_nobody_sees_or_ends_the_keys_of_others(ada: Caller, bob: Caller):
    (own,) = (await bob.get("/keys")).json
    assert own["user"] == "bob"

    assert (await ada.delete(f"/keys/{own['id']}")).status == 404
    assert (await bob.get("/me")).status == 200


# --- logins ----------------------------------------------------------------------------------------------------------


async def test_a_login_is_new_each_time_and_kept_from_scripts_and_other_sites(server: Harness):
    answers = [await server.caller(None).post("/login", {"key": server.key}) for _ in range(2)]

    assert cookie_of(answers[0]) != cookie_of(answers[1])
    header = answers[0].headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=strict" in header
    assert "path=/" in header
    assert "secure" not in header
    assert answers[0].json["name"] == "admin"
    assert server.key not in answers[0].headers["set-cookie"]


async def test_with_tls_the_cookie_is_held_to_the_host():
    async with serving(allowed_hosts=["lane.example"]) as server:
        caller = server.caller(None)
        caller.http.base_url = "https://lane.example"

        header = (await caller.post("/login", {"key": server.key})).headers["set-cookie"]

        assert header.startswith("__Host-laneway_login=")
        assert "Secure" in header


async def test_a_cookie_counts_only_where_the_browser_vouches_for_the_page(server: Harness):
    _, cookie = await logged_in(server)
    thread = await server.ada.made("/threads")

    async def status(method: str, **headers: str) -> int:
        sent: dict[str, Any] = {"Cookie": cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        path = "/threads" if method == "POST" else f"/threads/{thread['id']}"
        return (
            await server.caller(None).send(method, path, headers=sent, json={} if method == "POST" else None)
        ).status

    assert await status("GET", Sec_Fetch_Site="same-origin") == 200
    assert await status("GET", Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate") == 200
    assert await status("GET", Sec_Fetch_Site="none") == 403
    assert await status("GET", Sec_Fetch_Site="same-site") == 403
    assert await status("GET", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == 403
    assert await status("GET") == 403
    assert await status("GET", Origin=BASE) == 200
    assert await status("POST", Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate") == 403
    assert await status("POST", Origin=BASE) == 201
    assert await status("POST", Origin="http://evil.test") == 403


async def test_a_login_takes_no_cookie_that_somebody_else_chose(server: Harness):
    chosen = "laneway_login=" + "a" * 43
    tossed = server.caller(None, {"Cookie": chosen, **SAME})

    answer = await tossed.post("/login", {"key": server.key})

    assert answer.status == 200
    assert cookie_of(answer) != chosen
    assert (await tossed.get("/me")).status == 401
    both = server.caller(None, {"Cookie": f"{chosen}; {cookie_of(answer)}", **SAME})
    assert (await both.get("/me")).code == "two_credentials"


SCHEMES = ("Bearer", "bearer", "bEaReR", "Basic", "Token", "Bearer Bearer", "")
BETWEEN = (" ", "\t", "=", ": ", "")
PLACES = (
    "X-Api-Key", "Api-Key", "X-Auth-Token", "X-Access-Token", "Proxy-Authorization", "X-Authorization", "Cookie",
    "Token", "Authentication", "X-Forwarded-Authorization", "X-Original-Authorization", "WWW-Authenticate",
    "X-Forwarded-User", "Remote-User", "X-Remote-User", "X-User", "X-Csrf-Token", "Idempotency-Key", "Last-Event-ID",
    "If-Match", "Referer",
)  # fmt: skip
PARAMETERS = ("key", "api_key", "apikey", "token", "access_token", "authorization", "bearer", "code", "user")


def almost(key: str) -> list[str]:
    """What is nearly the key: shorter, longer, one character off at each place, in other letters, dressed up."""
    off = [key[:place] + ("A" if key[place] != "A" else "B") + key[place + 1 :] for place in range(len(key))]
    cut = [key[:end] for end in range(len(key))] + [key[start:] for start in range(1, len(key))]
    dressed = (
        '"{}"', "'{}'", "<{}>", "{},", "{};", "{0} {0}", "{0},{0}", "{}\t.", "\x00{}", "{}\x00", "{}%00", "key={}",
        "{}=", "{}==", "{}\xa0.", "\xef\xbb\xbf{}",
    )  # fmt: skip
    written = [key.upper(), key.lower(), key.swapcase(), key[::-1], base64.b64encode(key.encode()).decode()]
    nothing = ["", "null", "undefined", "[]", "true", "lw_", "*", "%"]
    return [*off, *cut, *(each.format(key) for each in dressed), *written, *nothing]


def tries(key: str) -> list[tuple[str, str, str]]:
    """Query, header and its value: none of them is the key in its one place and form."""
    wrong = almost(key)
    tried = [
        ("", "Authorization", scheme + between + each) for scheme in SCHEMES for between in BETWEEN for each in wrong
    ]
    no_bearer = [scheme for scheme in SCHEMES if scheme.lower() != "bearer"]
    tried += [("", "Authorization", scheme + between + key) for scheme in no_bearer for between in BETWEEN]
    tried += [("", "Authorization", f"Bearer{between}{key}") for between in ("=", ":", ", ", "", "_", "-", "\xa0")]
    forms = (key, f"Bearer {key}", f"laneway_login={key}", f"__Host-laneway_login={key}", f"key={key}")
    tried += [("", place, form) for place in PLACES for form in forms]
    tried += [(f"{name}={key}", "Accept", "*/*") for name in PARAMETERS]
    return tried


async def test_a_key_counts_in_no_other_place_and_form_than_its_own():
    """X-7: whatever carries it, and however it is dressed, nothing but `Authorization: Bearer` lets a key in."""
    async with serving(limits={"auth_failures_per_min": 0}) as open_to_guesses:
        tried = tries(open_to_guesses.key)
        got_in = [each for each in tried if await raw_status(open_to_guesses, *each) not in (400, 401)]
        own = await raw_status(open_to_guesses, "", "Authorization", f"Bearer {open_to_guesses.key}")

    assert len(tried) > 5000
    assert got_in == []
    assert own == 200


async def raw_status(server: Harness, query: str, name: str, value: str) -> int:
    """The status of `GET /me` with one more header, whose bytes no client library looks at."""
    statuses: list[int] = []
    headers = [(b"host", HOST.encode()), (name.lower().encode(), value.encode("latin-1"))]
    scope: Scope = {
        "type": "http", "method": "GET", "path": f"{API}/me", "raw_path": f"{API}/me".encode(), "scheme": "http",
        "query_string": query.encode(), "headers": headers, "client": ("127.0.0.1", 1), "http_version": "1.1",
        "server": ("127.0.0.1", 8420), "root_path": "",
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await server.api(scope, receive, send)
    (status,) = statuses
    return status


async def test_a_browsers_write_carries_the_token_of_its_login(server: Harness):
    answer = await server.caller(None).post("/login", {"key": server.key})
    cookie, token = cookie_of(answer), answer.json["csrf_token"]
    page = server.caller(None, {"Cookie": cookie, "Origin": BASE, **SAME})
    elsewhere = (await server.caller(None).post("/login", {"key": server.key})).json["csrf_token"]

    refused = [await page.post("/threads", {}, **named) for named in ({}, {"X_CSRF_Token": elsewhere})]
    taken = await page.post("/threads", {}, X_CSRF_Token=token)

    assert [(each.status, each.code) for each in refused] == [(403, "csrf_refused")] * 2
    assert taken.status == 201
    assert token != elsewhere
    assert token not in cookie
    assert (await page.get("/me")).json["csrf_token"] == token
    assert "csrf_token" not in (await server.ada.get("/me")).json
    assert (await server.ada.post("/threads", {}, **SAME)).status == 201


async def test_logging_out_ends_the_login_and_its_streams(server: Harness):
    page, cookie = await logged_in(server)
    thread = await server.ada.made("/threads")

    async with page.events(f"/threads/{thread['id']}/events") as events:
        out = await page.post("/logout")
        assert await events.next() is None

    assert out.status == 204
    assert 'laneway_login=""' in out.headers["set-cookie"]
    assert (await server.caller(None, {"Cookie": cookie, **SAME}).get("/me")).status == 401


async def test_revoking_a_key_ends_the_logins_that_it_made(server: Harness, ada: Caller):
    made = await ada.made("/keys")
    cookie = cookie_of(await server.caller(None).post("/login", {"key": made["key"]}))
    page = server.caller(None, {"Cookie": cookie, **SAME})
    assert (await page.get("/me")).status == 200

    await ada.delete(f"/keys/{made['id']}")

    assert (await page.get("/me")).status == 401


async def test_a_login_link_works_once(server: Harness):
    code = server.app.credentials.make_login_code()
    nobody = server.caller(None)

    first = await nobody.send("GET", f"//login?code={code}")
    second = await nobody.send("GET", f"//login?code={code}")
    page = server.caller(None, {"Cookie": cookie_of(first), **SAME})

    assert (first.status, first.headers["location"]) == (303, "/")
    assert second.status == 401
    assert (await page.get("/me")).json["role"] == "admin"
    assert (await nobody.send("GET", "//login?code=guess")).status == 401
    assert (await nobody.send("GET", "//login")).status == 401


async def test_a_login_link_grows_old(server: Harness):
    code = server.app.credentials.make_login_code()
    await server.clock.advance(601)

    assert (await server.caller(None).send("GET", f"//login?code={code}")).status == 401


async def test_a_wrong_key_does_not_log_in(server: Harness):
    nobody = server.caller(None)

    assert (await nobody.post("/login", {"key": "lw_" + "a" * 43})).status == 401
    assert (await nobody.post("/login", {"key": None})).status == 422
    assert (await nobody.post("/login", {"key": server.key, "user": "bob"})).code == "unknown_field"
    assert (await nobody.send("POST", "/login", headers={"Origin": "http://evil.test"}, json={})).status == 403


async def test_only_a_credential_makes_a_verified_principal(server: Harness):
    verified = await server.app.credentials.resolve_key(server.key)
    assert verified is not None

    with pytest.raises(TypeError):
        VerifiedPrincipal(verified.principal, "mallory", "key_x", "", False, None, object())


async def test_the_admin_key_is_kept_for_its_owner_alone_and_made_anew_when_it_is_lost(server: Harness):
    path = server.app.data_dir / "admin.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() == server.key
    assert await server.app.credentials.ensure_admin_key(server.app.data_dir) == server.key

    path.unlink()
    further = await server.app.credentials.ensure_admin_key(server.app.data_dir)

    me = [(await server.caller(key).get("/me")).json["id"] for key in (server.key, further)]
    assert further != server.key
    assert me[0] == me[1]
