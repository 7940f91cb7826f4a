"""Retentions: what is pruned leaves the bytes of what stays alone, and no reader with a gap it does not know of."""

from dataclasses import replace

import pytest

from laneway.domain.changes import Folded
from laneway.domain.errors import CursorExpired
from laneway.domain.kinds import ITEM, TURN
from laneway.store import Retention
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, whole_log, whole_user
from laneway.testing.store_suite.needs import see
from laneway.testing.store_suite.samples import (
    ITM,
    ME,
    SES,
    THR,
    YOU,
    at,
    delta,
    item,
    paused,
    putting,
    state_changed,
    turn,
)

HOUR_LATER = Retention(deltas_before=at(3600))


class Retentions(StoreCase):
    async def test_folding_takes_the_deltas_and_nothing_else(self, store: FullStore) -> None:
        await speak(store, 5)
        before = await whole_log(store, SES)
        await commit(store, putting((ITEM, item(text="....."))))

        pruned = await store.compact(HOUR_LATER)

        assert pruned == 5
        assert await whole_log(store, SES) == [event for event in before if event.type != "item.delta"]
        assert await whole_user(store, ME.user_id) == await whole_log(store, SES)
        assert await store.compact(HOUR_LATER) == 0

    async def test_a_cursor_inside_folded_deltas_is_told_where_to_go_on(self, store: FullStore) -> None:
        await speak(store, 5)  # item.started at 1, its deltas at 2 to 6, what follows at 7
        await commit(store, putting((ITEM, item())))
        await store.compact(HOUR_LATER)

        resets = [(await store.read_log(SES, after, 10)).reset_at for after in range(8)]
        inside = await store.read_log(SES, 3, 10, THR)

        assert resets == [None, None, 6, 6, 6, 6, None, None]
        assert (inside.events, inside.cursor, inside.reset_at) == ((), 6, 6)
        assert [event.offset for event in (await store.read_log(SES, 6, 10)).events] == [7]
        assert (await store.read_log(SES, 3, 10, "thr_2")).reset_at is None

    async def test_a_users_cursor_inside_folded_deltas_is_told_so_too(self, store: FullStore) -> None:
        deltas = await speak(store, 5)
        events = await whole_user(store, ME.user_id)
        await commit(store, putting((ITEM, item())))
        await store.compact(HOUR_LATER)

        reads = [await store.read_user(ME.user_id, (each.position, each.ordinal), 10) for each in events]

        assert [read.reset_at is not None for read in reads] == [False] + [True] * 4 + [False] * 2
        assert reads[2].events == ()
        go_on = await store.read_user(ME.user_id, (reads[2].cursor, reads[2].ordinal), 10)
        assert [event.offset for event in go_on.events] == [deltas + 2]

    async def test_items_that_were_told_side_by_side_are_left_behind_together(self, store: FullStore) -> None:
        other = item("itm_2", "thr_2", turn_id="trn_2")
        turns = ((TURN, turn()), (TURN, turn("trn_2", "thr_2")))
        await commit(store, putting(*turns, (ITEM, item()), (ITEM, other)))
        for _ in range(3):  # offsets 1, 3, 5 and 2, 4, 6
            await store.append([delta("a"), delta("b", other)])
        await store.compact(HOUR_LATER)

        session_wide = [(await store.read_log(SES, after, 10)).reset_at for after in range(7)]
        of_thread = [(await store.read_log(SES, after, 10, "thr_2")).reset_at for after in range(7)]

        assert session_wide == [None, 6, 6, 6, 6, 6, None]
        assert of_thread == [None, None, 6, 6, 6, 6, None]

    async def test_what_is_unfinished_or_recent_is_not_folded(self, store: FullStore) -> None:
        await speak(store, 3)
        await store.append([delta("late", item("itm_2"), seconds=7200), delta("early", item("itm_2"), seconds=1)])

        assert await store.compact(HOUR_LATER) == 0
        assert await see(store, [Folded(THR)], lambda view: view.folded(ITM)) == "..."

    async def test_an_item_of_very_many_deltas_is_folded_whole(self, store: FullStore) -> None:
        await speak(store, 1)
        for _ in range(30):
            await store.append([delta("x")] * 50)
        await commit(store, putting((ITEM, item())))

        pruned = await store.compact(HOUR_LATER)

        assert pruned == 1501
        assert (await store.read_log(SES, 700, 10)).reset_at == 1503

    async def test_events_past_their_retention_go_and_cursors_before_them_are_expired(self, store: FullStore) -> None:
        events = [replace(state_changed(number), at=at(number)) for number in range(6)]
        for event in events:
            await commit(store, putting(events=[event]))
        before = await whole_log(store, SES)
        positions = [event.position for event in before]

        pruned = await store.compact(Retention(events_before=at(3)))

        kept = await store.read_log(SES, 3, 10)
        assert pruned == 3
        assert (list(kept.events), kept.oldest) == (before[3:], 3)
        assert list((await store.read_user(ME.user_id, (positions[2], 1), 10)).events) == before[3:]
        for after in range(3):
            with pytest.raises(CursorExpired):
                await store.read_log(SES, after, 10)
        for position in (0, *positions[:2]):
            with pytest.raises(CursorExpired):
                await store.read_user(ME.user_id, (position, 1 if position else 0), 10)

    async def test_a_user_who_lost_nothing_is_not_expired(self, store: FullStore) -> None:
        await commit(store, putting(events=[state_changed()]))
        await commit(store, putting(events=[replace(state_changed(1, "ses_you", YOU.user_id), at=at(10))]))

        await store.compact(Retention(events_before=at(5)))

        assert len((await store.read_user(YOU.user_id, (0, 0), 10)).events) == 1
        assert len((await store.read_log("ses_you", 0, 10)).events) == 1

    async def test_numbers_go_on_after_everything_was_pruned(self, store: FullStore) -> None:
        await commit(store, putting(events=[paused(), paused()]))
        before = (await store.read(ME, log=SES)).position
        await store.compact(Retention(events_before=at(5)))

        committed = await store.transact(ME, (), putting(events=[paused()]))

        assert [(event.offset, event.seq) for event in committed.events] == [(3, 3)]
        assert committed.events[0].position > before


async def speak(store: FullStore, count: int) -> int:
    """An unfinished item with so many deltas between two other events of its thread."""
    await commit(store, putting((TURN, turn()), (ITEM, item(is_open=True)), events=[paused("before")]))
    for _ in range(count):
        assert await store.append([delta(".")]) == ()
    await commit(store, putting(events=[paused("after")]))
    return count
