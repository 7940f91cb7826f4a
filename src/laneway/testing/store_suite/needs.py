"""Needs: what a decision declares is what it gets, as its principal may see it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from laneway.domain.changes import Count, Decision, Folded, Need, One, Some, Span, View
from laneway.domain.errors import Internal
from laneway.domain.kinds import ITEM, NODE, QUEUE_ITEM, SESSION, THREAD, TURN
from laneway.domain.node import Node
from laneway.domain.principal import Principal
from laneway.store import Fold
from laneway.testing.clock import START
from laneway.testing.store_suite.case import FullStore, StoreCase, commit
from laneway.testing.store_suite.samples import (
    ITM,
    ME,
    THR,
    TRN,
    YOU,
    delta,
    item,
    paused,
    putting,
    queue_item,
    session,
    thread,
    turn,
)

T = TypeVar("T")


async def see(store: FullStore, needs: Sequence[Need], look: Callable[[View], T], principal: Principal = ME) -> T:
    """What a decision sees of its needs."""
    seen: list[T] = []

    def decide(view: View) -> Decision:
        seen.append(look(view))
        return Decision()

    await store.transact(principal, needs, decide)
    return seen[0]


class Needs(StoreCase):
    async def test_a_span_is_between_two_numbers_oldest_or_newest_first(self, store: FullStore) -> None:
        numbered = [replace(item(f"itm_{seq}"), seq=seq) for seq in range(1, 7)]
        other = replace(item("itm_8", "thr_2"), seq=3)
        await commit(
            store, putting((THREAD, thread()), (THREAD, thread("thr_2")), *((ITEM, each) for each in numbered))
        )
        await commit(store, putting((ITEM, other)))
        of_thread = {"thread_id": THR, "state": "complete"}

        async def seqs(need: Span, principal: Principal = ME) -> list[int]:
            return await see(store, [need], lambda view: [each.seq for each in view.some(ITEM)], principal)

        assert await seqs(Span(ITEM, of_thread, 2)) == [3, 4, 5, 6]
        assert await seqs(Span(ITEM, of_thread, 2, below=5)) == [3, 4]
        assert await seqs(Span(ITEM, of_thread, limit=2)) == [1, 2]
        assert await seqs(Span(ITEM, of_thread, below=6, newest=True, limit=2)) == [5, 4]
        assert await seqs(Span(ITEM, of_thread), YOU) == []

    async def test_one_follows_a_chain_of_references(self, store: FullStore) -> None:
        running = replace(thread(), active_turn_id=TRN)
        node = Node("node_1", ME.user_id, START)
        await commit(store, putting((THREAD, running), (TURN, turn(node="node_1")), (NODE, node)))
        need = One(THREAD, THR, ("active_turn_id", "node"))

        seen = await see(
            store, [need], lambda view: (view.get(THREAD, THR), view.get(TURN, TRN), view.get(NODE, "node_1"))
        )

        assert seen == (running, turn(node="node_1"), node)

    async def test_a_chain_ends_where_nothing_is_referred_to(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread())))

        seen = await see(
            store,
            [One(THREAD, THR, ("active_turn_id", "node")), One(THREAD, "thr_missing", ("session_id",))],
            lambda view: (view.get(THREAD, THR), view.get(THREAD, "thr_missing")),
        )

        assert seen == (thread(), None)

    async def test_some_come_in_the_order_of_their_first_put(self, store: FullStore) -> None:
        for id in ("que_c", "que_a", "que_b"):
            await commit(store, putting((QUEUE_ITEM, queue_item(id))))
        edited, other = queue_item("que_c", text="edited"), queue_item("que_x", "thr_2")
        await commit(store, putting((QUEUE_ITEM, edited), (QUEUE_ITEM, other)))

        seen = await see(
            store, [Some(QUEUE_ITEM, {"thread_id": THR, "open": 1})], lambda view: list(view.some(QUEUE_ITEM))
        )

        assert seen == [edited, queue_item("que_a"), queue_item("que_b")]

    async def test_some_of_one_kind_add_up_without_repeating(self, store: FullStore) -> None:
        turns = [turn("trn_1", "thr_1", "running"), turn("trn_2", "thr_2", "waiting"), turn("trn_3", "thr_3", "failed")]
        await commit(store, putting(*((TURN, each) for each in turns)))
        needs = [Some(TURN, {"status": status}) for status in ("running", "waiting")]

        seen = await see(store, [*needs, needs[0]], lambda view: (list(view.some(TURN)), view.get(TURN, "trn_2")))

        assert seen == (turns[:2], turns[1])

    async def test_some_are_at_most_so_many(self, store: FullStore) -> None:
        await commit(store, putting(*((ITEM, item(f"itm_{number}")) for number in range(5))))

        seen = await see(store, [Some(ITEM, {"turn_id": TRN}, limit=3)], lambda view: len(view.some(ITEM)))

        assert seen == 3

    async def test_a_count_counts_only_the_principals(self, store: FullStore) -> None:
        mine, yours = (queue_item("que_1"), queue_item("que_2")), queue_item("que_3", owner=YOU.user_id)
        done = replace(queue_item("que_4"), state="consumed")
        await commit(store, putting(*((QUEUE_ITEM, each) for each in (*mine, yours, done))))

        seen = await see(store, [Count(QUEUE_ITEM, {"open": 1})], lambda view: view.count(QUEUE_ITEM))

        assert seen == 2

    async def test_folded_is_the_text_of_what_is_unfinished(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn()), (ITEM, item(is_open=True)), (ITEM, item("itm_2"))))
        await store.append([delta("Hel"), delta("lo, \u2028 wörld"), delta("done", item("itm_2"))])

        seen = await see(store, [Folded(THR)], lambda view: (view.folded(ITM), view.folded("itm_2")))

        assert seen == ("Hello, \u2028 wörld", "")
        assert (await store.read(ME, Fold(THR))).results == ({ITM: "Hello, \u2028 wörld"},)

    async def test_an_unfinished_item_that_has_said_nothing_folds_to_nothing(self, store: FullStore) -> None:
        await commit(store, putting((TURN, turn()), (ITEM, item(is_open=True)), events=[paused()]))

        assert (await store.read(ME, Fold(THR))).results == ({ITM: ""},)

    async def test_what_was_not_declared_cannot_be_seen(self, store: FullStore) -> None:
        await commit(store, putting((THREAD, thread()), (SESSION, session())))

        looks: tuple[Callable[[View], object], ...] = (
            lambda view: view.get(THREAD, THR),
            lambda view: view.some(THREAD),
            lambda view: view.count(THREAD),
        )
        for look in looks:
            with pytest.raises(Internal):
                await see(store, [One(SESSION, "ses_1")], look)
