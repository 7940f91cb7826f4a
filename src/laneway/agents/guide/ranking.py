"""Ranking: which passages of several texts answer a question, by BM25 over all of them together."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from laneway.agents.guide.passages import Passage
from laneway.agents.guide.words import words_of

# The usual constants: how soon repetition stops to count, and how much a long passage is held back.
_SATURATION = 1.2
_LENGTH = 0.5
_HEADING_COUNTS = 2
QUESTION_LENGTH = 4000
QUESTION_TERMS = 64
_RARE = 2
"""A word in at most so many passages is what the question is about: it gets a bonus."""
_RARE_BONUS = 1.3
_LIKE = 5
"""From so many letters on, a word that is nowhere may stand for longer and shorter ones."""
_TITLE_BONUS = 0.5
"""What a heading adds to its passages when the question names all of it."""


class Indexed:
    """One text, looked up by word. What is kept is independent of other texts, so it can be cached on its own."""

    def __init__(self, name: str, passages: Sequence[Passage]) -> None:
        self.name = name
        self.passages = tuple(passages)
        self.lengths = array("I")
        self.length = 0
        self._places: dict[str, array[int]] = {}
        self.named = frozenset(words_of(name))
        self.headings = [frozenset(words_of(passage.heading)) for passage in self.passages]
        for number, passage in enumerate(self.passages):
            counts = Counter(words_of(passage.text))
            for word in words_of(passage.heading):
                counts[word] += _HEADING_COUNTS
            self.lengths.append(counts.total())
            self.length += counts.total()
            for word, count in counts.items():
                self._places.setdefault(word, array("I")).extend((number, count))

    def places(self, word: str) -> Iterable[tuple[int, int]]:
        """The passages that have a word, with how often."""
        flat = self._places.get(word, ())
        return zip(flat[::2], flat[1::2], strict=True)

    def like(self, word: str) -> Iterable[str]:
        """The words here that begin as this one does."""
        return (each for each in self._places if each.startswith(word) or (len(each) > 4 and word.startswith(each)))

    def spread(self, word: str) -> int:
        """In how many passages a word is."""
        return len(self._places.get(word, ())) // 2


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that was found."""

    source: Indexed
    number: int
    score: float
    coverage: float
    """How much of the question is in it: from 0 to 1, rare words counting more."""
    words: int
    """How many words of the question are in it."""

    @property
    def passage(self) -> Passage:
        return self.source.passages[self.number]


def rank(question: str, sources: Mapping[Indexed, float]) -> list[Match]:
    """The passages that have something of the question, best first; each source's scores are weighted."""
    terms = list(islice(dict.fromkeys(words_of(question[:QUESTION_LENGTH])), QUESTION_TERMS))
    count = sum(len(source.passages) for source in sources)
    if not terms or not count:
        return []
    weights = _weights(_known(terms, sources), sources, count)
    mean = sum(source.length for source in sources) / count or 1.0
    found = [match for source, weight in sources.items() for match in _matches(source, weight, weights, mean)]
    return sorted(found, key=lambda match: (-match.score, match.source.name, match.number))


def _known(terms: Iterable[str], sources: Iterable[Indexed]) -> list[str]:
    """The words of a question; one that is nowhere is taken for those that begin like it, if there are any."""
    known: list[str] = []
    for term in terms:
        if len(term) < _LIKE or any(source.spread(term) or term in source.named for source in sources):
            known.append(term)
        else:
            likely = sorted(
                {word for source in sources for word in source.like(term)}, key=lambda word: (len(word), word)
            )
            known.extend(likely[:3] or [term])
    return list(dict.fromkeys(known))


def _weights(terms: Sequence[str], sources: Iterable[Indexed], count: int) -> dict[str, float]:
    """How telling each word is: the fewer passages have it, the more."""
    weights: dict[str, float] = {}
    for term in terms:
        spread = sum(source.spread(term) for source in sources)
        weights[term] = math.log(1 + (count - spread + 0.5) / (spread + 0.5))
        if 0 < spread <= _RARE:
            weights[term] *= _RARE_BONUS
    return weights


def _matches(source: Indexed, factor: float, weights: Mapping[str, float], mean: float) -> list[Match]:
    scores: dict[int, float] = {}
    found: dict[int, list[str]] = {}
    in_source = 0.0
    for term, weight in weights.items():
        if source.spread(term) or term in source.named:
            in_source += weight
        for number, count in source.places(term):
            held_back = _SATURATION * (1 - _LENGTH + _LENGTH * source.lengths[number] / mean)
            scores[number] = scores.get(number, 0.0) + weight * count * (_SATURATION + 1) / (count + held_back)
            found.setdefault(number, []).append(term)
    whole = sum(weights.values())
    # A passage that has much of the question, in a text that has the rest of it, is the likelier answer.
    factor *= 0.5 + 0.5 * in_source / whole
    matches: list[Match] = []
    for number, score in scores.items():
        coverage = sum(weights[term] for term in found[number]) / whole
        title = 1 + _TITLE_BONUS * _share(source.headings[number], weights)
        final = score * factor * title * (0.4 + 0.6 * coverage)
        matches.append(Match(source, number, final, coverage, len(found[number])))
    return matches


def _share(heading: frozenset[str], weights: Mapping[str, float]) -> float:
    """How much of a heading the question names."""
    return sum(word in weights for word in heading) / len(heading) if heading else 0.0
