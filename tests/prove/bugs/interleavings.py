"""Bugs that need an unlucky order: a process that was away and writes on, a death between two steps, a lost hint."""

from collections.abc import Sequence
from dataclasses import replace

import laneway.domain.decide
from laneway.domain.changes import Decision
from laneway.domain.command import RecordTurn
from laneway.domain.decide import claim, steps
from laneway.domain.decide.verb import verb
from laneway.domain.draft import Draft
from laneway.domain.event import Delta
from laneway.domain.item import Item
from laneway.domain.kinds import THREAD, TURN
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn
from laneway.runtime import event_tail, upkeep
from laneway.runtime.event_log import Cursor
from laneway.store import Query, Where
from laneway.stores.sqlite import erasure
from laneway.stores.sqlite import log as sqlite_log
from laneway.stores.sqlite.queries import SQL
from tests.prove.bugs.inner import inner, put


def fence_turns_only() -> None:
    """Deltas are appended whatever their fence says: only steps are refused."""

    def always(delta: Delta, claim: object, gone: object) -> bool:
        return True

    put(sqlite_log, "is_claimed", always)


def fence_deltas_only() -> None:
    """Steps are taken whatever their fence says, as long as the turn is not over."""

    def record(draft: Draft, command: RecordTurn) -> Decision:
        turn = draft.view.get(TURN, command.turn_id)
        return steps.record_turn(draft, command if turn is None else replace(command, fence=turn.fence))

    verbs = inner(laneway.domain.decide, "_VERBS")
    verbs[RecordTurn] = verb(RecordTurn, verbs[RecordTurn].needs, record)


def keep_the_fence() -> None:
    """A turn that is taken up keeps its fence, so that who had it before may write on."""
    resume = inner(claim, "_resume")

    def resumed(draft: Draft, thread: Thread, turn: Turn, node: str, reason: str) -> Decision:
        return resume(draft, thread, replace(turn, fence=turn.fence - 1), node, reason)

    put(claim, "_resume", resumed)


def repeat_every_call() -> None:
    """A call that must happen once is made again after a crash, as if nothing had been started."""

    def nothing(draft: Draft, turn: Turn) -> list[Item]:
        return []

    put(claim, "_doubtful", nothing)


def forget_queues() -> None:
    """The sweep looks for turns that nobody runs, and not for threads that nobody began."""
    page = inner(upkeep.Upkeep, "_next")

    async def without_queues(self: upkeep.Upkeep, query: Query) -> Sequence[object]:
        if query.kind is THREAD and query.where == (Where("status", "=", "queued"),):
            return ()
        return await page(self, query)

    put(upkeep.Upkeep, "_next", without_queues)


def join_anywhere() -> None:
    """A reader is let into the live tail wherever it stands, and never told what it lacks."""

    def attach(self: event_tail.Tail, follower: event_tail.Follower, cursor: Cursor) -> bool:
        vars(self)["_ring_start"] = min(vars(self)["_ring_start"], cursor)
        return attached(self, follower, cursor)

    attached = event_tail.Tail.attach
    put(event_tail.Tail, "attach", attach)


def leave_words_behind() -> None:
    """What was deleted can still be searched for."""
    put(erasure, "SQL", {**SQL, "entries_of_thread": "SELECT row FROM search_entry WHERE thread_id = ? AND 0 LIMIT ?"})
