"""The queue: messages accepted, edited, moved, held and withdrawn by their owner, atomically against the claim."""

from collections.abc import Sequence

from laneway.domain.changes import Decision
from laneway.domain.command import (
    ClearQueue,
    EditQueueItem,
    NewMessage,
    PauseQueue,
    PostMessage,
    ResumeQueue,
    WithdrawQueueItem,
)
from laneway.domain.decide.outcome import REHOMED, end_unowned
from laneway.domain.decide.pause import paused, resumed
from laneway.domain.decide.report import report_withdrawn
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import AlreadyTaken, Busy, Invalid, QueueFull, ThreadArchived, UnknownAgent, UnknownItem
from laneway.domain.event import (
    QueueItemAdded,
    QueueItemUpdated,
    QueueItemWithdrawn,
    ThreadUpdated,
)
from laneway.domain.frozen import replace
from laneway.domain.item import text_of
from laneway.domain.kinds import ITEM, QUEUE_ITEM, TURN
from laneway.domain.queue import (
    NextBatch,
    QueueHeader,
    QueueItem,
    QueueResource,
    queue_item_resource,
    receipt,
)
from laneway.domain.thread import Thread, thread_summary, title_from
from laneway.domain.turn import CancelRequest

# --- accepting -------------------------------------------------------------------------------------------------------


def post_message(draft: Draft, command: PostMessage) -> Decision:
    item = accept(draft, command.thread_id, command.message)
    thread = draft.finished(command.thread_id)
    return draft.decision(
        {
            "item_id": item.id,
            "thread_id": thread.id,
            "state": item.state,
            "position": position_of(thread, item.id),
            "turn_id": thread.active_turn_id if item.state == "steering" else None,
        }
    )


def accept(
    draft: Draft, thread_id: str, message: NewMessage, trigger: str = "message", again: tuple[str, ...] = ()
) -> QueueItem:
    """Take a message into the queue: it is recorded, visible and has a position from here on."""
    thread = draft.thread(thread_id)
    _check_acceptable(draft, thread, message)
    item = _sent(draft, thread, replace(_queue_item(draft, thread, message, trigger), again=again))
    header = header_of(item)
    at = _place(thread.queue, header)
    queue = (*thread.queue[:at], header, *thread.queue[at:])
    thread = draft.save(replace(thread, queue=queue, queue_version=thread.queue_version + 1))
    draft.put(QUEUE_ITEM, item)
    draft.tell_thread(thread, QueueItemAdded(queue_item_resource(item, at + 1)))
    if item.reason == REHOMED:
        draft.tell_thread(thread, QueueItemUpdated(queue_item_resource(item, at + 1), REHOMED))
    if message.delivery == "interrupt":
        thread = draft.save(_interrupted(draft, thread, message.discard))
    _title_from_first(draft, thread, item.text)
    return item


def _check_acceptable(draft: Draft, thread: Thread, message: NewMessage) -> None:
    if thread.archived:
        raise ThreadArchived("The thread is archived and takes no message.", "Restore it first.")
    for name in message.agents:
        if name not in draft.rules.agents:
            raise UnknownAgent(f"There is no agent {name!r}.")
    if message.reply_to is not None:
        item = draft.view.get(ITEM, message.reply_to)
        if item is None or item.thread_id != thread.id or item.state == "superseded":
            raise UnknownItem(f"The thread has no item {message.reply_to!r} to reply to.", "Name one of its messages.")
    if message.delivery == "reject" and (thread.active_turn_id is not None or thread.queue):
        raise Busy("The thread is busy, and the message asked not to wait.", "Send it with delivery=queue to wait.")
    limits = draft.rules.limits
    if limits.queue_per_thread and len(thread.queue) >= limits.queue_per_thread:
        raise QueueFull(
            f"The thread's queue holds {limits.queue_per_thread} items (queue_per_thread). Nothing was dropped.",
            "Wait for a turn to take some, or withdraw one.",
        )
    if limits.queue_per_user and draft.view.count(QUEUE_ITEM) >= limits.queue_per_user:
        raise QueueFull(
            f"Your queues hold {limits.queue_per_user} items together (queue_per_user). Nothing was dropped.",
            "Wait for turns to take some, or withdraw some.",
        )


def _queue_item(draft: Draft, thread: Thread, message: NewMessage, trigger: str) -> QueueItem:
    return QueueItem(
        id=draft.ids.make("que"), owner=thread.owner, session_id=thread.session_id, thread_id=thread.id,
        state="queued", delivery=message.delivery, hold=message.hold, sender=message.sender,
        parts=message.parts, text=text_of(message.parts), created_at=draft.at, changed_at=draft.at,
        agents=message.agents, discard=message.discard, reply_to=message.reply_to, trigger=trigger,
    )  # fmt: skip


def _sent(draft: Draft, thread: Thread, item: QueueItem) -> QueueItem:
    """The item in the state that follows from how it is sent; a steer that nothing can take says so."""
    if item.hold:
        return replace(item, state="held", reason=None)
    if item.delivery != "steer" or thread.active_turn_id is None:
        return replace(item, state="queued", reason=None)
    if _can_be_steered(draft, thread):
        return replace(item, state="steering", reason=None)
    return replace(item, state="queued", reason=REHOMED)


def _can_be_steered(draft: Draft, thread: Thread) -> bool:
    turn = draft.view.get(TURN, thread.active_turn_id) if thread.active_turn_id else None
    if turn is None or turn.status == "needs_review" or turn.cancel is not None:
        return False
    traits = [draft.rules.agents.get(run.agent) for run in turn.runs]
    return all(each is not None and each.can_steer for each in traits)


def header_of(item: QueueItem) -> QueueHeader:
    """What the thread keeps of an item that waits."""
    return QueueHeader(item.id, item.sender, item.hold, item.delivery, agents=item.agents, size=len(item.text.encode()))


def _place(queue: Sequence[QueueHeader], header: QueueHeader) -> int:
    """Where a new item goes: an interrupt first, a steer behind the steers that wait already, the rest at the end."""
    match header.delivery:
        case "interrupt":
            return 0
        case "steer":
            return next((n for n, each in enumerate(queue) if each.delivery not in ("steer", "interrupt")), len(queue))
        case "queue" | "reject":
            return len(queue)


def _interrupted(draft: Draft, thread: Thread, discard: bool) -> Thread:
    """Record that the active turn is to be cut, without pausing; a turn that nobody runs is ended at once."""
    turn = draft.view.get(TURN, thread.active_turn_id) if thread.active_turn_id else None
    if turn is None or turn.cancel is not None:
        return thread
    turn = replace(turn, cancel=CancelRequest("interrupt", draft.at, discard))
    if discard and turn.status != "running":
        # All of the turn goes, which takes all its items: whoever takes it up has them, and ends it.
        draft.put(TURN, replace(turn, status="running", node=None))
        return replace(thread, active_status="running", turn_reason=None)
    draft.put(TURN, turn)
    return thread if turn.status == "running" else end_unowned(draft, thread, turn)


def _title_from_first(draft: Draft, thread: Thread, text: str) -> None:
    title = title_from(text) if thread.title_source == "default" else None
    if title is not None:
        thread = draft.save(replace(thread, title=title, title_source="auto", version=thread.version + 1))
        draft.tell_thread(thread, ThreadUpdated(thread_summary(draft.finished(thread.id))))


# --- editing ---------------------------------------------------------------------------------------------------------


def edit_queue_item(draft: Draft, command: EditQueueItem) -> Decision:
    thread, before = _waiting(draft, command.thread_id, command.item_id, command.if_version)
    if before.again and (command.parts is not None or command.delivery is not None):
        raise Invalid("It asks an earlier message again.", "Edit that message instead.")
    item = replace(before, version=before.version + 1, changed_at=draft.at)
    if command.parts is not None:
        item = replace(item, parts=command.parts, text=text_of(command.parts))
    if command.hold is not None or command.delivery is not None:
        hold = item.hold if command.hold is None else command.hold
        item = _sent(draft, thread, replace(item, hold=hold, delivery=command.delivery or item.delivery))
    draft.put(QUEUE_ITEM, item)
    thread = draft.save(_requeued(thread, item, command))
    if command.delivery == "interrupt":
        thread = draft.save(_interrupted(draft, thread, item.discard))
    resource = queue_item_resource(item, position_of(thread, item.id))
    draft.tell_thread(thread, QueueItemUpdated(resource, item.reason if item.reason != before.reason else None))
    return draft.decision(resource)


def _requeued(thread: Thread, item: QueueItem, command: EditQueueItem) -> Thread:
    """The thread with the item in its place: `interrupt` is *send now*, and `steer` goes to the front as well."""
    at = position_of(thread, item.id) - 1
    rest = tuple(each for each in thread.queue if each.id != item.id)
    if command.delivery in ("interrupt", "steer"):
        at = _place(rest, header_of(item))
    elif command.position is not None:
        at = min(max(command.position, 1), len(rest) + 1) - 1
    return replace(thread, queue=(*rest[:at], header_of(item), *rest[at:]), queue_version=thread.queue_version + 1)


def withdraw_queue_item(draft: Draft, command: WithdrawQueueItem) -> Decision:
    thread, item = _waiting(draft, command.thread_id, command.item_id, command.if_version)
    item = _withdraw(draft, thread, item, command.by)
    report_withdrawn(draft, draft.thread(thread.id), command.by)
    return draft.decision(receipt(item))


def clear_queue(draft: Draft, command: ClearQueue) -> Decision:
    thread = draft.thread(command.thread_id)
    for header in thread.queue:
        item = draft.queue_item(thread.id, header.id)
        _withdraw(draft, draft.thread(thread.id), item, command.by)
    report_withdrawn(draft, draft.thread(thread.id), command.by)
    return draft.decision(queue_resource(draft, draft.finished(thread.id)))


def _withdraw(draft: Draft, thread: Thread, item: QueueItem, by: str) -> QueueItem:
    item = replace(item, state="withdrawn", reason=f"withdrawn by {by}", changed_at=draft.at, version=item.version + 1)
    draft.put(QUEUE_ITEM, item)
    rest = tuple(each for each in thread.queue if each.id != item.id)
    thread = draft.save(replace(thread, queue=rest, queue_version=thread.queue_version + 1))
    draft.tell_thread(thread, QueueItemWithdrawn(item.id, by))
    return item


def _waiting(draft: Draft, thread_id: str, item_id: str, if_version: int | None) -> tuple[Thread, QueueItem]:
    thread, item = draft.thread(thread_id), draft.queue_item(thread_id, item_id)
    if not item.open:
        raise AlreadyTaken(f"The item is {item.state}; it no longer waits.")
    check_version(if_version, item.version)
    return thread, item


# --- pausing ---------------------------------------------------------------------------------------------------------


def pause_queue(draft: Draft, command: PauseQueue) -> Decision:
    thread = draft.save(paused(draft, draft.thread(command.thread_id), command.reason))
    return draft.decision(queue_resource(draft, draft.finished(thread.id)))


def resume_queue(draft: Draft, command: ResumeQueue) -> Decision:
    thread = draft.save(resumed(draft, draft.thread(command.thread_id)))
    return draft.decision(queue_resource(draft, draft.finished(thread.id)))


# --- showing ---------------------------------------------------------------------------------------------------------


def position_of(thread: Thread, item_id: str) -> int:
    """The place of an item in its queue, from 1; 0 when it does not wait."""
    return next((n for n, header in enumerate(thread.queue, 1) if header.id == item_id), 0)


def queue_resource(draft: Draft, thread: Thread) -> QueueResource:
    """The queue as it stands in this decision, which has loaded every waiting item."""
    items = [draft.queue_item(thread.id, header.id) for header in thread.queue]
    return show_queue(thread, items, draft.next_batch(thread))


def show_queue(thread: Thread, items: Sequence[QueueItem], next_batch: NextBatch) -> QueueResource:
    """Show a queue with the bodies of its waiting items, in order."""
    return QueueResource(
        thread.settings.paused, thread.pause_reason, thread.settings.queue_mode, thread.queue_version,
        tuple(queue_item_resource(item, position) for position, item in enumerate(items, 1)), next_batch,
    )  # fmt: skip
