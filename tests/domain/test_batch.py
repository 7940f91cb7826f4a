"""Batches: the longest prefix of the queue that may run as one turn, and why it ends there."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.batch import BatchPolicy, plan_batch
from laneway.domain.queue import QueueHeader

headers = st.builds(
    QueueHeader,
    id=st.uuids().map(str),
    sender=st.sampled_from(["ada", "bob"]),
    hold=st.sampled_from([False, False, False, True]),
    delivery=st.sampled_from(["queue", "queue", "queue", "steer", "interrupt", "reject"]),
    permissions=st.sampled_from(["full", "full", "read"]),
    agents=st.sampled_from([(), (), ("guide",), ("guide", "model")]),
    destination=st.sampled_from([None, None, "here"]),
    size=st.integers(0, 60),
)
queues = st.lists(headers, max_size=12).map(tuple)
policies = st.builds(
    BatchPolicy,
    mode=st.sampled_from(["combine", "combine", "combine", "one_at_a_time"]),
    max_items=st.integers(1, 5),
    max_bytes=st.integers(1, 100),
)
ONE = QueueHeader("one", "ada")


@given(queues, policies)
def test_a_batch_is_a_prefix_of_the_queue_in_order(queue: tuple[QueueHeader, ...], policy: BatchPolicy):
    batch = plan_batch(queue, policy)

    assert batch.item_ids == tuple(header.id for header in queue[: len(batch.item_ids)])


@given(queues, policies)
def test_it_is_empty_only_when_nothing_waits_or_the_first_is_held(queue: tuple[QueueHeader, ...], policy: BatchPolicy):
    batch = plan_batch(queue, policy)

    assert bool(batch.item_ids) == (bool(queue) and not queue[0].hold)


@given(queues, policies)
def test_it_says_why_it_ends_exactly_when_something_is_left(queue: tuple[QueueHeader, ...], policy: BatchPolicy):
    batch = plan_batch(queue, policy)

    assert (batch.break_reason is None) == (len(batch.item_ids) == len(queue))


@given(queues, policies)
def test_all_of_a_batch_may_run_together(queue: tuple[QueueHeader, ...], policy: BatchPolicy):
    taken = queue[: len(plan_batch(queue, policy).item_ids)]

    assert not any(header.hold for header in taken)
    assert len({(each.sender, each.permissions, each.agents, each.destination) for each in taken}) <= 1
    assert len(taken) <= (policy.max_items if policy.mode == "combine" else 1)
    assert len(taken) <= 1 or sum(header.size for header in taken) <= policy.max_bytes
    assert len(taken) <= 1 or not any(header.delivery == "interrupt" for header in taken)


@given(queues, policies)
def test_it_is_the_longest_one_that_may(queue: tuple[QueueHeader, ...], policy: BatchPolicy):
    """What comes next could not have been taken as well, for the reason that is given."""
    batch = plan_batch(queue, policy)
    if batch.break_reason is None:
        return
    taken, following = queue[: len(batch.item_ids)], queue[len(batch.item_ids)]
    first = taken[0] if taken else following

    is_so = {
        "hold": following.hold,
        "one_at_a_time": policy.mode == "one_at_a_time" and bool(taken),
        "sender": following.sender != first.sender,
        "permissions": following.permissions != first.permissions,
        "agents": following.agents != first.agents,
        "delivery": "interrupt" in (first.delivery, following.delivery),
        "destination": following.destination != first.destination,
        "limit": len(taken) == policy.max_items
        or sum(header.size for header in (*taken, following)) > policy.max_bytes,
    }
    assert is_so[batch.break_reason]


@given(queues, policies)
def test_what_is_left_is_planned_as_if_it_had_been_alone(queue: tuple[QueueHeader, ...], policy: BatchPolicy):
    """Turn after turn the whole queue runs, up to the first held item, each item once and in order."""
    run: list[str] = []
    left = queue
    while batch := plan_batch(left, policy).item_ids:
        run += batch
        left = left[len(batch) :]

    until_held = next((n for n, header in enumerate(queue) if header.hold), len(queue))
    assert run == [header.id for header in queue[:until_held]]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (replace(ONE, id="two"), None),
        (replace(ONE, id="two", hold=True), "hold"),
        (replace(ONE, id="two", sender="bob"), "sender"),
        (replace(ONE, id="two", permissions="read"), "permissions"),
        (replace(ONE, id="two", agents=("guide",)), "agents"),
        (replace(ONE, id="two", delivery="interrupt"), "delivery"),
        (replace(ONE, id="two", delivery="steer"), None),
        (replace(ONE, id="two", destination="here"), "destination"),
        (replace(ONE, id="two", size=256 * 1024 + 1), "limit"),
    ],
)
def test_each_difference_has_its_reason(second: QueueHeader, reason: str | None):
    batch = plan_batch((ONE, second), BatchPolicy())

    assert batch.break_reason == reason
    assert batch.item_ids == (("one",) if reason else ("one", "two"))


def test_an_item_that_is_larger_than_the_limit_still_runs_alone():
    large = replace(ONE, size=10**9)

    assert plan_batch((large, ONE), BatchPolicy()).item_ids == ("one",)
    assert plan_batch((large,), BatchPolicy()).break_reason is None


def test_an_interrupt_runs_alone_and_the_queue_goes_on_behind_it():
    urgent = replace(ONE, delivery="interrupt")

    batch = plan_batch((urgent, replace(ONE, id="two")), BatchPolicy())

    assert (batch.item_ids, batch.break_reason) == (("one",), "delivery")
