"""Reference: what Laneway should do, said a second time, as plainly as it can be: lists, flags and no records at all.

The state machine sends every command to the real rules and to this, and compares what both say afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

QUEUE_PER_THREAD = 5
QUEUE_PER_USER = 8
ALERTS_PER_MINUTE = 2
MAX_ATTEMPTS = 3
MOST_ATTEMPTS = 30
STEERABLE = "script"
CANNOT_WAIT = "forgetful"

Status = Literal["running", "waiting", "needs_review"]


class Refused(Exception):
    """A command that changes nothing, with the code of its error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Message:
    """Something that was accepted."""

    id: str
    sender: str = "ada"
    delivery: str = "queue"
    agents: tuple[str, ...] = ()
    hold: bool = False
    discard: bool = False
    state: str = "queued"
    turn: str | None = None


@dataclass
class Call:
    """A tool call of a turn."""

    id: str
    effect: str
    state: str = "called"
    approval: str | None = None
    answered: str | None = None


@dataclass
class Turn:
    """One run of a thread."""

    id: str
    agent: str
    batch: list[str]
    node: str | None
    status: str = "running"
    attempt: int = 1
    fence: int = 1
    crashes: int = 0
    cancel: str | None = None
    open_message: str | None = None
    calls: list[Call] = field(default_factory=list[Call])
    counted: int = 0
    """How many of its messages count in the thread."""
    cut_off: int = 0
    """How many of those were cut off."""
    was_once_started: bool = False
    openings: int = 1
    endings: int = 0

    @property
    def can_retry(self) -> bool:
        return self.status in ("failed", "cancelled", "interrupted")

    def asking(self) -> list[Call]:
        """The calls whose question nobody has answered."""
        return [call for call in self.calls if call.approval and call.answered is None]

    def askable(self) -> Call | None:
        """A call that may ask: one that has not asked yet, or whose question was closed without an answer."""
        open_ = [call for call in self.calls if call.state == "called" and call not in self.asking()]
        return open_[0] if open_ else None

    def startable(self) -> Call | None:
        return self.call("approved") or self.askable()

    def call(self, state: str) -> Call | None:
        return next((call for call in self.calls if call.state == state), None)


@dataclass
class Thread:
    """One conversation."""

    id: str
    session: str
    agent: str
    queue: list[Message] = field(default_factory=list[Message])
    accepted: list[Message] = field(default_factory=list[Message])
    turns: list[Turn] = field(default_factory=list[Turn])
    active: Turn | None = None
    pause: str | None = None
    archived: bool = False
    one_at_a_time: bool = False
    pauses_on_failure: bool = False
    messages: int = 0
    can_title: bool = True

    @property
    def status(self) -> str:
        if self.archived:
            return "archived"
        if self.active is not None:
            return self.active.status
        if self.pause is not None:
            return "paused"
        return "queued" if self.batch() else "idle"

    def batch(self) -> list[Message]:
        """The longest run of messages from the head of the queue that may be one turn."""
        taken: list[Message] = []
        for message in self.queue:
            if message.hold or (taken and self.one_at_a_time):
                break
            if taken and (message.sender, message.agents) != (taken[0].sender, taken[0].agents):
                break
            if taken and "interrupt" in (message.delivery, taken[0].delivery):
                break
            taken.append(message)
        return taken

    def steerable(self) -> bool:
        turn = self.active
        return turn is not None and turn.status != "needs_review" and turn.cancel is None and turn.agent == STEERABLE


class World:
    """Everybody's threads."""

    def __init__(self) -> None:
        self.threads: dict[str, Thread] = {}
        self.alive: set[str] = set()
        self.known: set[str] = set()
        """Nodes that ever showed a heartbeat."""

    def thread(self, id: str) -> Thread:
        if id not in self.threads:
            raise Refused("not_found")
        return self.threads[id]

    # --- the queue -----------------------------------------------------------------------------------------------

    def post(self, id: str, message: Message) -> None:
        thread = self.thread(id)
        if thread.archived:
            raise Refused("thread_archived")
        if message.delivery == "reject" and (thread.active or thread.queue):
            raise Refused("busy")
        if len(thread.queue) >= QUEUE_PER_THREAD or self.waiting() >= QUEUE_PER_USER:
            raise Refused("queue_full")
        message.state = self._state(thread, message)
        thread.accepted.append(message)
        thread.queue.insert(self._place(thread.queue, message), message)
        if message.delivery == "interrupt":
            self._interrupt(thread, message.discard)

    def waiting(self) -> int:
        return sum(len(thread.queue) for thread in self.threads.values())

    def _state(self, thread: Thread, message: Message) -> str:
        if message.hold:
            return "held"
        return "steering" if message.delivery == "steer" and thread.steerable() else "queued"

    def _place(self, queue: Sequence[Message], message: Message) -> int:
        if message.delivery == "interrupt":
            return 0
        if message.delivery == "steer":
            return next(
                (n for n, other in enumerate(queue) if other.delivery not in ("steer", "interrupt")), len(queue)
            )
        return len(queue)

    def _interrupt(self, thread: Thread, discard: bool) -> None:
        turn = thread.active
        if turn is None or turn.cancel is not None:
            return
        turn.cancel = "discard" if discard else "interrupt"
        if turn.status == "running":
            return
        if discard:
            turn.status, turn.node = "running", None
        else:
            self._end(thread, turn, "cancelled")

    def edit(
        self, id: str, item: str, *, hold: bool | None = None, delivery: str | None = None, position: int | None = None
    ) -> None:
        thread, message = self._waiting(id, item)
        message.hold = message.hold if hold is None else hold
        message.delivery = delivery or message.delivery
        if hold is not None or delivery is not None:
            message.state = self._state(thread, message)
        at = thread.queue.index(message)
        thread.queue.remove(message)
        if delivery in ("interrupt", "steer"):
            at = self._place(thread.queue, message)
        elif position is not None:
            at = min(max(position, 1), len(thread.queue) + 1) - 1
        thread.queue.insert(at, message)
        if delivery == "interrupt":
            self._interrupt(thread, message.discard)

    def withdraw(self, id: str, item: str) -> None:
        thread, message = self._waiting(id, item)
        thread.queue.remove(message)
        message.state = "withdrawn"

    def _waiting(self, id: str, item: str) -> tuple[Thread, Message]:
        thread = self.thread(id)
        for message in thread.accepted:
            if message.id == item:
                if message not in thread.queue:
                    raise Refused("already_taken")
                return thread, message
        raise Refused("not_found")

    def clear(self, id: str) -> None:
        for message in list(self.thread(id).queue):
            self.withdraw(id, message.id)

    def pause(self, id: str, reason: str) -> None:
        thread = self.thread(id)
        thread.pause = thread.pause or reason

    def resume(self, id: str) -> None:
        self.thread(id).pause = None

    def archive(self, id: str, archived: bool) -> None:
        thread = self.thread(id)
        if archived and thread.active:
            raise Refused("busy")
        thread.archived = archived
        if archived and thread.queue:
            self.pause(id, "the thread was archived")

    # --- turns ---------------------------------------------------------------------------------------------------

    def begin(self, id: str, node: str, turn_id: str) -> None:
        thread = self.thread(id)
        batch = thread.batch()
        if thread.active or thread.archived or thread.pause is not None or not batch:
            raise Refused("nothing_to_run")
        agent = batch[0].agents[0] if batch[0].agents else thread.agent
        turn = Turn(turn_id, agent, [message.id for message in batch], node)
        thread.turns.append(turn)
        thread.active = turn
        for message in batch:
            self._consume(thread, turn, message)

    def _consume(self, thread: Thread, turn: Turn, message: Message) -> None:
        thread.queue.remove(message)
        message.state, message.turn = "consumed", turn.id
        turn.counted += 1
        thread.messages += 1

    def take_up(self, id: str, turn_id: str, node: str) -> None:
        thread = self.thread(id)
        turn = thread.active
        if turn is None or turn.id != turn_id or turn.status == "needs_review" or self._is_run(turn, node):
            raise Refused("nothing_to_run")
        if turn.cancel is not None:
            self._end(thread, turn, "cancelled")
        elif turn.status == "waiting":
            self._take_up_waiting(thread, turn, node)
        else:
            turn.crashes += turn.node not in (None, node)
            if turn.crashes >= MAX_ATTEMPTS or turn.attempt >= MOST_ATTEMPTS:
                self._end(thread, turn, "failed")
            elif any(call.state == "started" and call.effect == "once" for call in turn.calls):
                self._needs_review(thread, turn)
            else:
                self._go_on(turn, node)

    def _is_run(self, turn: Turn, by: str) -> bool:
        """Whether it counts as run elsewhere: by a node that lives, or that nobody may say has died."""
        is_elsewhere = turn.node is not None and turn.node != by and turn.node in self.known
        return is_elsewhere and (turn.node in self.alive or by not in self.alive)

    def _take_up_waiting(self, thread: Thread, turn: Turn, node: str) -> None:
        asking = turn.asking()
        if turn.agent == CANNOT_WAIT:
            for call in asking:
                call.answered = "expired"
            self._needs_review(thread, turn)
        elif not asking:
            self._go_on(turn, node)
        elif turn.node is None:
            raise Refused("nothing_to_run")
        else:
            turn.node = None
            turn.fence += 1

    def _needs_review(self, thread: Thread, turn: Turn) -> None:
        self._close_message(thread, turn, counts=True)
        turn.status, turn.node = "needs_review", None
        if thread.queue:
            thread.pause = thread.pause or "the turn needs a review"

    def _go_on(self, turn: Turn, node: str) -> None:
        turn.status, turn.node = "running", node
        turn.attempt += 1
        turn.fence += 1
        turn.open_message = None

    def _close_message(self, thread: Thread, turn: Turn, counts: bool) -> None:
        if turn.open_message and counts:
            turn.counted += 1
            turn.cut_off += 1
            thread.messages += 1
        turn.open_message = None

    def writing(self, id: str, turn_id: str, fence: int, *, calls: bool = False) -> tuple[Thread, Turn]:
        """The turn for a write under that fence; `calls`: one that a recorded cancel refuses."""
        thread = self.thread(id)
        turn = next((turn for turn in thread.turns if turn.id == turn_id), None)
        if turn is None:
            raise Refused("not_found")
        if turn is not thread.active or turn.fence != fence or turn.status == "needs_review":
            raise Refused("stale_fence")
        if calls and turn.cancel is not None:
            raise Refused("cancel_requested")
        return thread, turn

    def finish_message(self, thread: Thread, turn: Turn) -> None:
        turn.open_message = None
        turn.counted += 1
        thread.messages += 1

    def take_steers(self, thread: Thread, turn: Turn) -> None:
        for message in list(thread.queue):
            if message.state == "steering":
                self._consume(thread, turn, message)

    def end(self, id: str, turn_id: str, fence: int, outcome: str) -> None:
        thread, turn = self.writing(id, turn_id, fence)
        self._end(thread, turn, outcome)

    def _end(self, thread: Thread, turn: Turn, outcome: str) -> None:
        by_cancel = {"stop": "cancelled", "interrupt": "interrupted", "discard": "superseded"}
        turn.status = by_cancel[turn.cancel] if turn.cancel else outcome
        self._close_message(thread, turn, counts=turn.status != "superseded")
        if turn.status == "superseded":
            thread.messages -= turn.counted
            turn.counted = turn.cut_off = 0
        for call in turn.asking():
            call.answered = "superseded" if turn.cancel in ("interrupt", "discard") else "expired"
        turn.endings += 1
        thread.active = None
        for message in thread.queue:
            message.state = "queued" if message.state == "steering" else message.state
        if turn.status == "failed" and thread.queue and (turn.was_once_started or thread.pauses_on_failure):
            thread.pause = thread.pause or "the last turn failed"

    # --- people --------------------------------------------------------------------------------------------------

    def cancel(self, id: str) -> None:
        thread = self.thread(id)
        turn = thread.active
        if turn is None:
            return
        turn.cancel = turn.cancel or "stop"
        if thread.queue:
            thread.pause = thread.pause or "stopped by ada"
        if turn.status != "running":
            self._end(thread, turn, "cancelled")

    def retry(self, id: str, turn_id: str) -> None:
        thread, turn = self._turn(id, turn_id)
        if thread.active:
            raise Refused("busy")
        if thread.turns[-1] is not turn or not turn.can_retry:
            raise Refused("nothing_to_retry")
        turn.openings += 1
        self._free(thread, turn)

    def review(self, id: str, turn_id: str, action: str) -> None:
        thread, turn = self._turn(id, turn_id)
        if turn.status != "needs_review":
            raise Refused("not_in_review")
        for call in turn.calls:
            if call.state == "started":
                call.state = {"retry": "approved", "skip": "skipped", "mark_done": "returned"}[action]
        if thread.pause == "the turn needs a review":
            thread.pause = None
        self._free(thread, turn)

    def _free(self, thread: Thread, turn: Turn) -> None:
        thread.messages -= turn.cut_off
        turn.counted -= turn.cut_off
        turn.cut_off = 0
        turn.status, turn.node, turn.cancel, turn.crashes = "running", None, None, 0
        turn.fence += 1
        thread.active = turn

    def _turn(self, id: str, turn_id: str) -> tuple[Thread, Turn]:
        thread = self.thread(id)
        for turn in thread.turns:
            if turn.id == turn_id:
                return thread, turn
        raise Refused("not_found")

    def answer(self, id: str, approval: str, decision: str, is_as_shown: bool) -> None:
        thread = self.thread(id)
        call = next((call for turn in thread.turns for call in turn.calls if call.approval == approval), None)
        if call is None:
            raise Refused("not_found")
        if call.answered is not None:
            raise Refused("already_decided")
        if not is_as_shown:
            raise Refused("arguments_changed")
        call.answered = call.state = "approved" if decision == "approve" else "rejected"

    def delete(self, id: str) -> None:
        self.thread(id)
        del self.threads[id]
