"""Jumble: random commands that write what they have seen, so that whoever has seen too little leaves a trace of it."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from random import Random

from laneway.domain.changes import Changes, Count, Decision, Drop, Folded, Need, One, Put, Some, View
from laneway.domain.errors import NotFound
from laneway.domain.event import Event
from laneway.domain.kinds import QUEUE_ITEM, THREAD, TURN
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.queue import QueueItem
from laneway.domain.record import Kind, Record
from laneway.testing.store_suite.samples import ME, YOU, paused, queue_item, thread, turn

OWNERS = (ME, YOU)
THREADS = tuple(f"thr_{number}" for number in range(4))


@dataclass(frozen=True)
class Command:
    """A command as a store takes it."""

    principal: Principal
    needs: Sequence[Need]
    decide: Callable[[View], Decision]

    @property
    def names(self) -> Collection[str]:
        return {need.id for need in self.needs if isinstance(need, One)}


def owner_of(thread_id: str) -> Principal:
    return OWNERS[THREADS.index(thread_id) % 2]


def session_of(thread_id: str) -> str:
    return f"ses_{owner_of(thread_id).user_id}"


def beginning() -> list[tuple[Kind[Record], Record]]:
    """What is there before any of the commands: threads of two users, one of them with a turn."""
    threads = [thread(id, session_of(id), owner_of(id).user_id) for id in THREADS]
    first = threads[0]
    active = turn("trn_0", first.id, session_id=first.session_id, owner=first.owner)
    return [
        (TURN, active),
        (THREAD, replace(first, active_turn_id=active.id)),
        *((THREAD, each) for each in threads[1:]),
    ]


def command(dice: Random, number: int, systems: float = 0.2, is_broad: bool = True) -> Command:
    """One of a user's commands on a thread, or of the system's, of which there is that share.

    A broad one looks beyond threads that it names.
    """
    thread_id = dice.choice(THREADS)
    owner = owner_of(thread_id)
    principal = SYSTEM if dice.random() < systems else owner
    others = [
        One(THREAD, dice.choice(THREADS), ("active_turn_id",)), One(QUEUE_ITEM, f"que_{dice.randrange(number + 1)}"),
        Some(QUEUE_ITEM, {"thread_id": thread_id, "open": 1}), Folded(thread_id),
        Some(QUEUE_ITEM, {"thread_id": dice.choice(THREADS), "state": "consumed"}),
    ]  # fmt: skip
    if is_broad:
        others += [
            Count(QUEUE_ITEM, {"open": 1}), Count(QUEUE_ITEM, {"session_id": session_of(thread_id)}),
            Some(THREAD, {"title": "a thread"}),
        ]  # fmt: skip
    needs = (One(THREAD, thread_id), *dice.sample(others, dice.randrange(1, 4)))
    action = dice.choice(("post", "post", "post", "rename", "consume", "drop", "look", "fail", "drop unseen"))
    return Command(principal, needs, _Deciding(number, thread_id, owner, needs, action))


@dataclass(frozen=True)
class _Deciding:
    number: int
    thread_id: str
    owner: Principal
    needs: Sequence[Need]
    action: str

    def __call__(self, view: View) -> Decision:
        text = self._seen(view)
        told = (paused(f"{self.number} {text}", self.thread_id, session_of(self.thread_id), self.owner.user_id),)
        match self.action:
            case "post":
                return self._posted(text, told)
            case "rename":
                kept = view.get(THREAD, self.thread_id)
                assert kept is not None
                return Decision(Changes((Put(THREAD, replace(kept, title=text)),), events=told), text)
            case "consume" | "drop":
                return self._taken(view, text, told)
            case "drop unseen":
                return Decision(Changes(drops=(Drop(QUEUE_ITEM, f"que_{self.number - 1}"),), events=told), text)
            case "fail":
                raise NotFound
            case _:
                return Decision(reply=text)

    def _posted(self, text: str, told: tuple[Event, ...]) -> Decision:
        id, session_id = f"que_{self.number}", session_of(self.thread_id)
        item = queue_item(id, self.thread_id, session_id=session_id, owner=self.owner.user_id, text=text)
        return Decision(Changes((Put(QUEUE_ITEM, item),), events=told), text)

    def _taken(self, view: View, text: str, told: tuple[Event, ...]) -> Decision:
        """Consume or drop the first of the waiting items that were seen."""
        waiting = [each for each in self._items(view) if each.state == "queued" and each.thread_id == self.thread_id]
        if not waiting:
            return Decision(reply=text)
        if self.action == "drop":
            return Decision(Changes(drops=(Drop(QUEUE_ITEM, waiting[0].id),), events=told), text)
        taken = replace(waiting[0], state="consumed")
        return Decision(Changes((Put(QUEUE_ITEM, taken),), events=told), text)

    def _items(self, view: View) -> Sequence[QueueItem]:
        if any(isinstance(need, Some) and need.kind is QUEUE_ITEM for need in self.needs):
            return view.some(QUEUE_ITEM)
        return ()

    def _seen(self, view: View) -> str:
        """All that the needs have found, in few letters."""
        seen: list[object] = []
        for need in self.needs:
            match need:
                case One(kind, id):
                    seen.append(view.get(kind, id))
                case Some(kind):
                    seen += view.some(kind)
                case Count(kind):
                    seen.append(view.count(kind))
                case _:
                    seen.append(view.folded(""))
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]
