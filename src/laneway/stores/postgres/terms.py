"""Terms: cuts texts into words with SQLite's own tokenizer, so that both stores find the same; and shows where."""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Any

import apsw

LONGEST = 200
"""Letters of a word that are kept as they are; a longer one is found by its hash, because an index has its limits."""
SHOWN = 24
"""Words in a snippet."""
BEGIN, END = b"\x02", b"\x03"

_Place = tuple[str, int, int]
"""A word, and where it begins and ends in the encoded text."""
_LOCAL = threading.local()


def terms_of(text: str) -> list[str]:
    """The words of a text, each once, in the order they come."""
    return list(dict.fromkeys(term for term, _, _ in _places(text)))


def snippet(text: str, terms: Collection[str]) -> str:
    """A part of the text with the words in it marked."""
    places, encoded = list(_places(text)), text.encode()
    first = next((number for number, (term, _, _) in enumerate(places) if term in terms), 0)
    start = max(0, min(first - SHOWN // 4, len(places) - SHOWN))
    shown = places[start : start + SHOWN]
    place = shown[0][1] if start else 0
    end = shown[-1][2] if start + SHOWN < len(places) else len(encoded)
    parts = ["…".encode()] if start else []
    for term, left, right in shown:
        if term in terms:
            parts += (encoded[place:left], BEGIN, encoded[left:right], END)
            place = right
    parts += (encoded[place:end], "…".encode() if end < len(encoded) else b"")
    return b"".join(parts).decode()


def _places(text: str) -> Iterator[_Place]:
    for start, end, *terms in _tokenizer()(text.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None):
        yield _shortened(str(terms[0])), start, end


def _tokenizer() -> Callable[..., Any]:
    # A connection of SQLite's belongs to one thread at a time.
    if not hasattr(_LOCAL, "tokenizer"):
        _LOCAL.tokenizer = apsw.Connection(":memory:").fts5_tokenizer("unicode61")
    return _LOCAL.tokenizer


def _shortened(term: str) -> str:
    return term if len(term) <= LONGEST else hashlib.blake2b(term.encode(), digest_size=32).hexdigest()
