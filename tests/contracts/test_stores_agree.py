"""Both stores find the same: the same documents, the same questions, the same hits in the same order."""

import random
from collections.abc import AsyncGenerator

import pytest

from laneway.domain.kinds import THREAD
from laneway.store import FullStore, SearchEntry, StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.stores.sqlite import SQLiteStore
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import commit
from laneway.testing.store_suite.samples import ME, SES, THR, putting, thread

pytestmark = pytest.mark.anyio

WORDS = [
    "lane", "Lane", "LÄNE", "läne", "naïve", "nai\u0308ve", "straße", "STRASSE", "ﬁne", "İstanbul", "ısı", "Ωmega",
    "ωμεγα", "日本語", "日本", "한국어", "ไทย", "🙂", "a🙂b", "snake_case",
    "kebab-case", "dotted.name", "it's", "C++", "50%",
    "٣", "３", "AND", "OR", "NOT", "NEAR", "NEAR(a b)", '"quoted"', "star*", "^caret", "col:umn", "(paren)",
    "x" * 300, "\u200b", "é", "e\u0301",
]  # fmt: skip
BETWEEN = [" ", "  ", "\n", ", ", "-", "\u00a0", "\t"]


@pytest.fixture
async def stores(database_url: str) -> AsyncGenerator[list[FullStore]]:
    both: list[FullStore] = [
        SQLiteStore(":memory:", FakeClock(), StoreOptions()),
        PostgresStore(database_url, FakeClock(), StoreOptions()),
    ]
    for store in both:
        await store.open()
        await commit(store, putting((THREAD, thread())))
    yield both
    for store in both:
        await store.close()


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_questions_find_the_same_in_both_stores(stores: list[FullStore], seed: int):
    dice = random.Random(seed)
    entries = [
        SearchEntry(ME.user_id, SES, THR, f"itm_{number}", text_of(dice, 6), f"2026-01-01T00:00:{number:02d}.000000Z")
        for number in range(60)
    ]
    for store in stores:
        await store.index(entries, 1)

    questions = [text_of(dice, 2) for _ in range(80)] + ["", "   ", "*", '"', "()"]
    answers = [[await store.search(ME, question, limit=100) for question in questions] for store in stores]

    differing = [each for each in zip(questions, *answers, strict=True) if each[1] != each[2]]
    assert not differing
    assert sum(map(len, answers[0])) > 100


def text_of(dice: random.Random, most: int) -> str:
    words = [dice.choice(WORDS) for _ in range(dice.randint(1, most))]
    return "".join(word + dice.choice(BETWEEN) for word in words)
