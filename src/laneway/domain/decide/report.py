"""Report: the end of a turn as its thread's parent and children learn of it, in the same commit."""

from dataclasses import replace

from laneway.domain.decide.pause import paused
from laneway.domain.draft import Draft
from laneway.domain.event import DeliveryDecided, QueueItemAdded
from laneway.domain.item import IN_CONTEXT, Part
from laneway.domain.kinds import QUEUE_ITEM, THREAD, TURN
from laneway.domain.queue import QueueHeader, QueueItem, queue_item_resource
from laneway.domain.thread import TaskState, Thread
from laneway.domain.turn import CancelRequest, Turn

_STATES: dict[str, TaskState] = {"completed": "completed", "failed": "failed"}


def leave_children(draft: Draft, thread: Thread) -> None:
    """Stop the children that the ended turn still waited for: nobody would hear them."""
    for child in [each for each in draft.view.some(THREAD) if each.awaited_by == thread.id]:
        _leave(draft, draft.thread(child.id))


def _leave(draft: Draft, child: Thread) -> None:
    if child.task is None or child.task.state != "open":
        return
    child = replace(child, task=replace(child.task, state="cancelled"))
    turn = draft.view.get(TURN, child.active_turn_id) if child.active_turn_id else None
    if turn is None:
        draft.save(paused(draft, child, "the turn that spawned it has ended") if child.queue else child)
        return
    cancel = turn.cancel or CancelRequest("stop", draft.at)
    if turn.status == "running":
        draft.put(TURN, replace(turn, cancel=cancel))
    else:
        # It waits, maybe for a child of its own: whoever takes it up finds the cancel, and ends it.
        draft.put(TURN, replace(turn, cancel=cancel, status="running", node=None))
        child = replace(child, active_status="running", turn_reason=None)
    draft.save(child)


def report(draft: Draft, thread: Thread, turn: Turn) -> Thread:
    """Say, once, how a child ended: in its record for a parent that waits, else as a message in the parent's queue."""
    task = thread.task
    if task is None or task.state != "open" or (turn.status in ("interrupted", "superseded") and thread.queue):
        return thread
    error = turn.error.message if turn.error else None
    state = _STATES.get(turn.status, "cancelled")
    task = replace(task, state=state, error=error, ended_turn_id=turn.id)
    return _told(draft, replace(thread, task=task), _said(draft, thread, turn), turn.id)


def report_withdrawn(draft: Draft, thread: Thread, by: str) -> Thread:
    """A child of which everything was taken back before it began will say nothing: its parent hears that at once."""
    task = thread.task
    if task is None or task.state != "open" or thread.queue or thread.active_turn_id is not None:
        return thread
    task = replace(task, state="cancelled", error=f"its message was withdrawn by {by}.")
    return _told(draft, replace(thread, task=task), f"The child {thread.id} was cancelled: {task.error}", None)


def _told(draft: Draft, thread: Thread, text: str, turn_id: str | None) -> Thread:
    thread = draft.save(thread)
    parent = draft.view.get(THREAD, thread.parent_thread_id) if thread.parent_thread_id else None
    is_waited_for = thread.task is not None and thread.task.waits
    takes_posts = parent is not None and not parent.deleted and not parent.archived
    if is_waited_for or takes_posts:
        decided = DeliveryDecided("task_completion", "fallback", "no-active-binding", thread.parent_thread_id)
    else:
        # The answer stays in the child, where the owner finds it: this says so.
        decided = DeliveryDecided("task_completion", "fallback", "parent-archived", None)
    draft.tell_thread(thread, decided, turn_id)
    if parent is not None and takes_posts and not is_waited_for:
        _post(draft, draft.thread(parent.id), thread, text)
    return thread


def _said(draft: Draft, child: Thread, turn: Turn) -> str:
    if turn.status != "completed":
        return f"The child {child.id} was {turn.status}" + (f": {turn.error.message}" if turn.error else ".")
    items = sorted(draft.items_of(turn.id), key=lambda item: item.seq or 2**53)
    spoken = [item.text for item in items if item.role == "assistant" and item.text and item.state in IN_CONTEXT]
    return "\n\n".join(spoken) or f"The child {child.id} has finished and said nothing."


def _post(draft: Draft, parent: Thread, child: Thread, text: str) -> None:
    """Into the queue past its limit: the bound is that of the children, and a result must not be lost."""
    item = QueueItem(
        draft.ids.make("que"), parent.owner, parent.session_id, parent.id, "queued", "queue", hold=False,
        sender=child.id, parts=(Part("text", text=text),), text=text, created_at=draft.at, changed_at=draft.at,
        trigger=child.id,
    )  # fmt: skip
    queue = (*parent.queue, QueueHeader(item.id, item.sender, size=len(text.encode())))
    draft.put(QUEUE_ITEM, item)
    parent = draft.save(replace(parent, queue=queue, queue_version=parent.queue_version + 1))
    draft.tell_thread(parent, QueueItemAdded(queue_item_resource(item, len(queue))))
