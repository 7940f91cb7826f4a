"""Places: runs ready threads as tasks of this process's event loop, admitted fairly."""

import asyncio

import structlog

from laneway.domain.admission import Candidate, Caps, FairQueue
from laneway.engine import ReadyThread, RunTurn

log = structlog.get_logger(__name__)


class TurnPlaces:
    """One process, one event loop. What a thread is told while it runs is looked at again when its turn has ended."""

    def __init__(self, caps: Caps) -> None:
        self._queue = FairQueue(caps)
        self._run_turn: RunTurn | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        """Threads without a place yet; the event is set when they wait no longer."""
        self._again: dict[str, ReadyThread] = {}
        self._regaining: dict[str, asyncio.Future[None]] = {}
        self._is_closing = False
        self._parted: set[str] = set()
        """Threads whose turn has given its place back and waits."""

    @property
    def running(self) -> int:
        """How many turns hold a place."""
        return self._queue.running

    async def open(self, run_turn: RunTurn) -> None:
        self._run_turn = run_turn
        self._is_closing = False
        self._admit()

    async def close(self, drain_s: float) -> None:
        self._is_closing = True
        for begun in self._waiting.values():
            begun.set()
        # Nobody's answer comes in time for a turn that waits: it goes on at the next start.
        waiting = {self._tasks[thread_id] for thread_id in self._parted & self._tasks.keys()}
        for task in waiting:
            task.cancel()
        tasks = set(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=drain_s)
        for task in late - waiting:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def let_in(self, ready: ReadyThread) -> bool:
        thread_id = ready.thread_id
        if self._is_closing:
            return True
        if thread_id in self._tasks:
            self._again[thread_id] = ready
            return True
        if thread_id not in self._waiting:
            self._waiting[thread_id] = asyncio.Event()
            self._queue.push(_candidate(ready))
            self._admit()
        return thread_id not in self._waiting

    async def begun(self, thread_id: str) -> None:
        waiting = self._waiting.get(thread_id)
        if waiting is not None and not self._is_closing:
            await waiting.wait()

    def _admit(self) -> None:
        while self._run_turn is not None and not self._is_closing:
            candidate = self._queue.pop()
            if candidate is None:
                return
            regaining = self._regaining.pop(candidate.thread_id, None)
            if regaining is None:
                self._start(candidate, self._run_turn)
            elif not regaining.done():
                regaining.set_result(None)
            else:
                self._queue.leave(candidate)

    def _start(self, candidate: Candidate, run_turn: RunTurn) -> None:
        self._waiting.pop(candidate.thread_id).set()
        task = asyncio.create_task(self._run(candidate, run_turn), name=f"turn of {candidate.thread_id}")
        self._tasks[candidate.thread_id] = task

    async def _run(self, candidate: Candidate, run_turn: RunTurn) -> None:
        slot = _Slot(self, candidate)
        try:
            await run_turn(_ready(candidate), slot)
        except Exception:
            # A fault of ours must not cost the thread its place: the sweep finds what is left to do.
            log.exception("turn runner failed", thread_id=candidate.thread_id)
        finally:
            slot.release()
            self._parted.discard(candidate.thread_id)
            del self._tasks[candidate.thread_id]
            again = self._again.pop(candidate.thread_id, None)
            if again is not None:
                self.let_in(again)
            self._admit()

    # --- slots ---------------------------------------------------------------------------------------------------

    def give_back(self, candidate: Candidate) -> None:
        """A turn waits for a person: another may have its place."""
        self._parted.add(candidate.thread_id)
        self._queue.leave(candidate)
        self._admit()

    async def take_back(self, candidate: Candidate) -> None:
        """Wait in line for a place, like any other thread."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._regaining[candidate.thread_id] = admitted
        self._queue.push(candidate)
        self._admit()
        try:
            await admitted
            self._parted.discard(candidate.thread_id)
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self._queue.leave(candidate)
                self._admit()
            raise


class _Slot:
    """A running turn's place. Releasing twice, or ending while released, is fine."""

    def __init__(self, places: TurnPlaces, candidate: Candidate) -> None:
        self._places = places
        self._candidate = candidate
        self._held = True

    def release(self) -> None:
        if self._held:
            self._held = False
            self._places.give_back(self._candidate)

    async def regain(self) -> None:
        if not self._held:
            await self._places.take_back(self._candidate)
            self._held = True


def _candidate(ready: ReadyThread) -> Candidate:
    return Candidate(ready.thread_id, ready.session_id, ready.owner, ready.lane_group)


def _ready(candidate: Candidate) -> ReadyThread:
    return ReadyThread(candidate.thread_id, candidate.session_id, candidate.owner, candidate.group)
