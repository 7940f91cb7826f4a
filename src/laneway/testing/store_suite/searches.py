"""Searches: every word, newest first, and no character of a question means anything but itself."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laneway.domain.errors import Invalid
from laneway.domain.kinds import ITEM, SESSION, THREAD
from laneway.domain.principal import SYSTEM, Principal
from laneway.store import Query, SearchEntry, StoreOptions, Where
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import FullStore, StoreCase, commit
from laneway.testing.store_suite.pages import all_pages
from laneway.testing.store_suite.samples import ME, SES, THR, YOU, at, item, putting, session, thread, thread_deleted

HOSTILE = (
    "'", '"', '""', "*", "^word", "a AND", "NOT a", "(", ")", "a NEAR b", "NEAR(a b, 5)", "scope:x", "text:word",
    "-word", "+", "{scope text}: a", "a*", "a ^ b", "\\", "--", "; DROP TABLE search_entry", "%", "_", "\x00", "\ufffd",
    "' OR 1=1 --", "a\nb", "🦜", "\u200b", "…", "a.b.c", "C++", "f(x)=y", "<b>", "word\x02\x03",
)  # fmt: skip


class Searches(StoreCase):
    async def test_all_words_are_wanted_whatever_their_case(self, store: FullStore) -> None:
        await self._index(store, ["The quick brown fox", "a quick answer", "brown bread"])

        assert await found(store, "QUICK") == ["itm_1", "itm_0"]
        assert await found(store, "quick brown") == ["itm_0"]
        assert await found(store, "fox quick Brown") == ["itm_0"]
        assert await found(store, "quick purple") == []
        assert await found(store, "quic") == []

    async def test_the_newest_comes_first_and_no_more_than_asked_for(self, store: FullStore) -> None:
        times = (3, 1, 2, 2)
        entries = [entry(f"itm_{number}", "word", seconds) for number, seconds in enumerate(times)]
        await self._put_thread(store)
        await store.index(entries, 1)

        assert [hit.at for hit in await store.search(ME, "word")] == [at(3), at(2), at(2), at(1)]
        assert [hit.item_id for hit in await store.search(ME, "word", limit=1)] == ["itm_0"]

    async def test_a_hit_shows_the_words_marked(self, store: FullStore) -> None:
        await self._index(store, ["one \x02two\x03 three"])

        (hit,) = await store.search(ME, "two")

        assert (hit.thread_id, hit.item_id, hit.at) == (THR, "itm_0", at(0))
        assert hit.snippet == "one \x02two\x03 three"

    async def test_a_long_text_is_shown_in_part(self, store: FullStore) -> None:
        await self._index(store, ["before " * 500 + "needle" + " after" * 500])

        (hit,) = await store.search(ME, "needle")

        assert "\x02needle\x03" in hit.snippet
        assert len(hit.snippet) < 400

    async def test_what_was_cut_from_the_transcript_is_not_found(self, store: FullStore) -> None:
        await self._index(store, ["word", "word"])
        await commit(store, putting((ITEM, replace(item("itm_0"), state="superseded"))))

        assert await found(store, "word") == ["itm_1"]

    async def test_one_session_can_be_searched(self, store: FullStore) -> None:
        await self._index(store, ["word"])
        await commit(store, putting((SESSION, session("ses_2")), (THREAD, thread("thr_2", "ses_2"))))
        await store.index([SearchEntry(ME.user_id, "ses_2", "thr_2", "", "word", at(5))], 2)

        assert await found(store, "word") == ["", "itm_0"]
        assert [hit.item_id for hit in await store.search(ME, "word", SES)] == ["itm_0"]
        assert await store.search(ME, "word", "ses_unknown") == ()

    async def test_threads_with_all_the_words_are_listed_however_many_newer_matches_there_are(
        self, store: FullStore
    ) -> None:
        await self._put_thread(store)
        talkative, quiet = thread("thr_2"), replace(thread("thr_3"), pinned=True)
        theirs = thread("thr_4", owner=YOU.user_id)
        await commit(store, putting(*((THREAD, each) for each in (talkative, quiet, theirs))))
        newer = [replace(entry(f"itm_{number}", "a word"), thread_id="thr_2", at=at(1)) for number in range(1001)]
        title = SearchEntry(ME.user_id, SES, "thr_3", "", "the word", at(0))
        your = SearchEntry(YOU.user_id, SES, "thr_4", "", "word", at(0))
        await store.index([title, entry("itm_x", "another text"), your, *newer], 1)

        assert await listed(store, ME, "WORD") == ["thr_2", "thr_3"]
        assert await listed(store, SYSTEM, "WORD") == ["thr_2", "thr_3", "thr_4"]
        for who in (ME, SYSTEM):
            mine = (Where("pinned", "=", False), Where("owner", "=", ME.user_id))
            assert await listed(store, who, "the word") == ["thr_3"]
            assert await listed(store, who, "word", *mine) == ["thr_2"]
            assert [await listed(store, who, text) for text in ("nowhere", "!?")] == [[], []]

    async def test_a_thread_is_not_listed_for_what_was_cut_from_it_or_after_its_end(self, store: FullStore) -> None:
        await self._index(store, ["first", "second"])
        await commit(store, putting((ITEM, replace(item("itm_0"), state="superseded"))))

        assert (await listed(store, ME, "first"), await listed(store, ME, "second")) == ([], [THR])
        await commit(store, putting((THREAD, replace(thread(), deleted=True)), erase=[THR]))
        assert [await listed(store, who, "second") for who in (ME, SYSTEM)] == [[], []]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(HOSTILE))
    async def test_a_list_of_threads_takes_any_text(self, store: FullStore, text: str) -> None:
        await listed(store, ME, text)

    async def test_an_entry_is_replaced_and_removed(self, store: FullStore) -> None:
        await self._index(store, ["first"])

        await store.index([entry("itm_0", "second")], 2)
        assert (await found(store, "first"), await found(store, "second")) == ([], ["itm_0"])

        await store.index([entry("itm_0", "")], 3)
        assert await found(store, "second") == []

    async def test_the_cursor_is_told_and_never_goes_back(self, clock: FakeClock) -> None:
        store = self.make_store(clock, StoreOptions())
        await store.open()
        await self._put_thread(store)

        told = [await store.index([], 0), await store.index([entry("itm_1", "a")], 7), await store.index([], 0)]
        told += [await store.index([entry("itm_1", "a")], 5), await store.index([], 9)]
        if self.is_durable:
            await store.close()
            store = self.make_store(clock, StoreOptions())
            await store.open()

        assert told == [0, 7, 7, 7, 9]
        assert not self.is_durable or await store.index([], 0) == 9
        await store.close()

    async def test_a_late_projection_brings_nothing_back(self, store: FullStore) -> None:
        await self._index(store, ["word"])
        await commit(store, putting(events=[thread_deleted()], erase=[THR]))

        await store.index([entry("itm_0", "word"), entry("itm_9", "word")], 2)
        while await store.erase():
            await store.index([entry("itm_0", "word")], 3)
        await store.index([entry("itm_0", "word")], 4)

        assert await store.search(ME, "word") == ()

    @pytest.mark.parametrize("text", ["", " ", "\n", "!?", '"', "…", "\x00", "' ' '"])
    async def test_a_question_without_a_word_finds_nothing(self, store: FullStore, text: str) -> None:
        await self._index(store, ["word", '" … ! ?'])

        assert await store.search(ME, text) == ()

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_punctuation_means_nothing(self, store: FullStore, text: str) -> None:
        await self._index(store, [f"before {text} word", "another"])

        assert await found(store, "word") == (["itm_0"])
        assert set(await found(store, text)) <= {"itm_0"}
        assert await found(store, f"word {text}") == ["itm_0"]

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    async def test_any_text_is_a_question(self, store: FullStore, text: str) -> None:
        await store.search(ME, text)

    async def test_too_many_words_are_refused(self, store: FullStore) -> None:
        many = " ".join(f"word{number}" for number in range(1000))

        with pytest.raises(Invalid):
            await store.search(ME, many)
        with pytest.raises(Invalid):
            await listed(store, ME, many)

    async def test_nobody_finds_another_owners_text_by_writing_a_scope(self, store: FullStore) -> None:
        await self._index(store, ["secret"])

        for text in ("secret", "secret owner", f"secret {ME.user_id}", f'secret" OR scope : "{ME.user_id}'):
            assert await store.search(YOU, text) == ()

    async def _index(self, store: FullStore, texts: Sequence[str]) -> None:
        await self._put_thread(store)
        await store.index([entry(f"itm_{number}", text, number) for number, text in enumerate(texts)], 1)

    async def _put_thread(self, store: FullStore) -> None:
        await commit(store, putting((SESSION, session()), (THREAD, thread())))


def entry(item_id: str, text: str, seconds: float = 0) -> SearchEntry:
    return SearchEntry(ME.user_id, SES, THR, item_id, text, at(seconds))


async def found(store: FullStore, text: str) -> list[str]:
    """The items that a search finds, in its order."""
    return [hit.item_id for hit in await store.search(ME, text)]


async def listed(store: FullStore, who: Principal, text: str, *where: Where) -> list[str]:
    """The threads that have all the words: their total is told, and pages of one have each of them once."""
    query = Query(THREAD, (Where("id", "matches", text), *where), limit=1, count=True)
    pages = await all_pages(store, query, who)
    found = [record.id for each in pages for record in each.records]
    assert pages[0].total == len(found)
    return found
