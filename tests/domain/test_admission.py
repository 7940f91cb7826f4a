"""Admission: everybody's turn comes, round by round, however many threads one user or one session has ready."""

from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.admission import Candidate, Caps, FairQueue


def candidates(owner: str, count: int, session: str = "", group: str = "") -> list[Candidate]:
    session = session or f"session of {owner}"
    return [Candidate(f"{owner}/{session}/{number}", session, owner, group) for number in range(count)]


def filled(caps: Caps, *threads: Candidate) -> FairQueue:
    queue = FairQueue(caps)
    for thread in threads:
        queue.push(thread)
    return queue


def admitted(queue: FairQueue) -> list[Candidate]:
    found: list[Candidate] = []
    while (candidate := queue.pop()) is not None:
        found.append(candidate)
    return found


NO_CAPS = Caps(0, 0, 0)


def test_a_user_with_a_thousand_threads_never_delays_another_beyond_one_round():
    queue = filled(NO_CAPS, *candidates("ada", 1000), *candidates("bob", 1), *candidates("eve", 1))

    order = [candidate.owner for candidate in admitted(queue)]

    assert order[:3] == ["ada", "bob", "eve"]
    assert len(order) == 1002


def test_somebody_who_comes_late_is_next_but_one():
    queue = filled(NO_CAPS, *candidates("ada", 1000))
    for _ in range(500):
        queue.pop()

    queue.push(candidates("bob", 1)[0])

    assert "bob" in [candidate.owner for candidate in (queue.pop(), queue.pop()) if candidate]


def test_sessions_of_a_user_take_turns_too():
    queue = filled(NO_CAPS, *candidates("ada", 5, "busy"), *candidates("ada", 2, "calm"))

    assert [candidate.session_id for candidate in admitted(queue)] == [
        "busy", "calm", "busy", "calm", "busy", "busy", "busy",
    ]  # fmt: skip


def test_threads_of_a_session_run_in_the_order_in_which_they_came():
    threads = candidates("ada", 5)

    assert admitted(filled(NO_CAPS, *threads)) == threads


def test_the_process_runs_no_more_than_it_may():
    queue = filled(Caps(3, 0, 0), *candidates("ada", 5))

    first = admitted(queue)
    queue.leave(first[0])

    assert len(first) == 3
    assert queue.running == 2
    assert len(admitted(queue)) == 1


def test_a_user_s_cap_binds_while_somebody_else_could_run():
    queue = filled(Caps(4, 2, 0), *candidates("ada", 10), *candidates("bob", 10))

    assert Counter(candidate.owner for candidate in admitted(queue)) == {"ada": 2, "bob": 2}


def test_a_user_s_cap_does_not_bind_while_nobody_else_waits():
    queue = filled(Caps(8, 2, 0), *candidates("ada", 10))

    assert len(admitted(queue)) == 8


def test_a_cap_leaves_no_place_empty_that_somebody_wants():
    queue = filled(Caps(8, 2, 0), *candidates("ada", 10), *candidates("bob", 3))

    assert len(admitted(queue)) == 8


def test_who_is_over_the_cap_waits_for_whoever_comes():
    queue = filled(Caps(4, 2, 0), *candidates("ada", 10))
    running = [queue.pop() for _ in range(4)]
    queue.push(candidates("bob", 1)[0])

    assert running[0] is not None
    queue.leave(running[0])
    following = queue.pop()

    assert following is not None
    assert following.owner == "bob"


def test_threads_of_a_group_share_its_cap_and_let_the_others_pass():
    alerts, chats = candidates("ada", 5, "one", "alerts"), candidates("ada", 3, "one")
    queue = filled(Caps(0, 0, 2), *alerts, *chats)

    first = admitted(queue)
    queue.leave(alerts[0])

    assert first == [*alerts[:2], *chats]
    assert admitted(queue) == [alerts[2]]


def test_groups_of_different_sessions_do_not_share():
    queue = filled(
        Caps(0, 0, 1), *candidates("ada", 2, "one", "alerts:one"), *candidates("ada", 2, "two", "alerts:two")
    )

    assert sorted(candidate.session_id for candidate in admitted(queue)) == ["one", "two"]


users = st.sampled_from(["ada", "bob", "eve"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("push"), users, st.sampled_from(["one", "two"]), st.sampled_from(["", "", "alerts"])),
        st.just(("pop",)),
        st.just(("leave",)),
    ),
    max_size=80,
)


@given(steps, st.integers(0, 4), st.integers(0, 3), st.integers(0, 2))
def test_whatever_comes_and_goes_the_counts_are_true_and_no_cap_is_broken(
    things: list[tuple[str, ...]], process: int, user: int, group: int
):
    queue = FairQueue(Caps(process, user, group))
    waiting: list[Candidate] = []
    running: deque[Candidate] = deque()
    for number, thing in enumerate(things):
        match thing:
            case ("push", owner, session, lane_group):
                candidate = Candidate(str(number), f"{owner}/{session}", owner, lane_group and f"{owner}/{lane_group}")
                waiting.append(candidate)
                queue.push(candidate)
            case ("leave",) if running:
                queue.leave(running.popleft())
            case ("pop",):
                candidate = queue.pop()
                if candidate is not None:
                    waiting.remove(candidate)
                    running.append(candidate)
                else:
                    assert_nobody_could_run(waiting, running, process, group)
            case _:
                pass
        assert (queue.waiting, queue.running) == (len(waiting), len(running))
        assert not process or len(running) <= process
        groups = Counter(candidate.group for candidate in running if candidate.group)
        assert not group or max(groups.values(), default=0) <= group


def assert_nobody_could_run(waiting: list[Candidate], running: deque[Candidate], process: int, group: int) -> None:
    if process and len(running) >= process:
        return
    groups = Counter(candidate.group for candidate in running)
    assert all(candidate.group and group and groups[candidate.group] >= group for candidate in waiting)


@given(st.lists(st.tuples(users, st.integers(1, 8)), min_size=1, max_size=6))
def test_nobody_is_a_round_behind_anybody(queued: list[tuple[str, int]]):
    """Among those who still wait, no two differ by more than one turn."""
    wanted: Counter[str] = Counter()
    queue = FairQueue(NO_CAPS)
    for owner, count in queued:
        for _ in range(count):
            queue.push(Candidate(f"{owner}{wanted[owner]}", owner, owner))
            wanted[owner] += 1

    had: Counter[str] = Counter()
    for candidate in admitted(queue):
        had[candidate.owner] += 1
        waiting = [had[owner] for owner in wanted if had[owner] < wanted[owner]]
        assert not waiting or had[candidate.owner] - min(waiting) <= 1
