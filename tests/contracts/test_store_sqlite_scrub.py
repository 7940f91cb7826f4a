"""The SQLite store's scrub: no byte of what was erased stays in a file, wherever SQLite has moved it meanwhile."""

import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from laneway.domain.kinds import ITEM, THREAD
from laneway.store import SearchEntry, StoreOptions
from laneway.stores.sqlite import SQLiteStore, scrub
from laneway.stores.sqlite.database import Database
from laneway.stores.sqlite.scrub import PAGE, clean, pages_in_log, unused_space
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import commit
from laneway.testing.store_suite.samples import ME, SES, at, item, paused, putting, thread

pytestmark = pytest.mark.anyio
CANARY = "Kanarienvogel"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "laneway.db"


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SQLiteStore]:
    store = SQLiteStore(path, FakeClock(), StoreOptions())
    await store.open()
    yield store
    await store.close()


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_stays_in_any_file_while_others_go_on_writing(
    store: SQLiteStore, path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "SLICE", 10)
    writing = Writing(store, random.Random(seed))
    for _ in range(150):
        await writing.write(CANARY, "thr_gone")
        await writing.write("a sparrow", "thr_stays")
    await commit(store, putting(erase=["thr_gone"]))

    steps = 0
    while await store.erase(200):
        await writing.write("a sparrow", "thr_stays")
        steps += 1

    assert steps > 10
    assert found_in(path.parent) == []


async def test_words_of_erased_texts_leave_the_index_and_those_of_others_stay(store: SQLiteStore, path: Path) -> None:
    randomness = random.Random(1)
    await commit(store, putting((THREAD, thread("thr_gone")), (THREAD, thread("thr_stays"))))
    for number in range(60):
        for thread_id, word in (("thr_gone", CANARY), ("thr_stays", "sparrow")):
            text = " ".join(f"{word}{randomness.getrandbits(40)}" for _ in range(60)) + f" {word} the{number}"
            await store.index([SearchEntry(ME.user_id, SES, thread_id, f"itm_{number}", text, at(number))], number)
    assert found_in(path.parent)

    await commit(store, putting(erase=["thr_gone"]))
    while await store.erase(7):
        pass

    assert found_in(path.parent) == []
    assert [len(await store.search(ME, word)) for word in (CANARY, "sparrow", "the7")] == [0, 20, 1]
    await store.close()
    with Database(path) as database:
        database.writer.execute("INSERT INTO search_text (search_text, rank) VALUES ('integrity-check', 1)")


async def test_a_scrub_that_was_interrupted_begins_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub, "SLICE", 10)
    first = SQLiteStore(path, FakeClock(), StoreOptions())
    await first.open()
    writing = Writing(first, random.Random(0))
    for _ in range(50):
        await writing.write(CANARY, "thr_gone")
    await commit(first, putting(erase=["thr_gone"]))
    for _ in range(3):
        assert await first.erase(1000)
    await first.close()

    second = SQLiteStore(path, FakeClock(), StoreOptions())
    await second.open()

    assert await second.erase()
    while await second.erase():
        pass
    assert found_in(path.parent) == []
    await second.close()


def test_only_the_unused_space_of_a_page_is_cleaned(path: Path) -> None:
    with Database(path):
        pass
    before = path.read_bytes()
    number, start, end = next(
        (number, *space)
        for number in range(2, len(before) // PAGE + 1)
        if (space := unused_space(before[(number - 1) * PAGE : number * PAGE], 0)) != (0, 0)
    )
    place = (number - 1) * PAGE

    with path.open("r+b") as file:
        file.seek(place + start)
        file.write(b"x" * (end - start))
        file.flush()
        clean(file.fileno(), [1, number, 100_000])

    assert path.read_bytes() == before[: place + start] + bytes(end - start) + before[place + end :]


@pytest.mark.parametrize(
    "page", [b"", b"\x0d", bytes(PAGE), b"\x0d\0\0\0\x01\xff\xff" + bytes(PAGE - 7), b"\xff" * PAGE]
)
def test_what_is_no_page_of_a_tree_is_left_alone(page: bytes) -> None:
    assert unused_space(page, 0) == (0, 0)


def test_a_log_that_is_not_there_has_no_pages(path: Path) -> None:
    assert pages_in_log(path) == set()


class Writing:
    """Rows of all sizes, some replaced by shorter ones, so that pages split, merge and move their rows."""

    def __init__(self, store: SQLiteStore, randomness: random.Random) -> None:
        self._store = store
        self._random = randomness

    async def write(self, word: str, thread_id: str) -> None:
        text = f"{word} " * self._random.randint(1, self._random.choice((1, 20, 300)))
        written = item(f"itm_{self._random.getrandbits(64):x}", thread_id, text=text)
        records = ((ITEM, written), (THREAD, thread(thread_id, title=text[:60])))
        await commit(self._store, putting(*records, events=[paused(text, thread_id)]))
        if self._random.random() < 0.3:
            await commit(self._store, putting((ITEM, item(written.id, thread_id, text=word))))


def found_in(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir() if CANARY.lower().encode() in each.read_bytes().lower()]
