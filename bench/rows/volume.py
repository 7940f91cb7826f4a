"""A large installation: a hundred thousand threads to list, a million items to search."""

import asyncio
import random

from bench.figure import Figure
from bench.rows import library
from bench.stage import Stage, stage
from tests.prove.harness.http import expect

QUICK, FULL = 10_000, 100_000
ITEMS_A_THREAD = 10


async def lists_and_search(is_quick: bool) -> list[Figure]:
    """The records are written straight into the tables, with the store's own encoding, then asked for over HTTP."""
    threads = QUICK if is_quick else FULL
    async with stage() as here:
        me = await here.client.get("/me")
        session = await here.session()
        await here.stop()
        here.client.close()
        items = threads * ITEMS_A_THREAD
        await asyncio.to_thread(library.fill, here.data / "laneway.db", str(me["id"]), session, threads, items)
        await here.start()
        figures = await _lists(here, threads, 200 if is_quick else 500)
        figures += await _searches(here, items, 200 if is_quick else 500)
    return figures


async def _lists(here: Stage, threads: int, count: int) -> list[Figure]:
    newest = await _ask(here, ["/threads?limit=20"] * count)
    kinds = ("/threads?limit=20&offset=40", "/threads?limit=20&sort=title", "/threads?limit=20&sort=created_at")
    others = await _ask(here, [kinds[number % len(kinds)] for number in range(count)])
    first = expect(await here.client.ask("GET", "/threads?limit=20"), 200)
    words = [f"/threads?q={library.word(rank)}" for rank in random.Random(9).choices(range(500, 20_000), k=count // 2)]
    common = [f"/threads?q={library.word(number % 10)}" for number in range(20)]
    found, frequent = await _ask(here, words), await _ask(here, common)
    note = f"X-Total-Count {first.headers.get('x-total-count')}"
    return [
        Figure("lists", f"20 of {threads:,} threads, newest first", "ms", newest, {"p99": 10}, note=note),
        Figure("lists", "20 by title, by age, by offset", "ms", others, {"p99": 10}),
        Figure("lists", "20 of those that have a word", "ms", found, {"p99": 50}),
        Figure("lists", "20 of those with one of the ten most frequent words", "ms", frequent),
    ]


async def _searches(here: Stage, items: int, count: int) -> list[Figure]:
    randomness = random.Random(7)
    rare = [f"/search?q={library.word(randomness.randrange(2_000, 20_000))}" for _ in range(count)]
    pairs = [
        f"/search?q={library.word(randomness.randrange(50))}%20{library.word(randomness.randrange(2_000))}"
        for _ in range(count)
    ]
    common = [f"/search?q={library.word(randomness.randrange(10))}" for _ in range(count // 5)]
    return [
        Figure("search", f"one word, in {items:,} items", "ms", await _ask(here, rare), {"p99": 50}),
        Figure("search", "two words, one of them frequent", "ms", await _ask(here, pairs), {"p99": 50}),
        Figure("search", "one of the ten most frequent words", "ms", await _ask(here, common), {"p99": 50}),
    ]


async def _ask(here: Stage, paths: list[str]) -> list[float]:
    values: list[float] = []
    for path in [paths[0]] * 5 + paths:
        values.append(expect(await here.client.ask("GET", path), 200).seconds * 1000)
    return values[5:]
