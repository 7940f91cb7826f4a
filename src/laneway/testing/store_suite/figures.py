"""Figures: what whoever watches a store is told of it."""

from dataclasses import replace

from laneway.domain.instant import later
from laneway.domain.kinds import NODE, QUEUE_ITEM, TURN
from laneway.domain.node import Node
from laneway.domain.principal import SYSTEM
from laneway.store import StoreOptions
from laneway.testing.clock import START, FakeClock
from laneway.testing.store_suite.case import FullStore, StoreCase, commit
from laneway.testing.store_suite.samples import paused, putting, queue_item, turn


class StoreFigures(StoreCase):
    async def test_what_waits_is_counted_and_the_first_that_was_accepted_is_the_oldest(self, store: FullStore) -> None:
        for number, at in enumerate((5.0, 7.0, 9.0)):
            waiting = replace(queue_item(f"que_{9 - number}"), created_at=later(START, at))
            await commit(store, putting((QUEUE_ITEM, waiting)))
        await commit(store, putting((QUEUE_ITEM, replace(queue_item("que_9"), state="consumed"))))

        figures = await store.figures()

        assert (figures.waiting, figures.oldest_waiting_at) == (2, later(START, 7.0))

    async def test_running_turns_are_counted_and_those_whose_node_is_silent(self, store: FullStore) -> None:
        beats = {"alive": later(START, 10**9), "silent": later(START, -(10**6))}
        nodes = [(NODE, Node(name, "", at)) for name, at in beats.items()]
        turns = [
            (TURN, turn(f"trn_{place}", f"thr_{place}", node=node))
            for place, node in enumerate(("alive", "silent", "never seen", None))
        ]
        ended = (TURN, turn("trn_9", "thr_9", "completed", node="silent"))
        await commit(store, putting(*nodes, *turns, ended))

        figures = await store.figures()

        assert (figures.running, figures.leaseless) == (4, 2)

    async def test_events_are_unapplied_until_the_search_has_passed_them(self, store: FullStore) -> None:
        committed = [await store.transact(SYSTEM, (), putting(events=[paused(), paused()])) for _ in range(3)]
        before = (await store.figures()).unapplied

        await store.index((), committed[1].events[0].position)

        assert (before, (await store.figures()).unapplied) == (6, 2)

    async def test_the_last_heartbeat_of_the_process_is_told_by_its_age(self, clock: FakeClock) -> None:
        store = self.make_store(clock, StoreOptions(node="node_1", lease_s=10**7))
        await store.open()
        await commit(store, putting((NODE, Node("node_1", "", later(START, -(10**6))))))

        silent_s = (await store.figures()).silent_s
        await store.close()

        assert silent_s is not None
        assert silent_s >= 10**6

    async def test_an_empty_store_has_nothing_to_tell(self, store: FullStore) -> None:
        figures = await store.figures()

        assert (figures.waiting, figures.oldest_waiting_at, figures.running, figures.unapplied) == (0, None, 0, 0)
        assert figures.silent_s is None
