import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.api import strict_json
from laneway.domain.errors import Malformed
from tests.api import one_server
from tests.api.harness import Caller

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-strict_json.MAX_INTEGER, strict_json.MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(VALUES, st.booleans())
def test_whatever_is_plain_json_is_read_as_it_stands(value: Any, ascii: bool):
    assert strict_json.parse(json.dumps(value, ensure_ascii=ascii).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_malformed(body: bytes):
    with contextlib.suppress(Malformed):
        strict_json.parse(body)


@given(VALUES, st.binary(min_size=1, max_size=4), st.integers(0, 10_000))
def test_no_damage_raises_anything_but_malformed(value: Any, damage: bytes, at: int):
    body = json.dumps(value).encode()
    at %= len(body)
    with contextlib.suppress(Malformed):
        strict_json.parse(body[:at] + damage + body[at + len(damage) :])


def nested(depth: int, inner: str = "", *, of: str = "[]") -> bytes:
    opening, closing = ("[", "]") if of == "[]" else ('{"a":', "}")
    return (opening * depth + (inner or ("" if of == "[]" else "1")) + closing * depth).encode()


REFUSED = {
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "Latin-1": '{"a":"é"}'.encode("latin-1"),
    "an overlong encoding": b'{"a":"\xc0\x80"}',
    "an encoded surrogate": b'{"a":"\xed\xa0\x80"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "minus Infinity": b'{"a":-Infinity}',
    "a float beyond every float": b'{"a":1e999}',
    "an integer beyond 2^53": b'{"a":9007199254740993}',
    "one below -2^53": b'{"a":-9007199254740993}',
    "an integer of 5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "the same key twice": b'{"a":1,"a":2}',
    "the same key twice, deep inside": b'{"x":[{"a":1,"a":1}]}',
    "the same key twice, escaped": b'{"a":1,"\\u0061":2}',
    "NUL": b'{"a":"\\u0000"}',
    "a raw NUL": b'{"a":"\0"}',
    "NUL in a key": b'{"\\u0000":1}',
    "a high surrogate": b'{"a":"\\ud800"}',
    "a low surrogate": b'{"a":"\\udc00 x"}',
    "surrogates in the wrong order": b'{"a":"\\udc00\\ud800"}',
    "a surrogate in a key": b'{"\\ud800":1}',
    "33 arrays": nested(33),
    "33 arrays with something in them": nested(33, "1"),
    "33 objects": nested(33, of="{}"),
    "100,000 arrays": nested(100_000),
    "100,000 objects": nested(100_000, of="{}"),
    "10,001 keys": json.dumps({str(n): n for n in range(10_001)}).encode(),
    "a line break in a text": b'{"a":"\n"}',
    "a comment": b'{"a":1} // x',
    "two values": b"{} {}",
    "a trailing comma": b'{"a":1,}',
    "nothing": b"",
    "a plus sign": b'{"a":+1}',
    "a leading zero": b'{"a":01}',
    "a hexadecimal number": b'{"a":0x10}',
    "full-width digits": '{"a":１２}'.encode(),
    "digits in groups": b'{"a":1_000}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
async def test_what_another_reader_might_read_in_another_way_is_malformed(ada: Caller, body: bytes):
    answer = await ada.send("POST", "/threads", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (400, "malformed")
    assert (await ada.get("/threads")).json == []


TAKEN = {
    "32 arrays": nested(32),
    "32 arrays with something in them": nested(32, "1"),
    "the largest integer": b'{"a":9007199254740992}',
    "10,000 keys": json.dumps({str(n): n for n in range(10_000)}).encode(),
    "a pair of surrogates": b'{"a":"\\ud83d\\ude00"}',
    "line separators": '{"a":"\u2028\u2029\x85"}'.encode(),
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_within_the_limits_is_read(body: bytes):
    assert strict_json.parse(body) == json.loads(body)


async def test_a_body_over_the_limit_is_refused_before_it_is_read(ada: Caller):
    read = 0

    async def body() -> Any:
        nonlocal read
        for _ in range(40):
            read += 1
            yield b" " * 64 * 1024

    told = await ada.send("POST", "/threads", content=b" " * (2**20 + 1), headers={"Content-Type": "application/json"})
    untold = await ada.send("POST", "/threads", content=body(), headers={"Content-Type": "application/json"})

    assert (told.status, told.code) == (413, "too_large")
    assert (untold.status, untold.code) == (413, "too_large")


async def test_a_large_body_within_the_limit_is_taken(ada: Caller):
    parts = [{"type": "text", "text": "a" * 60_000}]

    thread = await ada.made("/threads", {"settings": {"paused": True}})
    answer = await ada.send(
        "POST", f"/threads/{thread['id']}/messages", headers={"Content-Type": "application/json"},
        content=json.dumps({"parts": parts}).encode() + b" " * 900_000,
    )  # fmt: skip

    assert answer.status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "deflate"},
    ],
)
async def test_another_media_type_or_encoding_is_415(ada: Caller, headers: dict[str, str]):
    answer = await ada.send("POST", "/threads", content=b"{}", headers=headers)

    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert (await ada.get("/threads")).json == []


async def test_ownership_comes_before_the_body(ada: Caller, bob: Caller):
    thread = await bob.made("/threads")

    for content in (b"", b"{", b'{"nonsense": 1}', b" " * (2**20 + 1)):
        answer = await ada.send("POST", f"/threads/{thread['id']}/messages", content=content)
        assert answer.status == 404
