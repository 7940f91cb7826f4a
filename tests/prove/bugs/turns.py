"""Bugs of turns: begun twice, written after their end, deaf to a stop, forgotten; and of what starts them."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import replace

import laneway.domain.decide
import laneway.runtime.submit as submit_module
import laneway.stores.sqlite.database
from laneway.domain.changes import Changes, Decision, View
from laneway.domain.command import BeginTurn, Command, FireTimer, RecordTurn
from laneway.domain.decide import claim, decide, needs_of, steps
from laneway.domain.decide.verb import verb
from laneway.domain.draft import Draft
from laneway.domain.kinds import FIRING, TIMER, TURN
from laneway.domain.principal import Principal
from laneway.runtime import turn_record, turn_runner, upkeep
from laneway.runtime.submit import Answer, Idempotency, Runtime
from laneway.stores.sqlite.connection import Connection
from tests.prove.bugs.inner import inner, put
from tests.prove.bugs.interleavings import fence_turns_only


def start_a_second_turn() -> None:
    """A claim without the unique index, and without a look at what runs."""
    migrate = laneway.stores.sqlite.database.migrate

    def without_index(connection: Connection) -> None:
        migrate(connection)
        connection.execute("DROP INDEX IF EXISTS turn_active")

    def begin(draft: Draft, command: BeginTurn) -> Decision:
        thread = draft.thread(command.thread_id)
        draft.save(replace(thread, active_turn_id=None, active_status=None))
        return claim.begin_turn(draft, command)

    laneway.stores.sqlite.database.migrate = without_index
    verbs = inner(laneway.domain.decide, "_VERBS")
    verbs[BeginTurn] = verb(BeginTurn, verbs[BeginTurn].needs, begin)


def forget_the_fence() -> None:
    """Nothing is refused for its fence, and an agent that was left behind is not told."""
    apply = inner(steps, "_apply")

    def record(draft: Draft, command: RecordTurn) -> Decision:
        thread, turn = draft.thread(command.thread_id), draft.turn(command.turn_id)
        for step in command.steps:
            thread, turn = apply(draft, draft.thread(thread.id), turn, step, [])
        draft.put(TURN, turn)
        return draft.decision(None)

    async def close(self: turn_record.TurnRecord) -> None:
        setattr(self, "_is_held", False)  # noqa: B010 - private, and a bug goes where no door leads

    verbs = inner(laneway.domain.decide, "_VERBS")
    verbs[RecordTurn] = verb(RecordTurn, verbs[RecordTurn].needs, record)
    fence_turns_only()
    turn_record.TurnRecord.close = close


def look_for_a_cancel_once() -> None:
    """The flag is read when the turn ends, and at no other time."""

    def hear(self: turn_runner.TurnRunner, topics: frozenset[str]) -> None:
        return

    async def look(self: turn_runner.TurnRunner) -> None:
        return

    setattr(steps, "_refuse_when_cancelled", lambda turn: None)  # noqa: B010 # pyright: ignore[reportUnknownLambdaType] - private
    setattr(turn_runner.TurnRunner, "_hear", hear)  # noqa: B010 - a private name
    turn_runner.TurnRunner.look_for_cancels = look


def keep_agents() -> None:
    """Whatever an agent held when it failed is held for ever: by the error, which somebody keeps."""
    done, kept = inner(turn_runner._Body, "_done"), list[asyncio.Task[None]]()  # pyright: ignore[reportPrivateUsage] - a bug goes where no door leads

    def keep(self: object, task: asyncio.Task[None]) -> None:
        kept.append(task)
        done(self, task)

    def clear_nothing(of: object) -> None:
        return

    put(traceback, "clear_frames", clear_nothing)
    put(turn_runner._Body, "_done", keep)  # pyright: ignore[reportPrivateUsage] - a bug goes where no door leads


def sweep_once() -> None:
    """Recovery runs at the start and never again."""
    sweep = upkeep.Upkeep.sweep
    swept: set[int] = set()

    async def once(self: upkeep.Upkeep) -> None:
        if id(self) not in swept:
            swept.add(id(self))
            await sweep(self)

    upkeep.Upkeep.sweep = once


def fire_in_two_commits() -> None:
    """The alert's thread is made first; that the timer has fired is recorded afterwards."""

    def half(made: Decision, is_mark: bool) -> Decision:
        marks = (FIRING, TIMER)
        puts = tuple(put for put in made.changes.puts if (put.kind in marks) == is_mark)
        events = tuple(each for each in made.changes.events if each.data.type.startswith(("alert", "timer")) == is_mark)
        return Decision(Changes(puts=puts, events=events), made.reply)

    async def submit(
        self: Runtime, principal: Principal, command: Command, idempotency: Idempotency | None = None
    ) -> Answer:
        if not isinstance(command, FireTimer):
            return await plain(self, principal, command, idempotency)
        needs = needs_of(command)
        await self.submit_decision(principal, needs, lambda view: half(decide(view, command, self.rules), False))
        return await self.submit_decision(principal, needs, lambda view: half(decide(view, command, self.rules), True))

    plain = Runtime.submit
    Runtime.submit = submit


def forget_idempotency() -> None:
    def every_time(
        principal: Principal, idempotency: object, decision: Callable[[View], Decision], at: str
    ) -> Callable[[View], Decision]:
        return decision

    setattr(submit_module, "_once", every_time)  # noqa: B010 - a private name
