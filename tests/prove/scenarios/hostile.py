"""Hostile: strings, numbers, ids and bodies that have broken other programs."""

import random

METACHARACTERS = (
    "'", '"', "''; DROP TABLE thread; --", "' OR '1'='1", "\\", "%", "_", "%_%",
    "a' UNION SELECT body FROM key --", "`",
    ";", "/*", "*/", "--", "\x1a", "$1", ":owner", "?1", "@x", "NULL", "{{7*7}}", "${jndi:ldap://x}", "%s%n",
    "(", ")",
    '"."', "[]", "x'00'", "\u02bc", "\uff07", "AND 1=1", "NEAR(a b)", "col:term", "a*", "^a", "a OR b NOT c",
    "' || x",
)  # fmt: skip

TEXTS = (
    "plain", "a\rb", "a\nb", "a\r\nb", "a\n\nb", "\n\ndata: {}\n\n", "id: 7\n", "retry: 1\n", "event: x\n\n",
    "a\u2028b",
    "a\u2029b", "a\x85b", "a\x0bb\x0cc\x1cd\x1de\x1ef", ": comment", "\ufeffbom", "\u202eright to left",
    "👩‍👩‍👧‍👦", "𝔘𝔫𝔦",
    "\x1b[31mred\x1b[0m", "\x7f", "é" * 200, "data:\n", " leading", "trailing ", "\t", "</script><script>", "\\u000a",
    "\\n\\n", "ﬁ", "e\u0301", "\ue000", "\uffff", "\U0010ffff",
)  # fmt: skip

IDS = (
    "..", "../..", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "%00", "%5c", "%2fetc%2fpasswd", "a" * 7000, str(2**63),
    str(2**64), "-1", "1.5", "%EF%BC%91%EF%BC%92", "1_000", "1e9", "null", "undefined", "thr_", "thr_" + "0" * 32,
    "ses_" + "f" * 31 + "g", "thr_" + "A" * 32, "THR_" + "0" * 32, "thr_" + "0" * 31 + "%0a", "%F0%9F%92%A9", "%ff",
    "*", "'", '%22', "thr_" + "0" * 32 + "%00", "+", "%20", ".", "con", "nul%00.db", "laneway.db", "admin.key",
)  # fmt: skip

CURSORS = (
    "-1", "0.5", "1e3", "%EF%BC%91", "1_000", str(2**63), str(2**64), "9" * 400, "", "%20", "+1", "0x10",
    "null", "true",
    "1;2", "1.1.1", ".", "1.", ".1", "-0", "1%00", "%0a1", "NaN", "Infinity", "999999999999999999",
)  # fmt: skip

NOT_JSON = (
    b"", b" ", b"{", b"}", b"[", b"nul", b"NaN", b'{"message": NaN}', b'{"message": Infinity}',
    b'{"message": -Infinity}',
    b'{"message": "a", "message": "b"}', b'\xef\xbb\xbf{"message": "bom"}', '{"message": "a"}'.encode("utf-16"),
    b'{"message": "\\ud800"}', b'{"message": "\\udc00x"}', b'{"message": "a\\u0000b"}', b'{"message": "\xff"}',
    b'{"message": "\xc0\xaf"}', b'{"message": "\xed\xa0\x80"}', b'{"message": "a"} x', b"{'message': 'a'}",
    b'{"message": "a\nb"}', b'{"message": 1' + b"0" * 5000 + b"}", b'{"message": 1e999}',
    b'{"message": 9007199254740993}',
    b"[" * 100_000, b'{"a":' * 100_000, b"[" * 40 + b"]" * 40, b'{"message": [[[[', b'"text"', b"12", b"null", b"[]",
    b'{"message": {"a": 1}}', b'{"message": null}', b'{"message": "a",}', b'{"message": 01}', b'{"message": .5}',
    b"{" + b",".join(b'"k%d": 1' % n for n in range(10_001)) + b"}", b'{"__proto__": {"owner": "x"}}',
)  # fmt: skip
"""None of these is a message; each has a documented answer in the fours."""


def mutated(body: bytes, randomness: random.Random) -> bytes:
    """The same with some bytes changed, dropped, doubled or moved."""
    made = bytearray(body)
    for _ in range(randomness.randrange(1, 6)):
        at = randomness.randrange(len(made) + 1)
        match randomness.randrange(5):
            case 0 if at < len(made):
                made[at] ^= 1 << randomness.randrange(8)
            case 1:
                del made[at : at + randomness.randrange(1, 5)]
            case 2:
                made[at:at] = made[at : at + randomness.randrange(1, 20)]
            case 3:
                made[at:at] = randomness.randbytes(randomness.randrange(1, 4))
            case _:
                made[at:at] = randomness.choice((b'"', b"{", b"[", b"\\", b"\\u0000", b"\\ud800", b"e999", b"-", b","))
    return bytes(made)
