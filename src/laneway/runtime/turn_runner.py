"""Turn runner: runs one turn of a thread from claim to outcome. Every engine calls the same `run_turn`."""

import asyncio
import traceback
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from laneway.agent import (
    UNKNOWN_RESUME,
    Agent,
    AgentEvent,
    AgentFailed,
    Consumed,
    Digest,
    Reasoning,
    ResumePoint,
    Text,
    TurnInput,
)
from laneway.bus import Bus
from laneway.domain.command import BeginTurn, Claimed, Command, TakeUpTurn
from laneway.domain.errors import CancelRequested, LanewayError, NotFound, NothingToRun
from laneway.domain.item import Item
from laneway.domain.kinds import ENTRY, ITEM, LANE, NOTE, SESSION, THREAD, TURN
from laneway.domain.lane import Lane, lane_id, resumes, usable_resume_id
from laneway.domain.principal import SYSTEM
from laneway.domain.record import Record
from laneway.domain.session import EnvironmentEntry, Note, Session
from laneway.domain.step import EndTurn, KeepResumePoint, LoseResumePoint, UseResumePoint
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn
from laneway.engine import ReadyThread, Slot
from laneway.environment import Environment
from laneway.runtime.children import within
from laneway.runtime.errands import Errands
from laneway.runtime.journal import Journal
from laneway.runtime.submit import Runtime, cancel_topic
from laneway.runtime.turn_handle import RunningTurn, TurnServices, message_of
from laneway.runtime.turn_record import TurnRecord, clean
from laneway.store import Get, Page, Query, Where
from laneway.tool import ToolFailed

log = structlog.get_logger(__name__)

R = TypeVar("R", bound=Record)

BREATH = 32
"""After so many events of an agent the event loop has a turn: one that never waits must not hold up the others."""


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """How turns run in this process."""

    node: str
    flush_s: float = 0.04
    wall_clock_s: float = 1800.0
    stop_grace_s: float = 2.0
    """How long a cancelled agent may take to clean up before its turn is ended without it; its writes are refused."""


@dataclass(slots=True)
class _Claim:
    """A turn that is ours to run."""

    turn: Turn
    thread: Thread
    batch: Sequence[Item]


class TurnRunner:
    """Claims a thread's next turn, runs its agent, and records how it ended."""

    def __init__(
        self, runtime: Runtime, services: TurnServices, agents: Mapping[str, Agent],
        environments: Mapping[str, Environment], bus: Bus, options: RunnerOptions,
    ) -> None:  # fmt: skip
        self._runtime = runtime
        self._services = services
        self._agents = agents
        self._environments = environments
        self._options = options
        self._threads: set[str] = set()
        self._beginning: set[str] = set()
        """Claimed turns whose agents do not run yet."""
        self._rung: set[str] = set()
        """Those of them for which a cancel rang meanwhile."""
        self._bodies: dict[str, _Body] = {}
        self._errands = Errands()
        self._hush = bus.listen(self._hear)

    @property
    def node(self) -> str:
        """The name under which turns are claimed here."""
        return self._options.node

    @property
    def running(self) -> Sequence[str]:
        """The turns whose agents run here."""
        return tuple(self._bodies)

    async def run_turn(self, ready: ReadyThread, slot: Slot) -> bool:
        """Run the thread's next turn to its end; False when there was nothing to run."""
        if ready.thread_id in self._threads:
            return False
        self._threads.add(ready.thread_id)
        try:
            claim = await self._claim(ready)
            if claim is None:
                return False
            await self._run(claim, slot)
        except LanewayError as refused:
            # The store refused a write: the turn was taken over, deleted or ended elsewhere, or the disk is full.
            # Whatever it is, the store's state is the truth, and the sweep finds what is left to do.
            log.warning("turn given up", thread_id=ready.thread_id, code=refused.code, detail=refused.detail)
        except Exception:
            # The sweep has the turn taken up again, here or elsewhere, as often as a turn may be cut off.
            log.exception("turn given up", thread_id=ready.thread_id)
        finally:
            self._threads.discard(ready.thread_id)
        return True

    # --- claiming ------------------------------------------------------------------------------------------------

    async def _claim(self, ready: ReadyThread) -> _Claim | None:
        claim = await self._try(BeginTurn, ready.thread_id)
        if claim is not None:
            return claim
        thread = (await self._services.store.read(SYSTEM, Get(THREAD, ready.thread_id))).results[0]
        if not isinstance(thread, Thread) or thread.active_turn_id is None:
            return None
        return await self._try(TakeUpTurn, thread.id, turn_id=thread.active_turn_id)

    async def _try(self, verb: type[BeginTurn] | type[TakeUpTurn], thread_id: str, **more: str) -> _Claim | None:
        clock = self._runtime.clock
        command: Command = verb(at=clock.now(), seed=clock.seed(), thread_id=thread_id, node=self._options.node, **more)
        try:
            reply = (await self._runtime.submit(SYSTEM, command)).reply
        except (NothingToRun, NotFound):
            return None
        assert isinstance(reply, Claimed)
        if reply.turn is None:
            return None
        return _Claim(reply.turn, reply.thread, reply.batch or await self._asked_again(reply.turn))

    async def _asked_again(self, turn: Turn) -> Sequence[Item]:
        """The earlier messages that a regenerated turn answers again, as they stand in the transcript."""
        if not turn.again:
            return ()
        found = (await self._services.store.read(SYSTEM, *(Get(ITEM, item_id) for item_id in turn.again))).results
        return [item for item in found if isinstance(item, Item)]

    # --- running -------------------------------------------------------------------------------------------------

    async def _run(self, claim: _Claim, slot: Slot) -> None:
        """Run a claimed turn; a cancel that rings before its agent runs is kept for it."""
        self._beginning.add(claim.turn.id)
        try:
            item_ids = [item.queue_item_id for item in claim.batch if item.queue_item_id is not None]
            with self._runtime.tracing.turn(claim.turn, item_ids):
                await self._run_agent(claim, slot)
        finally:
            self._beginning.discard(claim.turn.id)
            self._rung.discard(claim.turn.id)

    async def _run_agent(self, claim: _Claim, slot: Slot) -> None:
        turn, name = claim.turn, claim.turn.runs[0].agent
        agent = self._agents.get(name)
        replays = agent is not None and agent.profile.recovery == "replay"
        journal = Journal(await self._journal(turn), replays)
        record = TurnRecord(self._runtime, self._services.store, turn, name, journal, self._options.flush_s)
        try:
            if agent is None:
                await record.end(EndTurn("failed", "failed", "unknown_agent", f"There is no agent {name!r} here."))
                return
            around = await self._surroundings(claim, agent)
            profile = within(agent.profile, claim.thread.task)
            handle = RunningTurn(self._services, record, turn, around.session, profile, slot, journal)
            given = _turn_input(claim, around, agent, handle)
            body = _Body(_answer(agent, given, record), turn.id, self._options.stop_grace_s)
            await self._see_through(body, handle, min(agent.profile.timeout_s, self._options.wall_clock_s), record)
        finally:
            await record.close()

    async def _see_through(self, body: "_Body", handle: RunningTurn, limit_s: float, record: TurnRecord) -> None:
        """Wait for the agent; when this process must stop, stop the agent and leave the turn free for another."""
        self._bodies[body.turn_id] = body
        self._beginning.discard(body.turn_id)
        if body.turn_id in self._rung:
            self._look_soon(body.turn_id)
        try:
            is_late = await _is_late(body, handle, limit_s)
        except asyncio.CancelledError:
            await body.stop()
            await asyncio.shield(_release(record))
            raise
        finally:
            del self._bodies[body.turn_id]
        record.check_not_lost()
        await record.end(_TIMED_OUT if is_late else _outcome(body.task, record))

    # --- what the agent is given ---------------------------------------------------------------------------------

    async def _journal(self, turn: Turn) -> Sequence[Item]:
        """What earlier attempts recorded, beside the batch; nothing is read for a first attempt."""
        if turn.attempt == 1:
            return ()
        query = Query(ITEM, (Where("turn_id", "=", turn.id),), order=(("seq", "asc"),), limit=1000)
        batch = set(turn.item_ids[: turn.batch_size])
        return [item for item in await self._all(query, Item) if item.queue_item_id not in batch]

    async def _surroundings(self, claim: _Claim, agent: Agent) -> "_Surroundings":
        turn = claim.turn
        of_session = Where("session_id", "=", turn.session_id)
        snapshot = await self._services.store.read(
            SYSTEM,
            Get(SESSION, turn.session_id),
            Query(NOTE, (of_session, Where("prompt", "=", True)), order=(("created_at", "asc"),), limit=100),
            Query(ENTRY, (of_session,), order=(("key", "asc"),), limit=1000),
            Get(LANE, lane_id(turn.session_id, turn.runs[0].lane)),
        )
        session, notes, entries, lane = snapshot.results
        if not isinstance(session, Session):
            raise NotFound
        assert isinstance(notes, Page)
        assert isinstance(entries, Page)
        environment = self._environments[session.environment]
        of_environment = [entry for entry in entries.records if isinstance(entry, EnvironmentEntry)]
        return _Surroundings(
            session,
            tuple(note.text for note in notes.records if isinstance(note, Note)),
            environment.briefing(session, of_environment),
            _resume_id(claim, lane if isinstance(lane, Lane) else None, agent),
        )

    async def _all(self, query: Query, type_: type[R]) -> list[R]:
        page = (await self._services.store.read(SYSTEM, query)).results[0]
        assert isinstance(page, Page)
        return [record for record in page.records if isinstance(record, type_)]

    # --- stopping ------------------------------------------------------------------------------------------------

    async def look_for_cancels(self) -> None:
        """Stop every agent here whose turn has a recorded cancel, or is no longer this node's. The sweep calls it."""
        for turn_id in tuple(self._bodies):
            await self._look_for_cancel(turn_id)

    def close(self) -> None:
        """Hear no more rings."""
        self._hush()

    def _hear(self, topics: frozenset[str]) -> None:
        for turn_id in tuple(self._bodies):
            if cancel_topic(turn_id) in topics:
                self._look_soon(turn_id)
        self._rung.update(turn_id for turn_id in self._beginning if cancel_topic(turn_id) in topics)

    def _look_soon(self, turn_id: str) -> None:
        self._errands.run(self._look_once(turn_id), name=f"cancel of {turn_id}")

    async def _look_once(self, turn_id: str) -> None:
        try:
            await self._look_for_cancel(turn_id)
        except LanewayError as refused:
            # The next sweep looks again.
            log.warning("cancel not looked for", turn_id=turn_id, code=refused.code, detail=refused.detail)

    async def _look_for_cancel(self, turn_id: str) -> None:
        """A ring is a hint; the recorded flag is the truth."""
        turn = (await self._services.store.read(SYSTEM, Get(TURN, turn_id))).results[0]
        body = self._bodies.get(turn_id)
        lost = not isinstance(turn, Turn) or turn.node != self._options.node
        if body is not None and (lost or (isinstance(turn, Turn) and turn.cancel is not None)):
            await body.stop()


class _Body:
    """An agent at work. `ended` is done when the agent is, or when it was stopped and took too long to clean up."""

    def __init__(self, answering: Coroutine[None, None, None], turn_id: str, grace_s: float) -> None:
        self.turn_id = turn_id
        self._grace_s = grace_s
        self.task = asyncio.create_task(answering, name=f"agent of {turn_id}")
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task.add_done_callback(self._done)

    async def stop(self) -> None:
        """Cancel the agent and give it a moment to clean up; what it writes later is fenced off."""
        self.task.cancel()
        _, late = await asyncio.wait({self.task}, timeout=self._grace_s)
        if late:
            log.error("agent ignores its cancellation", turn_id=self.turn_id)
        self._end()

    def _done(self, task: asyncio.Task[None]) -> None:
        # Looked at here: an agent that was left behind ends without a complaint of the event loop's.
        if not task.cancelled():
            task.exception()
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def _answer(agent: Agent, given: TurnInput, record: TurnRecord) -> None:
    """Run the agent and record what it yields; afresh, when its backend does not know what it was to resume."""
    if given.resume_id is not None:
        record.keep_resume_point(UseResumePoint())
    try:
        await _listen(agent, given, record)
    except AgentFailed as failed:
        if failed.class_ != UNKNOWN_RESUME or given.resume_id is None or record.has_said:
            raise
        await record.commit(LoseResumePoint(given.resume_id))
        await _listen(agent, replace(given, resume_id=None), record)
    except MemoryError as error:
        # The frames that it came through hold what filled the memory, and to end the turn takes some.
        traceback.clear_frames(error.__traceback__)
        raise
    record.hold()


async def _listen(agent: Agent, given: TurnInput, record: TurnRecord) -> None:
    told = 0
    async for event in agent.run(given):
        _take(event, agent, record)
        told += 1
        if told % BREATH == 0:
            await asyncio.sleep(0)


async def _is_late(body: _Body, handle: RunningTurn, limit_s: float) -> bool:
    """Wait for the agent to end, within its time. One that takes longer is stopped, whether it wants to or not."""
    try:
        async with asyncio.timeout(limit_s) as limit:
            handle.pause_with(limit)
            await body.ended
    except TimeoutError:
        await body.stop()
        return True
    return False


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What an agent is given besides its batch."""

    session: Session
    notes: tuple[str, ...]
    briefing: str
    resume_id: str | None


def _turn_input(claim: _Claim, around: _Surroundings, agent: Agent, handle: RunningTurn) -> TurnInput:
    turn = claim.turn
    return TurnInput(
        session_id=turn.session_id, thread_id=turn.thread_id, turn_id=turn.id, attempt=turn.attempt,
        agent=agent.profile.name, lane=turn.runs[0].lane, batch=tuple(message_of(item) for item in claim.batch),
        handle=handle, resume_id=around.resume_id, briefing=around.briefing, notes=around.notes,
    )  # fmt: skip


def _resume_id(claim: _Claim, lane: Lane | None, agent: Agent) -> str | None:
    if not resumes(claim.turn.runs[0].lane.workflow, claim.thread.settings.resume):
        return None
    return usable_resume_id(lane, agent.profile.config_hash)


def _take(event: AgentEvent, agent: Agent, record: TurnRecord) -> None:
    match event:
        case Text():
            record.say(event.text)
        case Reasoning():
            record.say(event.text, reasoning=True)
        case Consumed():
            record.consume(event.usage)
        case Digest():
            record.digest(event)
        case ResumePoint():
            profile = agent.profile
            record.keep_resume_point(KeepResumePoint(profile.kind, profile.config_hash, clean(event.resume_id), None))


_TIMED_OUT = EndTurn("failed", "timed_out", "timeout", "The agent took longer than it may.")


def _outcome(task: asyncio.Task[None], record: TurnRecord) -> EndTurn:
    """What a finished, failed, stopped or abandoned agent makes of its turn."""
    if not task.done() or task.cancelled():
        return EndTurn("cancelled", "cancelled")
    match task.exception():
        case None:
            return EndTurn("completed", "answered" if record.has_said else "empty")
        case CancelRequested():
            return EndTurn("cancelled", "cancelled")
        case AgentFailed() as failed:
            return EndTurn("failed", "failed", failed.class_, clean(failed.message))
        case ToolFailed() as failed:
            return EndTurn("failed", "failed", "tool_failed", clean(str(failed)))
        case crashed:
            log.error("agent crashed", exc_info=crashed)
            return EndTurn("failed", "failed", "agent_crashed", clean(f"{type(crashed).__name__}: {crashed}")[:500])


async def _release(record: TurnRecord) -> None:
    try:
        await record.release()
    except LanewayError as refused:
        log.warning("turn not released", code=refused.code, detail=refused.detail)
