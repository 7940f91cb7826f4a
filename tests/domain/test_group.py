"""Commands that share a commit end as if each had been decided and written by itself, in their order."""

from random import Random

import pytest

from laneway.domain.changes import Changes, Count, Decision, Folded, Need, One, Put
from laneway.domain.group import Later, decide_in_turn
from laneway.domain.kinds import QUEUE_ITEM, THREAD
from laneway.domain.rules import AgentTraits, Rules
from laneway.testing.store_suite.samples import ME, YOU, paused, putting, queue_item, thread
from tests.domain.jumble import THREADS, Command, beginning, command
from tests.domain.model_store import ModelStore


def new_store() -> ModelStore:
    store = ModelStore(Rules({"guide": AgentTraits()}, "guide"))
    store.apply(Changes(tuple(Put(kind, record) for kind, record in beginning())))
    return store


def decide_together(store: ModelStore, group: list[Command]) -> list[tuple[Command, Decision | Exception]]:
    """Decide and write commands in groups until none is left; returns them in the order in which they were decided."""
    done: list[tuple[Command, Decision | Exception]] = []
    while group:
        views = [store.view(each.principal, each.needs) for each in group]
        verdicts = decide_in_turn(group, views)
        again = [each for each, verdict in zip(group, verdicts, strict=True) if isinstance(verdict, Later)]
        assert len(again) < len(group)
        for each, verdict in zip(group, verdicts, strict=True):
            if isinstance(verdict, Decision):
                store.apply(verdict.changes)
            if not isinstance(verdict, Later):
                done.append((each, verdict))
        group = again
    return done


@pytest.mark.parametrize("seed", range(4))
def test_commands_of_a_group_end_as_if_they_had_come_one_by_one(seed: int):
    dice = Random(seed)
    together, one_by_one = new_store(), new_store()
    for start in range(0, 240, 8):
        group = [command(dice, number) for number in range(start, start + 8)]
        for each, verdict in decide_together(together, list(group)):
            (alone,) = decide_in_turn([each], [one_by_one.view(each.principal, each.needs)])
            if isinstance(verdict, Exception):
                assert isinstance(alone, type(verdict))
                continue
            assert alone == verdict
            one_by_one.apply(verdict.changes)

        assert together.records == one_by_one.records
        assert together.told == one_by_one.told


def test_independent_commands_share_a_commit_and_count_each_other():
    store = new_store()
    needs = (Count(QUEUE_ITEM, {"open": 1}),)

    def post(number: int) -> Command:
        item = queue_item(f"que_{number}", THREADS[0])
        return Command(ME, needs, lambda view: putting((QUEUE_ITEM, item), reply=view.count(QUEUE_ITEM))(view))

    group = [post(number) for number in range(3)]
    verdicts = decide_in_turn(group, [store.view(ME, needs) for _ in group])

    assert [verdict.reply for verdict in verdicts if isinstance(verdict, Decision)] == [0, 1, 2]


@pytest.mark.parametrize("need", [One(THREAD, THREADS[0]), Folded(THREADS[0])], ids=["record", "text"])
def test_what_an_earlier_command_writes_is_not_decided_on_before_it_is_written(need: Need):
    store = new_store()
    told = [paused(thread_id=THREADS[0])]
    telling = Command(ME, (), putting((THREAD, thread(THREADS[0], title="new")), events=told))
    looking = Command(ME, (need,), putting())

    verdicts = decide_in_turn([telling, looking], [store.view(ME, each.needs) for each in (telling, looking)])

    assert [isinstance(verdict, Later) for verdict in verdicts] == [False, True]


def test_a_record_is_written_by_one_command_of_a_group():
    store = new_store()
    posting = Command(ME, (), putting((QUEUE_ITEM, queue_item())))
    dropping = Command(ME, (), putting(drops=[(QUEUE_ITEM, "que_1")]))

    verdicts = decide_in_turn([posting, posting, dropping], [store.view(ME, ()) for _ in range(3)])

    assert [isinstance(verdict, Later) for verdict in verdicts] == [False, True, True]


def test_nobody_overtakes_a_command_that_is_about_the_same():
    store = new_store()
    first = Command(ME, (One(THREAD, THREADS[0]),), putting())
    other = Command(YOU, (One(THREAD, THREADS[1]),), putting())

    verdicts = decide_in_turn(
        [first, first, other], [None, *(store.view(each.principal, each.needs) for each in (first, other))]
    )

    assert [isinstance(verdict, Later) for verdict in verdicts] == [True, True, False]


def test_what_gives_something_up_shares_its_commit_with_nobody():
    store = new_store()
    erasing, other = Command(ME, (), putting(erase=["thr_9"])), Command(ME, (), putting())

    together = decide_in_turn([erasing, other], [store.view(ME, ()) for _ in range(2)])
    alone = decide_in_turn([erasing], [store.view(ME, ())])

    assert together == [Later(is_alone=True), Decision()]
    assert isinstance(alone[0], Decision)
