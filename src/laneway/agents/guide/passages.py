"""Passages: a text cut where it changes its subject, into pieces that are short enough to be quoted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 900
"""Characters of a passage; a longer paragraph is cut at a line, a sentence or a word."""
LONGEST_TITLE = 200
SHORT = 350
"""Paragraphs of one section are put together until they are at least this long."""

_MARKED = re.compile(r" {0,3}#{1,6}\s+(.+?)\s*#*\s*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s+[A-Z][^;|{}<>=]{2,80}[^.:;,]")
_LIST_ITEM = re.compile(r"\s*([-*+•‣·]|\d+[.)])\s")
_TITLE = re.compile(r"[A-Z0-9][^.!?;,|{}<>=]{1,70}[^.!?:;,|{}<>=]")
_TITLE_WORDS = 9


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text, with the heading that it stands under (empty where there is none)."""

    heading: str
    text: str


def split(text: str) -> list[Passage]:
    """Cut a text into passages, in order. Nothing but headings and white space is left out."""
    return [passage for heading, body in _sections(text) for passage in _passages(heading, body)]


# --- sections --------------------------------------------------------------------------------------------------------


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each heading with the lines that follow it."""
    lines = re.split(r"\r\n|\r|\n", text)
    heading, body, fenced = "", list[str](), False
    number = _after_front_matter(lines)
    body += lines[:number]
    while number < len(lines):
        fenced ^= _FENCE.match(lines[number]) is not None
        title, taken = ("", 0) if fenced else _title_at(lines, number)
        if taken:
            yield heading, body
            heading, body = title, []
        else:
            body.append(lines[number])
        number += taken or 1
    yield heading, body


def _after_front_matter(lines: list[str]) -> int:
    """Where the text begins: some begin with a block of fields between two lines of dashes, which are no headings."""
    if lines[0].strip() != "---":
        return 0
    return next((number + 1 for number, line in enumerate(lines[1:50], 1) if line.strip() == "---"), 0)


def _title_at(lines: list[str], number: int) -> tuple[str, int]:
    """The heading that stands at a line, and how many lines it takes; none: 0."""
    line = lines[number].rstrip()
    if len(line) > LONGEST_TITLE:
        return "", 0
    after = lines[number + 1].rstrip() if number + 1 < len(lines) else ""
    if marked := _MARKED.fullmatch(line):
        return marked[1], 1
    if line.strip() and not _LIST_ITEM.match(line) and len(after) > 2 and _UNDERLINE.fullmatch(after):
        return line.strip(), 2
    before = lines[number - 1].strip() if number else ""
    if _looks_like_title(line) and (not before or not after.strip() or _repeats(line, after)):
        return line.strip(), 1
    if not before and _NUMBERED.fullmatch(line) and after.strip() and not after[:1].isdigit():
        return line, 1
    return "", 0


def _looks_like_title(line: str) -> bool:
    """A short line of its own that is no sentence, no list item and no beginning of one, as plain text has them."""
    bare = line.strip()
    return bool(_TITLE.fullmatch(bare)) and len(bare.split()) <= _TITLE_WORDS and not _LIST_ITEM.match(line)


def _repeats(title: str, line: str) -> bool:
    """Pages that were copied from the web often say a heading twice."""
    return title.strip() in line and line.strip() != title.strip()


# --- passages --------------------------------------------------------------------------------------------------------


def _passages(heading: str, lines: list[str]) -> Iterator[Passage]:
    """A section's paragraphs: short ones together, long ones cut."""
    gathered = ""
    for paragraph in _paragraphs(lines):
        for piece in _pieces(paragraph):
            if gathered and (len(gathered) >= SHORT or len(gathered) + len(piece) > LONGEST):
                yield Passage(heading, gathered)
                gathered = ""
            gathered = f"{gathered}\n\n{piece}" if gathered else piece
    if gathered:
        yield Passage(heading, gathered)


def _paragraphs(lines: list[str]) -> Iterator[str]:
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line.rstrip())
        elif paragraph:
            yield "\n".join(paragraph)
            paragraph = []


def _pieces(paragraph: str) -> Iterator[str]:
    """A paragraph, or its parts where it is too long."""
    start = 0
    while start < len(paragraph):
        end = _cut(paragraph, start)
        piece = paragraph[start:end].strip("\n ")
        if piece:
            yield piece if start else paragraph[:end].rstrip()
        start = end


def _cut(paragraph: str, start: int) -> int:
    """Where a part that begins at `start` ends: after the last line, else the last sentence or word, that fits."""
    if len(paragraph) - start <= LONGEST:
        return len(paragraph)
    for mark in ("\n", ". ", " "):
        at = paragraph.rfind(mark, start + LONGEST // 3, start + LONGEST)
        if at > 0:
            return at + len(mark)
    return start + LONGEST
