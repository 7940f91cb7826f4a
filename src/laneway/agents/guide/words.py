"""Words: what a text is looked up by. Different forms of a word count as one, and a name's parts count too."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"\w+")
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
LONGEST_WORD = 80
_IS_NAME = re.compile(r"[a-z0-9][A-Z]|_|[A-Za-z][0-9]")

_LITTLE = """
    a about after all also am an and any are as at be been before being but by can could did do does doing done for from
    get gets give given go goes had has have having he her here hers him his how i if in into is it its itself just let
    like made make makes many may me might more most much must my no not now of on one only or other our out over own
    please really say says shall she should so some such tell than that the their them then there these they thing
    things this those through to too under until up us very want was way we were what when where whether which while
    who whom whose why will with within would you your yours explain describe mean means meaning happen happens
"""
LITTLE = frozenset(_LITTLE.split())
"""Words that say nothing about what somebody is looking for."""


def words_of(text: str) -> Iterator[str]:
    """The words of a text in order, as they are looked up; little words are left out."""
    for match in _WORD.finditer(text):
        word = match[0]
        if len(word) > LONGEST_WORD:
            continue  # a key or an encoded file, which nobody asks for by name
        yield from _forms(word)
        if _IS_NAME.search(word):
            for part in _NAME_PART.findall(word):
                yield from _forms(part)


def _forms(word: str) -> Iterator[str]:
    lower = word.lower()
    if lower not in LITTLE and (len(lower) > 1 or lower.isdigit()):
        yield stem(lower)


def stem(word: str) -> str:
    """A word without its ending, for English; other languages lose little by it."""
    for ending, least, put in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            word = word[: len(word) - len(ending)] + put
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


# Ending, how much has to be left, and what is put in its place. The first that fits is taken.
_ENDINGS = (
    ("ations", 3, "at"), ("ation", 3, "at"), ("ions", 4, ""), ("ion", 4, ""), ("ings", 3, ""), ("ing", 3, ""),
    ("ments", 4, ""), ("ment", 4, ""), ("iest", 3, "y"), ("ies", 2, "y"), ("ied", 2, "y"), ("eed", 9, "ee"),
    ("ssed", 2, "ss"), ("ed", 3, ""), ("sses", 1, "ss"), ("shes", 2, "sh"), ("ches", 2, "ch"), ("xes", 2, "x"),
    ("ically", 3, "ic"), ("ally", 3, "al"), ("ly", 4, ""), ("ss", 1, "ss"), ("us", 1, "us"), ("is", 1, "is"),
    ("s", 2, ""),
)  # fmt: skip
