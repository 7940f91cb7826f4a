"""Lanes: sends every command there is to the real rules and to the reference, and sees that both take or refuse it.

What is sent is chosen by a `Random`: Hypothesis's own, which shrinks what it finds, or a seeded one for long lives.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal, TypeVar

from laneway.domain import command as c
from laneway.domain import step as s
from laneway.domain.errors import LanewayError
from laneway.domain.instant import later
from laneway.domain.item import Call, Effect, Item, Part
from laneway.domain.json import Json, as_object
from laneway.domain.kinds import NODE, QUEUE_ITEM, THREAD, TIMER, TURN
from laneway.domain.node import Node
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.queue import Delivery
from laneway.domain.rules import AgentTraits, Limits, Rules
from laneway.domain.session import SessionResource
from laneway.domain.thread import ThreadResource, Usage
from laneway.domain.turn import ReviewAction
from laneway.testing.owner import Stamp
from tests.domain import reference
from tests.domain.model_store import START, ModelStore
from tests.domain.reference import CANNOT_WAIT, STEERABLE, Message, Refused, World

T = TypeVar("T")
Model = Callable[[Json], object]

ADA = Principal("ada")
NODES = ("north", "south")
LEASE_S = 6.0
DELIVERIES: tuple[Delivery, ...] = ("queue", "queue", "queue", "steer", "interrupt", "reject")
EFFECTS: tuple[Effect, ...] = ("read", "repeatable", "once", "once")
REVIEWS: tuple[ReviewAction, ...] = ("retry", "skip", "mark_done")
ENDS: Mapping[str, s.EndTurn] = {
    "completed": s.EndTurn("completed", "answered"),
    "failed": s.EndTurn("failed", "failed", "wished", "as you wish"),
    "cancelled": s.EndTurn("cancelled", "cancelled"),
}

RULES = Rules(
    {STEERABLE: AgentTraits(can_steer=True), "plain": AgentTraits(), CANNOT_WAIT: AgentTraits(False, False)},
    STEERABLE,
    limits=Limits(
        queue_per_thread=reference.QUEUE_PER_THREAD,
        queue_per_user=reference.QUEUE_PER_USER,
        alerts_per_minute=reference.ALERTS_PER_MINUTE,
    ),
    max_attempts=reference.MAX_ATTEMPTS,
    lease_s=LEASE_S,
)


class Lanes:
    """A handful of threads, and what happens to them."""

    def __init__(self) -> None:
        self.store = ModelStore(RULES)
        self.world = World()
        self.threads: list[str] = []
        """Every thread there ever was: deleted ones are asked again, too."""
        self.ended_at: dict[str, int] = {}
        """How many events of a thread there were when it was deleted."""
        self.timers: dict[str, str] = {}
        self._made = 0

    def begin_life(self, chance: Random) -> None:
        for node in NODES:
            self._beat(node)
        self.create(chance)

    def act(self, chance: Random) -> str:
        """Do one thing; returns its name. What leads to something is done more often."""
        act: Callable[[Random], None] = chance.choices(*self._weighted())[0]
        act(chance)
        return act.__name__

    def _weighted(self) -> tuple[list[Callable[[Random], None]], list[int]]:
        weights = {
            self.begin: 8, self.end: 3, self.post: 14, self.say: 4, self.call: 4, self.take_up: 4, self.start_call: 6,
            self.finish_saying: 3, self.ask: 4, self.answer: 4, self.leave_wait: 4, self.return_call: 3, self.cancel: 1,
            self.retry: 3, self.review: 3, self.die: 3, self.come_alive: 3, self.resume: 4, self.edit: 3,
            self.withdraw: 1, self.release: 1, self.consume: 2, self.take_steers: 2, self.write_late: 1, self.create: 1,
            self.archive: 1, self.settle: 1, self.delete: 1, self.read: 1, self.delete_session: 1, self.clear: 1,
            self.pause: 1, self.pass_time: 1, self.set_timer: 1, self.change_timer: 1, self.fire_timer: 2,
        }  # fmt: skip
        return list(weights), list(weights.values())

    # --- sending -------------------------------------------------------------------------------------------------

    def stamp(self) -> Stamp:
        self._made += 1
        return Stamp(at=self.store.now, seed=self._made.to_bytes(16, "big"))

    def agree(self, command: c.Command, model: Model, principal: Principal = ADA) -> bool:
        """Send a command to the rules and to the reference: both take it, or refuse it for the same reason."""
        reply, code, expected = None, None, None
        try:
            reply = self.store.submit(principal, command)
        except LanewayError as refused:
            code = refused.code
        try:
            model(reply)
        except Refused as refused:
            expected = refused.code
        assert code == expected, f"{type(command).__name__}: the rules say {code}, the reference {expected}"
        return code is None

    def any_thread(self, chance: Random) -> str:
        """A thread's id, now and then that of one that was deleted."""
        return pick(chance, list(self.world.threads), self.threads)

    def live(self, chance: Random, wanted: Callable[[reference.Thread], bool] = lambda _: True) -> reference.Thread:
        """A thread that is there, mostly one that is as wanted."""
        threads = list(self.world.threads.values())
        return pick(chance, list(filter(wanted, threads)), threads)

    def active(
        self, chance: Random, wanted: Callable[[reference.Turn], object] = lambda _: True
    ) -> tuple[reference.Thread, reference.Turn] | None:
        """A turn that is not over and is as wanted, with its thread."""
        found = [(each, each.active) for each in self.world.threads.values() if each.active and wanted(each.active)]
        return chance.choice(found) if found else None

    # --- threads -------------------------------------------------------------------------------------------------

    def create(self, chance: Random) -> None:
        if len(self.world.threads) >= 3:
            return
        agent = chance.choice((STEERABLE, STEERABLE, "plain", CANNOT_WAIT))
        session_id = None
        if chance.random() < 0.5:
            made = self.store.submit(ADA, c.CreateSession(**self.stamp(), user_id="ada"))
            assert isinstance(made, SessionResource)
            session_id = made.id

        def model(reply: Json) -> None:
            made = (as_object(reply) or {})["thread"]
            assert isinstance(made, ThreadResource)
            self.threads.append(made.id)
            self.world.threads[made.id] = reference.Thread(made.id, made.session_id, agent)

        self.agree(c.CreateThread(**self.stamp(), user_id="ada", agent_id=agent, session_id=session_id), model)

    def archive(self, chance: Random) -> None:
        id = pick(chance, [thread.id for thread in self.world.threads.values() if thread.archived], self.threads)
        archived = chance.random() < 0.3
        command = c.UpdateThread(**self.stamp(), thread_id=id, changes={"archived": archived})
        self.agree(command, lambda _: self.world.archive(id, archived))

    def settle(self, chance: Random) -> None:
        id = self.any_thread(chance)
        mode, on_failure = chance.choice(("combine", "one_at_a_time")), chance.choice(("continue", "pause"))

        def model(_: Json) -> None:
            thread = self.world.thread(id)
            thread.one_at_a_time, thread.pauses_on_failure = mode == "one_at_a_time", on_failure == "pause"

        changes = {"settings": {"queue_mode": mode, "on_failure": on_failure}}
        self.agree(c.UpdateThread(**self.stamp(), thread_id=id, changes=changes), model)

    def delete(self, chance: Random) -> None:
        if len(self.world.threads) > 1:
            id = self.any_thread(chance)
            self.agree(c.DeleteThread(**self.stamp(), thread_id=id), lambda _: self.world.delete(id))
            self.ended_at.setdefault(id, len(self.store.of_thread(id)))

    def delete_session(self, chance: Random) -> None:
        if len(self.world.threads) < 3:
            return
        session_id = self.live(chance).session
        gone = [id for id, thread in self.world.threads.items() if thread.session == session_id]

        def model(_: Json) -> None:
            for id in gone:
                self.world.delete(id)
            self.timers = {id: session for id, session in self.timers.items() if session != session_id}

        self.agree(c.DeleteSession(**self.stamp(), session_id=session_id), model)
        self.ended_at.update({id: len(self.store.of_thread(id)) for id in gone})
        if not self.world.threads:
            self.create(chance)

    def read(self, chance: Random) -> None:
        id = self.any_thread(chance)
        self.agree(c.ReadThread(**self.stamp(), thread_id=id, unread=0), lambda _: self.world.thread(id))

    # --- the queue -----------------------------------------------------------------------------------------------

    def post(self, chance: Random) -> None:
        id = self.any_thread(chance)
        sender, agents = chance.choice(("ada", "ada", "ada", "bot")), chance.choice(((), (), (), ("plain",)))
        delivery, hold, discard = chance.choice(DELIVERIES), chance.random() < 0.15, chance.random() < 0.4
        parts = (Part("text", text=f"message {self._made}"),)
        message = c.NewMessage(parts=parts, sender=sender, agents=agents, delivery=delivery, hold=hold, discard=discard)

        def model(reply: Json) -> None:
            posted = str((as_object(reply) or {}).get("item_id"))
            self.world.post(id, Message(posted, sender, delivery, agents, hold, discard))

        self.agree(c.PostMessage(**self.stamp(), thread_id=id, message=message), model)

    def edit(self, chance: Random) -> None:
        thread = self.live(chance, lambda each: bool(each.queue))
        if not thread.accepted:
            return
        item = pick(chance, thread.queue, thread.accepted).id
        hold = chance.choice((None, None, True, False, False))
        delivery: Delivery | None = chance.choice((None, None, None, "queue", "steer", "interrupt"))
        position = chance.choice((None, 1, 2, 9))
        command = c.EditQueueItem(
            **self.stamp(), thread_id=thread.id, item_id=item, hold=hold, delivery=delivery, position=position
        )
        self.agree(command, lambda _: self.world.edit(thread.id, item, hold=hold, delivery=delivery, position=position))

    def withdraw(self, chance: Random) -> None:
        thread = self.live(chance, lambda each: bool(each.queue))
        if thread.accepted:
            item = pick(chance, thread.queue, thread.accepted).id
            command = c.WithdrawQueueItem(**self.stamp(), thread_id=thread.id, item_id=item, by="ada")
            self.agree(command, lambda _: self.world.withdraw(thread.id, item))

    def clear(self, chance: Random) -> None:
        id = self.any_thread(chance)
        self.agree(c.ClearQueue(**self.stamp(), thread_id=id, by="ada"), lambda _: self.world.clear(id))

    def pause(self, chance: Random) -> None:
        id = self.any_thread(chance)
        self.agree(c.PauseQueue(**self.stamp(), thread_id=id), lambda _: self.world.pause(id, "paused by the owner"))

    def resume(self, chance: Random) -> None:
        paused = [thread.id for thread in self.world.threads.values() if thread.pause is not None]
        id = pick(chance, paused, self.threads)
        self.agree(c.ResumeQueue(**self.stamp(), thread_id=id), lambda _: self.world.resume(id))

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _beat(self, node: str) -> None:
        self.world.alive.add(node)
        self.world.known.add(node)
        self.store.records[NODE.name][node] = Node(node, "", self.store.now)

    def come_alive(self, chance: Random) -> None:
        self._beat(chance.choice(NODES))

    def die(self, chance: Random) -> None:
        node = chance.choice(NODES)
        self.world.alive.discard(node)
        self.world.known.add(node)
        self.store.records[NODE.name][node] = Node(node, "", later(self.store.now, -LEASE_S))

    def begin(self, chance: Random) -> None:
        node = chance.choice(NODES)
        queued = [thread.id for thread in self.world.threads.values() if thread.status == "queued"]
        id = pick(chance, queued, self.threads)

        def model(reply: Json) -> None:
            turn = reply.turn if isinstance(reply, c.Claimed) else None
            self.world.begin(id, node, turn.id if turn else "")
            assert isinstance(reply, c.Claimed)
            assert turn is not None
            batch = self.world.threads[id].turns[-1].batch
            assert list(turn.item_ids) == [item.queue_item_id for item in reply.batch] == batch

        self.agree(c.BeginTurn(**self.stamp(), thread_id=id, node=node), model, SYSTEM)

    def take_up(self, chance: Random) -> None:
        node = chance.choice(NODES)
        thread = self.live(chance, lambda each: each.active is not None and each.active.node not in self.world.alive)
        if thread.turns:
            turn = pick(chance, thread.turns[-1:], thread.turns)

            def model(reply: Json) -> None:
                self.world.take_up(thread.id, turn.id, node)
                assert isinstance(reply, c.Claimed)
                if reply.turn is not None:
                    assert [item.queue_item_id for item in reply.batch] == turn.batch

            self.agree(c.TakeUpTurn(**self.stamp(), thread_id=thread.id, turn_id=turn.id, node=node), model, SYSTEM)

    # --- what a running turn does --------------------------------------------------------------------------------

    def record(self, thread: reference.Thread, turn: reference.Turn, step: s.TurnStep, *, calls: bool = False) -> bool:
        """Record a step under the turn's fence; whether it was taken. `calls`: a recorded cancel refuses it."""
        command = c.RecordTurn(**self.stamp(), thread_id=thread.id, turn_id=turn.id, fence=turn.fence, steps=(step,))
        return self.agree(command, lambda _: self.world.writing(thread.id, turn.id, turn.fence, calls=calls), SYSTEM)

    def _item(self, turn: reference.Turn, role: Literal["assistant", "tool"]) -> Item:
        recorded = self.store.get(TURN, turn.id)
        self._made += 1
        return Item(
            f"itm_{self._made}", recorded.owner, recorded.session_id, recorded.thread_id, recorded.id, role,
            turn.agent, (Part("text", text=""),), "", "partial", self.store.now, attempt=turn.attempt,
        )  # fmt: skip

    def say(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: turn.open_message is None):
            thread, turn = found
            item = self._item(turn, "assistant")
            if self.record(thread, turn, s.StartItem(item)):
                turn.open_message = item.id
                self.store.append(item.id, turn.fence, "some ")

    def finish_saying(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: turn.open_message):
            thread, turn = found
            step = s.CompleteItem(
                turn.open_message or "", (Part("text", text="some words"),), "some words", "complete", len("some ")
            )
            if self.record(thread, turn, step):
                self.world.finish_message(thread, turn)

    def call(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: len(turn.calls) < 4):
            thread, turn = found
            item = self._item(turn, "tool")
            effect = chance.choice(EFFECTS)
            call = Call(f"call_{item.id}", "act", {}, effect, "called")
            if self.record(thread, turn, s.CallTool(item, call), calls=True):
                turn.calls.append(reference.Call(item.id, effect))

    def ask(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: turn.status == "running" and turn.askable()):
            thread, turn = found
            call = turn.askable()
            assert call is not None
            self._made += 1
            approval = f"apr_{self._made}"
            if self.record(thread, turn, s.RequestApproval(call.id, approval, "hash"), calls=True):
                turn.status = "waiting"
                call.approval, call.answered = approval, None

    def leave_wait(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: turn.status == "waiting" and not turn.asking()):
            thread, turn = found
            if self.record(thread, turn, s.LeaveWait("answered")):
                turn.status = "running"

    def start_call(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: turn.status == "running" and turn.startable()):
            thread, turn = found
            call = turn.startable()
            assert call is not None
            if self.record(thread, turn, s.StartCall(call.id), calls=True):
                call.state = "started"
                turn.was_once_started = turn.was_once_started or call.effect == "once"

    def return_call(self, chance: Random) -> None:
        if found := self.active(chance, lambda turn: turn.call("started")):
            thread, turn = found
            call = turn.call("started")
            assert call is not None
            state: Literal["returned", "failed"] = chance.choice(("returned", "failed"))
            step = s.ReturnCall(call.id, "once", 1, "no" if state == "failed" else None, state)
            if self.record(thread, turn, step):
                call.state = state

    def take_steers(self, chance: Random) -> None:
        if (found := self.active(chance)) and self.record(*found, s.TakeSteer(), calls=True):
            self.world.take_steers(*found)

    def consume(self, chance: Random) -> None:
        if found := self.active(chance):
            self.record(*found, s.Consume(Usage(1, 2, 0.5)))

    def end(self, chance: Random) -> None:
        if found := self.active(chance):
            thread, turn = found
            outcome = chance.choice(("completed", "completed", "failed", "cancelled"))
            fence = turn.fence
            command = c.RecordTurn(
                **self.stamp(), thread_id=thread.id, turn_id=turn.id, fence=fence, steps=(ENDS[outcome],)
            )
            self.agree(command, lambda _: self.world.end(thread.id, turn.id, fence, outcome), SYSTEM)

    def release(self, chance: Random) -> None:
        if (found := self.active(chance)) and self.record(*found, s.ReleaseTurn()):
            found[1].node = None

    def write_late(self, chance: Random) -> None:
        """Write under an old fence, or for a turn that is over."""
        thread = self.live(chance, lambda each: bool(each.turns))
        if thread.turns:
            turn = chance.choice(thread.turns)
            fence = turn.fence - (turn is thread.active)
            command = c.RecordTurn(
                **self.stamp(), thread_id=thread.id, turn_id=turn.id, fence=fence, steps=(ENDS["completed"],)
            )
            taken = self.agree(command, lambda _: self.world.writing(thread.id, turn.id, fence), SYSTEM)
            assert not taken

    # --- what people say of it -----------------------------------------------------------------------------------

    def cancel(self, chance: Random) -> None:
        id = pick(chance, [thread.id for thread in self.world.threads.values() if thread.active], self.threads)
        self.agree(c.CancelTurn(**self.stamp(), thread_id=id, by="ada"), lambda _: self.world.cancel(id))

    def retry(self, chance: Random) -> None:
        thread = self.live(chance, lambda each: each.active is None and bool(each.turns) and each.turns[-1].can_retry)
        if thread.turns:
            turn = pick(chance, thread.turns[-1:], thread.turns).id
            command = c.RetryTurn(**self.stamp(), thread_id=thread.id, turn_id=turn)
            self.agree(command, lambda _: self.world.retry(thread.id, turn))

    def review(self, chance: Random) -> None:
        thread = self.live(chance, lambda each: each.status == "needs_review")
        if thread.turns:
            turn, action = thread.turns[-1].id, chance.choice(REVIEWS)
            command = c.ReviewTurn(**self.stamp(), thread_id=thread.id, turn_id=turn, action=action)
            self.agree(command, lambda _: self.world.review(thread.id, turn, action))

    def answer(self, chance: Random) -> None:
        asked = [
            (thread.id, call)
            for thread in self.world.threads.values()
            for turn in thread.turns
            for call in turn.calls
            if call.approval
        ]
        if asked:
            id, call = pick(chance, [each for each in asked if each[1].answered is None], asked)
            approval, is_as_shown = call.approval or "", chance.random() < 0.9
            decision: Literal["approve", "reject"] = chance.choice(("approve", "approve", "reject"))
            command = c.ResolveApproval(
                **self.stamp(), thread_id=id, approval_id=approval, decision=decision,
                arguments_hash="hash" if is_as_shown else "another",
            )  # fmt: skip
            self.agree(command, lambda _: self.world.answer(id, approval, decision, is_as_shown))

    # --- time ----------------------------------------------------------------------------------------------------

    def pass_time(self, chance: Random) -> None:
        self._pass_to(later(self.store.now, chance.choice((1, 30, 61))))

    def _pass_to(self, now: str) -> None:
        self.store.now = now
        for node in self.world.alive:
            self._beat(node)

    def set_timer(self, chance: Random) -> None:
        if len(self.timers) < 3:
            session_id = self.live(chance).session
            at = later(self.store.now, 10)
            command = c.CreateTimer(**self.stamp(), session_id=session_id, text="wake", next_at=at, every_s=10)
            self.store.submit(ADA, command)
            self.timers[self.store.all(TIMER)[-1].id] = session_id

    def change_timer(self, chance: Random) -> None:
        if self.timers:
            timer = self.store.get(TIMER, chance.choice(list(self.timers)))
            what = chance.choice(("pause", "go on", "delete"))
            if what == "delete":
                del self.timers[timer.id]
                self.store.submit(ADA, c.DeleteTimer(**self.stamp(), session_id=timer.session_id, timer_id=timer.id))
            else:
                command = c.UpdateTimer(
                    **self.stamp(), session_id=timer.session_id, timer_id=timer.id, changes={},
                    next_at=timer.next_at, state="paused" if what == "pause" else "active",
                )  # fmt: skip
                self.store.submit(ADA, command)

    def fire_timer(self, chance: Random) -> None:
        """Raise an occurrence, now and then under a definition that is no longer the timer's."""
        if not self.timers or len(self.world.threads) >= 5:
            return
        timer = self.store.get(TIMER, chance.choice(list(self.timers)))
        is_stale, due = chance.random() < 0.2, timer.next_at or START
        if chance.random() < 0.8:
            self._pass_to(max(self.store.now, due))
        is_early = due > self.store.now
        command = c.FireTimer(
            **self.stamp(), session_id=timer.session_id, timer_id=timer.id, timer_version=timer.version - is_stale,
            occurrence=due, next_at=later(due, 10),
        )  # fmt: skip
        full = self.world.waiting() >= reference.QUEUE_PER_USER
        before = {thread.id for thread in self.store.all(THREAD)}

        def model(_: Json) -> None:
            if is_stale or timer.state != "active" or is_early:
                raise Refused("nothing_to_run")

        self.agree(command, model)
        for thread in [thread for thread in self.store.all(THREAD) if thread.id not in before]:
            assert not is_stale
            assert not full
            (item,) = [item for item in self.store.all(QUEUE_ITEM) if item.thread_id == thread.id]
            message = Message(item.id, item.sender)
            self.threads.append(thread.id)
            self.world.threads[thread.id] = reference.Thread(
                thread.id, thread.session_id, STEERABLE, [message], [message]
            )


def pick(chance: Random, wanted: Sequence[T], others: Sequence[T]) -> T:
    """One of the wanted, mostly; otherwise any."""
    return chance.choice(wanted if wanted and chance.random() < 0.9 else others)
