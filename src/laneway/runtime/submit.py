"""Submit: the one door. Every change of state is a command that is decided inside the store's transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from laneway.bus import Bus
from laneway.clock import Clock
from laneway.domain.approval import Approval
from laneway.domain.audit import AuditEntry
from laneway.domain.changes import Changes, Decision, Need, One, Put, View
from laneway.domain.command import Command, PostMessage
from laneway.domain.decide import decide, needs_of
from laneway.domain.errors import IdempotencyConflict
from laneway.domain.event import home_log, session_log
from laneway.domain.json import Json
from laneway.domain.kinds import ATTACHMENT, IDEMPOTENCY, KEY, LOGIN, SHARE, USER
from laneway.domain.principal import Principal
from laneway.domain.queue import WAITING, QueueItem
from laneway.domain.record import Record
from laneway.domain.rules import Rules
from laneway.domain.share import Share
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn
from laneway.domain.user import IdempotentReply, Key, Login, User
from laneway.engine import ReadyThread
from laneway.runtime.counters import ACCEPT_SECONDS, COMMIT_SECONDS, TURNS_ENDED
from laneway.runtime.drift import check_events
from laneway.runtime.tracing import Tracing, Untraced
from laneway.store import Committed, Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's Idempotency-Key with what it was sent for: the same key and body get the first answer again."""

    scope: str
    """User, method, path and key."""
    body: bytes
    credential: str = field(default="", repr=False)
    """What the request proved itself with: never kept."""
    note: str = ""
    """What is remembered beside the first answer."""

    @property
    def record_id(self) -> str:
        return hashlib.sha256(self.scope.encode()).hexdigest()

    @property
    def body_sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command's sender is told once it has been recorded."""

    reply: Json
    offset: int
    """The last offset that the command wrote in its session's log; 0 when it told nothing."""
    replayed: bool = False
    note: str = ""
    """What `Idempotency.note` was the first time, where it is told again."""


Dispatch = Callable[[ReadyThread], None]
"""Tells an engine, after a commit, of a thread that became ready."""

Describe = Callable[[Thread], None]
"""Is shown a thread after a commit that has changed it."""

KEYS_TOPIC = "keys"
"""Rung when a credential changes: caches forget, streams check theirs."""

SHARES_TOPIC = "shares"
"""Rung when a share was changed or has ended: streams check theirs."""

FILES_TOPIC = "files"
"""Rung when attachments went: bytes may lie about that nothing names."""


def cancel_topic(turn_id: str) -> str:
    """Rung when a cancel of the turn was recorded."""
    return f"cancel:{turn_id}"


def answer_topic(turn_id: str) -> str:
    """Rung when an approval of the turn was asked for, answered or closed."""
    return f"answer:{turn_id}"


class Runtime:
    """Takes commands from every side (API, command line, timers, running agents) and records them."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, rules: Rules, tracing: Tracing | None = None) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._rules = rules
        self.tracing = tracing or Untraced()
        self._dispatch: Dispatch | None = None
        self._describe: Describe | None = None

    @property
    def rules(self) -> Rules:
        return self._rules

    @property
    def clock(self) -> Clock:
        return self._clock

    def dispatch_to(self, dispatch: Dispatch) -> None:
        """Say who is told of ready threads. Until then the sweep finds them."""
        self._dispatch = dispatch

    def describe_with(self, describe: Describe) -> None:
        """Say who is shown the threads that a commit has changed, to describe those that are idle."""
        self._describe = describe

    def ring_log(self, session_id: str, owner: str) -> None:
        """Ring for what was appended to a session's log without a decision: deltas."""
        self._bus.ring((session_log(session_id), home_log(owner)))

    async def submit(self, principal: Principal, command: Command, idempotency: Idempotency | None = None) -> Answer:
        """Decide and record a command, durably. Raises what the rules raise; then nothing changed."""
        began = self._clock.monotonic()
        answer = await self.submit_decision(
            principal, needs_of(command), lambda view: decide(view, command, self._rules), idempotency
        )
        if isinstance(command, PostMessage):
            ACCEPT_SECONDS.observe(self._clock.monotonic() - began)
        return answer

    async def submit_decision(
        self,
        principal: Principal,
        needs: tuple[Need, ...],
        decision: Callable[[View], Decision],
        idempotency: Idempotency | None = None,
    ) -> Answer:
        """The same for a decision that is not the domain's alone: an environment's command, a store tool's call."""
        if idempotency is not None:
            needs = (*needs, One(IDEMPOTENCY, idempotency.record_id))
            decision = _once(principal, idempotency, decision, self._clock.now())
        began = self._clock.monotonic()
        committed = await self._store.transact(principal, needs, _checked(decision))
        COMMIT_SECONDS.observe(self._clock.monotonic() - began)
        self._after(committed)
        if isinstance(committed.reply, IdempotentReply):
            first = committed.reply
            return Answer(first.reply, first.offset, replayed=True, note=first.note)
        return Answer(committed.reply, committed.offset)

    def _after(self, committed: Committed) -> None:
        """Ring and dispatch: a hint that may be lost, since every reader and the sweep look for themselves."""
        changes = committed.changes
        _log_audit(changes)
        for event in committed.events:
            if event.type in _ENDS:
                TURNS_ENDED.labels(_ENDS[event.type]).inc()
        topics = {event.log for event in committed.events}
        topics.update(home_log(event.owner) for event in committed.events)
        for put in changes.puts:
            if isinstance(put.record, QueueItem) and put.record.version == 1 and put.record.state in WAITING:
                self.tracing.accepted(put.record)
            topics.update(_topics_of(put.record))
        if any(drop.kind in (USER, KEY, LOGIN) for drop in changes.drops):
            topics.add(KEYS_TOPIC)
        if changes.erase or any(drop.kind is SHARE for drop in changes.drops):
            topics.add(SHARES_TOPIC)
        if changes.erase or any(drop.kind is ATTACHMENT for drop in changes.drops):
            topics.add(FILES_TOPIC)
        if topics:
            self._bus.ring(topics)
        if self._describe is not None:
            for put in changes.puts:
                if isinstance(put.record, Thread):
                    self._describe(put.record)
        if self._dispatch is not None:
            for put in changes.puts:
                if (ready := _ready(put.record)) is not None:
                    self._dispatch(ready)


_ENDS = {f"turn.{outcome}": outcome for outcome in ("completed", "failed", "cancelled", "interrupted", "superseded")}


def _log_audit(changes: Changes) -> None:
    """Tell the log of audit entries: whoever changes the chain afterwards would have to change the log as well."""
    for put in changes.puts:
        if isinstance(entry := put.record, AuditEntry):
            log.info(
                "audited", act=entry.act, subject=entry.subject, owner=entry.owner, number=entry.number, hash=entry.hash
            )


def _topics_of(record: Record) -> tuple[str, ...]:
    match record:
        case Turn() if record.cancel is not None:
            return (cancel_topic(record.id),)
        case Approval():
            return (answer_topic(record.turn_id),)
        case Thread() if record.task is not None:
            # The turn that waits for this child looks again; a deleted child's own turn learns that it has to stop.
            gone = (cancel_topic(record.active_turn_id),) if record.deleted and record.active_turn_id else ()
            return (answer_topic(record.task.turn_id), *gone) if record.deleted or record.task.state != "open" else ()
        case Key() | Login() | User():
            return (KEYS_TOPIC,)
        case Share():
            return (SHARES_TOPIC,)
        case _:
            return ()


def _ready(record: Record) -> ReadyThread | None:
    """The thread that an engine should look at: a batch is ready, a turn was freed, or its question was answered."""
    match record:
        case Thread() if record.status == "queued":
            return ready_thread(record)
        case Turn() if record.status == "running" and record.node is None:
            return ReadyThread(record.thread_id, record.session_id, record.owner)
        case Approval() if record.state in ("approved", "rejected"):
            return ReadyThread(record.thread_id, record.session_id, record.owner)
        case _:
            return None


def ready_thread(thread: Thread) -> ReadyThread:
    """What an engine is told of a thread that may run: alert threads of a session share a cap."""
    group = f"alerts:{thread.session_id}" if thread.kind == "alert" else ""
    return ReadyThread(thread.id, thread.session_id, thread.owner, group)


def _checked(decision: Callable[[View], Decision]) -> Callable[[View], Decision]:
    def decide_checked(view: View) -> Decision:
        made = decision(view)
        check_events(made.changes)
        return made

    return decide_checked


def _once(
    principal: Principal, idempotency: Idempotency, decision: Callable[[View], Decision], at: str
) -> Callable[[View], Decision]:
    """Answer a repeated write with its first reply; otherwise record the reply in the same commit as the change."""

    def decide_once(view: View) -> Decision:
        earlier = view.get(IDEMPOTENCY, idempotency.record_id)
        if earlier is not None:
            if earlier.body_sha256 != idempotency.body_sha256:
                raise IdempotencyConflict(
                    "This Idempotency-Key was used for a request with another body.",
                    "Take a new key for a new request.",
                )
            return Decision(Changes(), earlier)
        made = decision(view)
        return replace(made, changes=made.changes.plus(_remember(principal, idempotency, made, at)))

    return decide_once


def _remember(principal: Principal, idempotency: Idempotency, made: Decision, at: str) -> Changes:
    events = made.changes.events
    # The last event names what the reply is about: with that thread or session the reply is erased, too. That they were
    # deleted is all that the reply to a deletion says, and it says it without their names.
    about = events[-1] if events else None
    gone = made.changes.erase
    record = IdempotentReply(
        id=idempotency.record_id, owner=principal.user_id, body_sha256=idempotency.body_sha256,
        thread_id=about.thread_id if about and about.thread_id not in gone else None,
        session_id=about.session_id if about and about.session_id not in gone else None,
        reply=made.reply, log=about.log if about else "", created_at=at, note=idempotency.note,
    )  # fmt: skip
    return Changes(puts=(Put(IDEMPOTENCY, record, numbered_by=len(events) - 1 if events else None),))
