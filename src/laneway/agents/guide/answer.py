"""Answer: what the guide says to one question, as Markdown with its sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laneway.agents.guide.ranking import Indexed, Match, rank

SOURCES = 3
"""How many passages an answer quotes at most."""
ENOUGH = 0.42
"""How much of a question has to be in a passage for it to be an answer…"""
ENOUGH_WORDS = 3
ENOUGH_OF_MANY = 0.25
"""… or how much of it, when it is a long one, of which so many words are there."""
WELL = 0.6
"""How much of it makes the passage more than the closest there is."""
ALSO = 0.7
"""A further passage of the same text is quoted when its score is at least this share of the best one's."""
ALSO_ELSEWHERE = 0.85

OWN_PAGES = 0.6
"""The weight of Laneway's own pages beside the session's files: a file that answers as well comes first."""


@dataclass(frozen=True)
class Shelf:
    """Everything that a question is looked up in."""

    files: Sequence[Indexed]
    notes: Sequence[Indexed]
    pages: Sequence[Indexed]
    unreadable: Sequence[str] = ()

    @property
    def weights(self) -> Mapping[Indexed, float]:
        """Each text with its weight."""
        return {**dict.fromkeys((*self.files, *self.notes), 1.0), **dict.fromkeys(self.pages, OWN_PAGES)}


def answer(question: str, shelf: Shelf) -> str:
    """Answer from the shelf, or say plainly that nothing there does."""
    matches = rank(question, shelf.weights)
    chosen = _choose(matches)
    if not chosen:
        return _nothing(shelf)
    return "\n\n".join([_lead(chosen, shelf), *(_quote(match) for match in chosen)])


def _choose(matches: Sequence[Match]) -> list[Match]:
    """The best passage, and what else is nearly as good."""
    best = next((match for match in matches if _answers(match)), None)
    if best is None:
        return []
    chosen = [best]
    for match in matches:
        share = ALSO if match.source is best.source else ALSO_ELSEWHERE
        if match is not best and _answers(match) and match.score >= share * best.score:
            chosen.append(match)
    return sorted(
        chosen[:SOURCES], key=lambda match: (match.source is not best.source, match.source.name, match.number)
    )


def _answers(match: Match) -> bool:
    return match.coverage >= (ENOUGH_OF_MANY if match.words >= ENOUGH_WORDS else ENOUGH)


def _lead(chosen: Sequence[Match], shelf: Shelf) -> str:
    best = chosen[0]
    if best.coverage < WELL:
        return f"The closest that I found is in {_named(best, shelf)}:"
    return f"This is in {_named(best, shelf)}:"


def _named(match: Match, shelf: Shelf) -> str:
    if match.source in shelf.pages:
        return "Laneway's own pages"
    return "what this session knows" if match.source in shelf.notes else f"your file `{match.source.name}`"


def _quote(match: Match) -> str:
    """A passage as a block quote, with where it is from."""
    passage = match.passage
    lines = [f"> {line}".rstrip() for line in passage.text.split("\n")]
    source = match.source.name + (f", {passage.heading}" if passage.heading else "")
    return "\n".join([*lines, ">", f"> — {source}"])


def _nothing(shelf: Shelf) -> str:
    names = ", ".join(f"`{source.name}`" for source in shelf.files)
    looked = f"I looked into {names} and Laneway's own pages" if names else "I looked into Laneway's own pages"
    unread = f" I cannot read {', '.join(f'`{name}`' for name in shelf.unreadable)}." if shelf.unreadable else ""
    return f"I found nothing about that. {looked}.{unread}\n\n{ABILITIES}"


ABILITIES = """I am the guide: I need no model and no network, and I answer only from texts that I can quote.

- Ask me how Laneway works: sessions, threads, the queue, turns, streams, timers, the API.
- Attach a text file to this session and ask me about it.
- Write `note: …`, and I keep a note for the session.

For anything else, choose another agent: a model, or a program of your own."""
