"""Terms: cuts texts into words as SQLite's `unicode61` does, so that both stores find the same; and shows where."""

import hashlib
import unicodedata
from collections.abc import Collection, Iterator

LONGEST = 200
"""Letters of a word that are kept as they are; a longer one is found by its hash, because an index has its limits."""
SHOWN = 24
"""Words in a snippet."""
BEGIN, END = "\x02", "\x03"

_Place = tuple[str, int, int]
"""A word, and where it begins and ends in the text."""


def terms_of(text: str) -> list[str]:
    """The words of a text, each once, in the order they come."""
    return list(dict.fromkeys(term for term, _, _ in _places(text)))


def snippet(text: str, terms: Collection[str]) -> str:
    """A part of the text with the words in it marked."""
    places = list(_places(text))
    first = next((number for number, (term, _, _) in enumerate(places) if term in terms), 0)
    start = max(0, min(first - SHOWN // 4, len(places) - SHOWN))
    shown = places[start : start + SHOWN]
    begin = shown[0][1] if start else 0
    end = shown[-1][2] if start + SHOWN < len(places) else len(text)
    parts, place = ["…" if start else ""], begin
    for term, left, right in shown:
        if term in terms:
            parts += (text[place:left], BEGIN, text[left:right], END)
            place = right
    return "".join((*parts, text[place:end], "…" if end < len(text) else ""))


def _places(text: str) -> Iterator[_Place]:
    start = None
    for place, char in enumerate(text):
        if _is_word(char) or (start is not None and unicodedata.category(char) == "Mn"):
            start = place if start is None else start
        elif start is not None:
            yield _term(text[start:place]), start, place
            start = None
    if start is not None:
        yield _term(text[start:]), start, len(text)


def _is_word(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LN" or category == "Co"


def _term(word: str) -> str:
    folded = "".join(map(_fold, word))
    if len(folded) <= LONGEST:
        return folded
    return hashlib.blake2b(folded.encode(), digest_size=32).hexdigest()


def _fold(char: str) -> str:
    """Lower case without its marks."""
    lower = char.lower()
    decomposed = unicodedata.normalize("NFD", lower if len(lower) == 1 else char)
    if len(decomposed) == 1 and unicodedata.category(decomposed) == "Mn":
        return ""
    return decomposed[0] if unicodedata.combining(decomposed[-1]) else lower
