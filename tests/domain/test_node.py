"""Nodes: who lives, who may say that another has died, and whose something is to look after."""

from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.instant import later
from laneway.domain.node import Living, Node, living

LEASE_S = 6.0
START = "2026-01-01T00:00:00.000000Z"


def beating(*seconds: float) -> Node:
    """A node that has beaten at these times."""
    node = Node("me", "", "")
    for second in seconds:
        node = node.beaten(later(START, second), LEASE_S)
    return node


def test_a_node_lives_for_a_lease_after_its_last_beat():
    node = beating(0, 2, 4)

    assert node.is_alive(later(START, 9.9), LEASE_S)
    assert not node.is_alive(later(START, 10), LEASE_S)


def test_a_node_may_bury_another_once_it_has_beaten_for_a_whole_lease():
    assert not beating(0, 2, 4).may_bury(later(START, 5), LEASE_S)
    assert beating(0, 2, 4, 6).may_bury(later(START, 6), LEASE_S)


def test_a_pause_of_a_lease_begins_the_wait_anew():
    paused = beating(0, 2, 4, 6, 12)

    assert not paused.may_bury(later(START, 12), LEASE_S)
    assert not beating(0, 2, 4, 6).may_bury(later(START, 12), LEASE_S), "its own heartbeat does not run"
    assert (
        paused.beaten(later(START, 15), LEASE_S).beaten(later(START, 18), LEASE_S).may_bury(later(START, 18), LEASE_S)
    )


def test_a_node_is_among_the_living_even_if_its_beats_do_not_come_through():
    silent = Node("other", "", later(START, -60))

    assert living([silent], "me", START, LEASE_S) == Living("me", ("me",), may_bury=False)


@given(st.text(min_size=1), st.integers(1, 9), st.integers(0, 1000))
def test_everything_is_one_nodes_in_each_round_and_each_nodes_in_turn(thing: str, count: int, round_: int):
    names = tuple(f"node {number}" for number in range(count))
    nodes = [Living(name, names, may_bury=True) for name in names]

    owners = [[node.me for node in nodes if node.is_mine(thing, round_ + more)] for more in range(count)]

    assert sorted(owners) == [[name] for name in names]
    assert [node.me for node in nodes if node.leads] == ["node 0"]
