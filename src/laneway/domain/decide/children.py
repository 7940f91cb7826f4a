"""Children: threads of kind `task` that a turn spawns, what becomes of them when it ends, and how they report."""

from dataclasses import replace

from laneway.domain.changes import Count, One
from laneway.domain.command import NewMessage
from laneway.domain.decide.queue import accept
from laneway.domain.decide.threads import check_agent
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft
from laneway.domain.errors import NotFound, TooMany
from laneway.domain.event import ThreadCreated, TurnWaiting
from laneway.domain.item import Part
from laneway.domain.kinds import ITEM, QUEUE_ITEM, THREAD
from laneway.domain.step import SpawnChild
from laneway.domain.thread import UNTITLED, Task, Thread, child_thread_id, thread_summary
from laneway.domain.turn import Turn


def spawn_needs(step: SpawnChild) -> Needs:
    """The child, should it exist already, and how much its owner has."""
    return (
        One(THREAD, child_thread_id(step.call_id)),
        Count(THREAD, {"deleted": 0, "archived": 0, "owner": step.owner}),
        Count(QUEUE_ITEM, {"open": 1, "owner": step.owner}),
    )


def spawn_child(draft: Draft, thread: Thread, turn: Turn, step: SpawnChild) -> tuple[Thread, Turn]:
    """Make the call's child, once: its id follows from the call's. A turn that waits for it gives its slot back."""
    child = draft.view.get(THREAD, child_thread_id(step.call_id))
    if child is None:
        turn = _spawn(draft, thread, turn, step)
        child = draft.thread(child_thread_id(step.call_id))
    if not step.waits or child.deleted or child.task is None or child.task.state != "open":
        return thread, turn
    reason = f"child {child.id}"
    draft.tell_thread(thread, TurnWaiting(reason), turn.id)
    thread = draft.save(replace(thread, active_status="waiting", turn_reason=reason))
    return thread, replace(turn, status="waiting")


def _spawn(draft: Draft, thread: Thread, turn: Turn, step: SpawnChild) -> Turn:
    ancestors = (thread.id, *(thread.task.ancestors if thread.task else ()))
    _check_limits(draft, turn, len(ancestors))
    agent = step.agent or turn.runs[0].agent
    check_agent(draft, agent)
    child = draft.add(
        Thread(
            child_thread_id(step.call_id), thread.owner, thread.session_id, agent, "task", UNTITLED, "default",
            draft.at, draft.at, parent_thread_id=thread.id,
            task=Task(turn.id, step.call_id, step.waits, ancestors, step.tools),
        )
    )  # fmt: skip
    draft.tell_thread(child, ThreadCreated(thread_summary(child)))
    message = NewMessage(parts=(Part("text", text=step.text),), sender=thread.id)
    accept(draft, child.id, message, trigger=step.call_id)
    item = draft.item(turn.id, step.item_id)
    if item.call is None:
        raise NotFound
    draft.put(ITEM, replace(item, call=replace(item.call, state="started")))
    return replace(turn, children=turn.children + 1)


def _check_limits(draft: Draft, turn: Turn, depth: int) -> None:
    limits = draft.rules.limits
    if limits.child_depth and depth > limits.child_depth:
        raise TooMany(f"Children may be {limits.child_depth} deep (child_depth).", "Do this part here.")
    if limits.children_per_turn and turn.children >= limits.children_per_turn:
        raise TooMany(f"A turn may spawn {limits.children_per_turn} children (children_per_turn).")
    if limits.threads_per_user and draft.view.count(THREAD) >= limits.threads_per_user:
        raise TooMany(f"A user may have {limits.threads_per_user} threads (threads_per_user).", "Delete one first.")
