"""Planted: known bugs, put into the real parts behind a switch that only the suite has. The suite must catch each."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.prove.bugs import interleavings, postgres, storage, streams, timers, turns
from tests.prove.scenario import Store


@dataclass(frozen=True)
class Bug:
    """A bug, and the scenario that has to find it."""

    what: str
    scenario: str
    size: int
    invariants: tuple[str, ...]
    """At least one finding has to name one of these: caught, and for the right reason."""
    plant: Callable[[], None]
    """Puts it in. Runs in the server's process, before anything is built."""
    is_here: bool = False
    """The scenario has no server: the bug goes into its own process."""
    store: Store = "sqlite"


BUGS: dict[str, Bug] = {
    "ack-before-commit": Bug(
        "an answer leaves before its commit", "F-1", 6, ("I-1", "I-20"), storage.acknowledge_before_commit
    ),
    "normal-sync": Bug("synchronous = NORMAL", "S-1", 60, ("I-1",), storage.sync_normally, is_here=True),
    "early-decision": Bug(
        "decided on what was read before the transaction", "L-6", 50, ("I-3", "I-7", "I-19", "I-22"),
        storage.decide_before_the_transaction,
    ),
    "no-owner": Bug("queries without the owner", "X-2", 400, ("I-29",), storage.own_nothing),
    "second-turn": Bug("a claim without the unique index", "F-1", 10, ("I-9",), turns.start_a_second_turn),
    "no-fence": Bug("late writes of an ended turn are taken", "F-9", 1, ("I-10", "I-16"), turns.forget_the_fence),
    "cancel-once": Bug("the cancel flag is read once", "I-16", 12, ("I-16",), turns.look_for_a_cancel_once),
    "one-shot-recovery": Bug("the sweep runs at the start only", "N-5", 30, ("I-6", "I-16"), turns.sweep_once),
    "fired-late": Bug("a timer is marked after its thread is made", "F-2", 1, ("I-36",), turns.fire_in_two_commits),
    "no-idempotency": Bug("an Idempotency-Key is forgotten", "N-1", 40, ("I-2",), turns.forget_idempotency),
    "session-filter": Bug("streams are filtered by session", "L-4", 200, ("I-23",), streams.tell_the_whole_session),
    "hints-as-data": Bug("a lost ring is never made up for", "N-5", 30, ("N-5",), streams.trust_the_hints),
    "splitlines": Bug("streams are framed with splitlines", "A-7", 5, ("I-28",), streams.frame_by_splitlines),
    "kept-places": Bug("an ended stream keeps its place", "L-3", 30, ("I-26",), streams.keep_every_place),
    "turns-fenced-only": Bug(
        "deltas are not fenced", "F-11", 60, ("I-10", "I-16", "I-22"), interleavings.fence_turns_only, is_here=True
    ),
    "deltas-fenced-only": Bug(
        "steps are not fenced", "F-11", 60, ("I-10", "I-16"), interleavings.fence_deltas_only, is_here=True
    ),
    "kept-fence": Bug(
        "a turn that is taken up keeps its fence", "F-11", 60, ("I-10", "I-16"), interleavings.keep_the_fence,
        is_here=True,
    ),
    "repeated-call": Bug(
        "a call that must happen once is made again after a crash", "F-11", 200, ("I-13",),
        interleavings.repeat_every_call, is_here=True,
    ),
    "forgotten-queue": Bug(
        "the sweep looks for no queues", "F-11", 60, ("I-11",), interleavings.forget_queues, is_here=True
    ),
    "joined-anywhere": Bug(
        "a reader joins the live tail wherever it stands", "F-11", 120, ("I-25",), interleavings.join_anywhere,
        is_here=True,
    ),
    "words-left": Bug(
        "search still has what was deleted", "F-11", 60, ("I-50",), interleavings.leave_words_behind, is_here=True
    ),
    "kept-agents": Bug("an agent that failed is kept, with all it held", "F-7", 2, ("I-58", "I-14"), turns.keep_agents),
    "all-made-up-for": Bug(
        "a timer is raised for each time that it missed", "T-3", 2, ("I-37",), timers.make_up_for_all, is_here=True
    ),
    "forgotten-while-away": Bug(
        "what fell due while nothing ran is never raised", "T-2", 200, ("I-37",), timers.forget_what_was_missed
    ),
    "believed-commit": Bug(
        "a commit whose answer is lost is taken for made", "N-4", 160, ("I-1", "I-2", "I-20", "I-22"),
        postgres.believe_commits, store="postgres",
    ),
    "lent-again": Bug(
        "an interrupted connection is lent again", "N-6", 200, ("I-30",), postgres.lend_again, is_here=True,
        store="postgres",
    ),
}  # fmt: skip
