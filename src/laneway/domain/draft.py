"""Draft: gathers what a decision changes, keeps thread status true, and tells what changed with the last event."""

from collections import Counter

from laneway.domain.batch import plan_batch
from laneway.domain.changes import Changes, Decision, Drop, Put, View
from laneway.domain.command import Command
from laneway.domain.errors import NotFound, Stale
from laneway.domain.event import Event, EventData, ItemStarted, ThreadUpdated
from laneway.domain.frozen import replace
from laneway.domain.ids import Ids
from laneway.domain.item import Item
from laneway.domain.json import Json
from laneway.domain.kinds import ITEM, QUEUE_ITEM, SESSION, THREAD, TURN
from laneway.domain.queue import NextBatch, QueueItem
from laneway.domain.record import Kind, Record
from laneway.domain.rules import Rules
from laneway.domain.session import Session
from laneway.domain.thread import Thread, thread_change, thread_summary, with_status
from laneway.domain.turn import Turn


class Draft:
    """One decision in the making. Threads are taken with `thread`, changed with `save`, and put once, at the end."""

    def __init__(self, view: View, command: Command, rules: Rules) -> None:
        self.view = view
        self.at = command.at
        self.ids = Ids(command.seed)
        self.rules = rules
        self._before: dict[str, Thread | None] = {}
        self._threads: dict[str, Thread] = {}
        self._puts: dict[tuple[str, str], Put] = {}
        self._drops: list[Drop] = []
        self._events: list[Event] = []
        self._erase: list[str] = []
        self._messages: Counter[str] = Counter()

    # --- what is there -------------------------------------------------------------------------------------------

    def thread(self, thread_id: str) -> Thread:
        """The thread as it now stands in this decision; raises `NotFound`."""
        if thread_id in self._threads:
            return self._threads[thread_id]
        found = self.view.get(THREAD, thread_id)
        if found is None or found.deleted:
            raise NotFound
        self._before[thread_id] = self._threads[thread_id] = found
        return found

    def session(self, session_id: str) -> Session:
        """The session as it now stands in this decision; raises `NotFound`."""
        drafted = self._puts.get((SESSION.name, session_id))
        found = drafted.record if drafted else self.view.get(SESSION, session_id)
        if not isinstance(found, Session) or found.deleted:
            raise NotFound
        return found

    def queue_item(self, thread_id: str, item_id: str) -> QueueItem:
        """A queue item of that thread, waiting or not; raises `NotFound`."""
        drafted = self._puts.get((QUEUE_ITEM.name, item_id))
        found = drafted.record if drafted else self.view.get(QUEUE_ITEM, item_id)
        if not isinstance(found, QueueItem) or found.thread_id != thread_id:
            raise NotFound
        return found

    def turn(self, turn_id: str) -> Turn:
        """The turn as it now stands in this decision; raises `NotFound`."""
        drafted = self._puts.get((TURN.name, turn_id))
        found = drafted.record if drafted else self.view.get(TURN, turn_id)
        if not isinstance(found, Turn):
            raise NotFound
        return found

    def items_of(self, turn_id: str) -> list[Item]:
        """The items of a turn that were loaded, or that this decision has started, as they now stand."""
        items = {item.id: item for item in self.view.some(ITEM) if item.turn_id == turn_id}
        for put in self._puts.values():
            if isinstance(put.record, Item) and put.record.turn_id == turn_id:
                items[put.record.id] = put.record
        return list(items.values())

    def item(self, turn_id: str, item_id: str) -> Item:
        """An item of that turn; raises `NotFound`."""
        drafted = self._puts.get((ITEM.name, item_id))
        found = drafted.record if drafted else self.view.get(ITEM, item_id)
        if not isinstance(found, Item) or found.turn_id != turn_id:
            raise NotFound
        return found

    def next_batch(self, thread: Thread) -> NextBatch:
        """What the thread's next turn would take."""
        return plan_batch(thread.queue, self.rules.batch_policy(thread.settings.queue_mode))

    # --- what changes --------------------------------------------------------------------------------------------

    def add(self, thread: Thread) -> Thread:
        """Take up a new thread."""
        self._before[thread.id] = None
        self._threads[thread.id] = thread
        return thread

    def save(self, thread: Thread) -> Thread:
        """Let the thread stand as given."""
        self._threads[thread.id] = thread
        return thread

    def put(self, kind: Kind[Record], record: Record, numbered_by: int | None = None) -> None:
        """Write a record; a later put of the same record replaces it but keeps the numbering event."""
        key = (kind.name, record.id)
        if numbered_by is None and key in self._puts:
            numbered_by = self._puts[key].numbered_by
        self._puts[key] = Put(kind, record, numbered_by)

    def count_message(self, turn_id: str) -> None:
        """Count a message that a turn took or completed."""
        self._messages[turn_id] += 1

    def drop(self, kind: Kind[Record], record_id: str) -> None:
        """Delete a record."""
        self._drops.append(Drop(kind, record_id))

    def erase(self, scope_id: str) -> None:
        """Hide a thread or session now, and have every trace of it erased."""
        self._erase.append(scope_id)

    def tell(
        self,
        data: EventData,
        *,
        owner: str,
        session_id: str | None,
        thread_id: str | None = None,
        turn_id: str | None = None,
        agent: str | None = None,
        numbered_by: int | None = None,
    ) -> int:
        """Tell an event; returns its index, by which a put may be numbered."""
        self._events.append(Event(data, owner, session_id, self.at, thread_id, turn_id, agent, numbered_by=numbered_by))
        return len(self._events) - 1

    def tell_thread(self, thread: Thread, data: EventData, turn_id: str | None = None, agent: str | None = None) -> int:
        """Tell an event of a thread."""
        return self.tell(
            data, owner=thread.owner, session_id=thread.session_id, thread_id=thread.id, turn_id=turn_id, agent=agent
        )

    def tell_item(self, thread: Thread, data: EventData, item: Item) -> int:
        """Tell an event of one of the thread's items. Its place is the seq of its start, which the store fills in."""
        started = self._puts.get((ITEM.name, item.id))
        here = len(self._events)
        return self.tell(
            data, owner=thread.owner, session_id=thread.session_id, thread_id=thread.id, turn_id=item.turn_id,
            agent=item.agent,
            numbered_by=here if isinstance(data, ItemStarted) else started.numbered_by if started else None,
        )  # fmt: skip

    # --- what comes out ------------------------------------------------------------------------------------------

    def decision(self, reply: Json = None) -> Decision:
        """Everything drafted, with each changed thread's status stored and its change told by its last event."""
        for thread_id in list(self._threads):
            self._finish(thread_id)
        for turn_id, messages in self._messages.items():
            turn = self.turn(turn_id)
            self.put(TURN, replace(turn, messages=turn.messages + messages))
        return Decision(
            Changes(tuple(self._puts.values()), tuple(self._drops), tuple(self._events), tuple(self._erase)), reply
        )

    def finished(self, thread_id: str) -> Thread:
        """The thread as it will be stored, with its status and the time of its change: what a reply shows."""
        thread = self._threads[thread_id]
        runnable = bool(thread.queue) and bool(self.next_batch(thread).item_ids)
        thread = with_status(thread, runnable)
        if thread is not self._before[thread_id] and thread.updated_at != self.at:
            thread = replace(thread, updated_at=self.at)
        return self.save(thread)

    def _finish(self, thread_id: str) -> None:
        before = self._before[thread_id]
        thread = self.finished(thread_id)
        if thread is before:
            return
        self.put(THREAD, thread)
        if thread.deleted:
            return
        last = self._last_event_of(thread_id)
        if last is None:
            last = self.tell_thread(thread, ThreadUpdated(thread_summary(thread)))
        self._events[last] = replace(self._events[last], thread=thread_change(before, thread))

    def _last_event_of(self, thread_id: str) -> int | None:
        for index in range(len(self._events) - 1, -1, -1):
            if self._events[index].thread_id == thread_id and self._events[index].data.scope == "thread":
                return index
        return None


def check_version(if_version: int | None, version: int) -> None:
    """Raise `Stale` when a version was named and is not the newest."""
    if if_version is not None and if_version != version:
        raise Stale(f"The newest version is {version}, not {if_version}.", "Read it again and repeat the change.")
