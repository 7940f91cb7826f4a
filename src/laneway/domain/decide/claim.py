"""Claims: a node takes a thread's next batch, or takes up a turn that nobody runs any more."""

from laneway.domain.approval import approval_resource
from laneway.domain.changes import Decision
from laneway.domain.command import BeginTurn, Claimed, TakeUpTurn
from laneway.domain.decide.outcome import close_item, counted, end_turn, ending_of
from laneway.domain.decide.pause import FOR_REVIEW, paused
from laneway.domain.draft import Draft
from laneway.domain.errors import NothingToRun
from laneway.domain.event import (
    ApprovalExpired,
    ItemCompleted,
    ItemStarted,
    QueueItemConsumed,
    TurnNeedsReview,
    TurnResumed,
    TurnStarted,
)
from laneway.domain.frozen import replace
from laneway.domain.item import Item, item_resource
from laneway.domain.kinds import APPROVAL, ITEM, NODE, QUEUE_ITEM, TURN
from laneway.domain.lane import LaneKey
from laneway.domain.queue import QueueItem
from laneway.domain.thread import Thread
from laneway.domain.turn import Run, Turn, TurnError

MOST_ATTEMPTS = 30
"""Attempts of a turn, whatever ended them: one that loses the store each time must not go on for ever."""

# --- a new turn ------------------------------------------------------------------------------------------------------


def begin_turn(draft: Draft, command: BeginTurn) -> Decision:
    """Take the next batch as one turn: after this nothing joins it, and each item is in the transcript."""
    thread = draft.thread(command.thread_id)
    if thread.active_turn_id is not None or thread.archived or thread.settings.paused:
        raise NothingToRun("The thread has an active turn, or may start none.")
    batch = [draft.queue_item(thread.id, item_id) for item_id in draft.next_batch(thread).item_ids]
    if not batch:
        raise NothingToRun("Nothing in the queue may run now.")
    turn = _new_turn(draft, thread, batch, command.node)
    thread = draft.save(
        replace(
            thread, active_turn_id=turn.id, active_status="running", turn_reason=None, last_turn_id=turn.id,
            turn_count=turn.number,
        )
    )  # fmt: skip
    agents = tuple(run.agent for run in turn.runs)
    draft.tell_thread(thread, TurnStarted(turn.number, turn.attempt, turn.item_ids, turn.trigger, agents), turn.id)
    items: list[Item] = []
    for queued in batch:
        if queued.again:
            thread = _ask_again(draft, thread, turn, queued)
            continue
        thread, item = consume(draft, thread, turn, queued)
        items.append(item)
    draft.put(TURN, turn)
    return draft.decision(Claimed(turn, draft.finished(thread.id), tuple(items)))


def _new_turn(draft: Draft, thread: Thread, batch: list[QueueItem], node: str) -> Turn:
    agent = batch[0].agents[0] if batch[0].agents else thread.agent_id
    run = Run(agent, LaneKey("task" if thread.kind == "task" else "chat", thread.id, agent))
    return Turn(
        draft.ids.make("trn"), thread.owner, thread.session_id, thread.id, thread.turn_count + 1, "running", 1, 1,
        batch[0].trigger, tuple(item.id for item in batch), (run,), draft.at, len(batch), batch[0].again, node,
    )  # fmt: skip


def _ask_again(draft: Draft, thread: Thread, turn: Turn, queued: QueueItem) -> Thread:
    """Take an item that asks earlier messages again: they stand in the transcript, once, and stay where they are."""
    draft.put(QUEUE_ITEM, replace(queued, state="consumed", turn_id=turn.id, changed_at=draft.at))
    draft.tell_thread(thread, QueueItemConsumed(queued.id, queued.again[0]), turn.id)
    queue = tuple(each for each in thread.queue if each.id != queued.id)
    return draft.save(replace(thread, queue=queue, queue_version=thread.queue_version + 1))


def consume(draft: Draft, thread: Thread, turn: Turn, queued: QueueItem) -> tuple[Thread, Item]:
    """Move one item from the queue into the transcript: it keeps its sender, time, parts and own place."""
    item = Item(
        draft.ids.make("itm"), thread.owner, thread.session_id, thread.id, turn.id, "user", None, queued.parts,
        queued.text, "complete", queued.created_at, queue_item_id=queued.id, sender=queued.sender, attempt=turn.attempt,
    )  # fmt: skip
    draft.put(QUEUE_ITEM, replace(queued, state="consumed", turn_id=turn.id, changed_at=draft.at))
    draft.tell_thread(thread, QueueItemConsumed(queued.id, item.id), turn.id)
    started = draft.tell_item(thread, ItemStarted(item_resource(item)), item)
    draft.put(ITEM, item, numbered_by=started)
    draft.tell_item(thread, ItemCompleted(item_resource(item)), item)
    queue = tuple(each for each in thread.queue if each.id != queued.id)
    thread = replace(thread, queue=queue, queue_version=thread.queue_version + 1)
    draft.count_message(turn.id)
    return draft.save(counted(thread, item, draft.at)), item


# --- a turn that was left --------------------------------------------------------------------------------------------


def take_up_turn(draft: Draft, command: TakeUpTurn) -> Decision:
    """Take up a turn if it is free: the same batch, one more attempt, a higher fence."""
    thread = draft.thread(command.thread_id)
    turn = draft.view.get(TURN, command.turn_id)
    if (
        turn is None
        or thread.active_turn_id != turn.id
        or turn.status == "needs_review"
        or _is_run(draft, turn, command.node)
    ):
        raise NothingToRun("The turn is over, under review, or runs elsewhere.")
    if turn.cancel is not None:
        end_turn(draft, thread, turn, ending_of(turn, "cancelled"), "cancelled")
        return draft.decision(Claimed(None, draft.finished(thread.id)))
    if turn.status == "waiting":
        return _take_up_waiting(draft, thread, turn, command.node)
    crashed = turn.node is not None
    # A node that takes up a turn of its own lives: what it had lost was the store, and that is no fault of the turn's.
    turn = replace(turn, crashes=turn.crashes + (turn.node not in (None, command.node)))
    if turn.crashes >= draft.rules.max_attempts or turn.attempt >= MOST_ATTEMPTS:
        error = TurnError("crashed", f"The turn was cut off {turn.attempt} times while it ran.")
        end_turn(draft, thread, turn, "failed", "failed", error)
        return draft.decision(Claimed(None, draft.finished(thread.id)))
    doubtful = _doubtful(draft, turn)
    if doubtful:
        return _needs_review(draft, thread, turn, doubtful, "a call was started and its result was not recorded")
    return _resume(draft, thread, turn, command.node, "it was cut off" if crashed else "taken up again")


def _is_run(draft: Draft, turn: Turn, claimant: str) -> bool:
    """Whether another node holds the turn and may live: the store's time decides, nothing else.

    A node that claims a turn of its own has lost it: an engine runs a thread once at a time.
    """
    now, lease_s = draft.view.now, draft.rules.lease_s
    holder = draft.view.get(NODE, turn.node) if turn.node and turn.node != claimant else None
    if holder is None:
        return False
    heir = draft.view.get(NODE, claimant)
    return holder.is_alive(now, lease_s) or heir is None or not heir.may_bury(now, lease_s)


def _doubtful(draft: Draft, turn: Turn) -> list[Item]:
    """Calls that were started, must happen once, and have no result."""
    return [
        item
        for item in draft.items_of(turn.id)
        if item.call is not None and item.call.state == "started" and item.call.effect == "once"
    ]


def _needs_review(draft: Draft, thread: Thread, turn: Turn, calls: list[Item], reason: str) -> Decision:
    for item in draft.items_of(turn.id):
        if item.state == "partial" and item.call is None:
            thread = close_item(draft, thread, item, "interrupted")
    draft.put(TURN, replace(turn, status="needs_review", node=None, version=turn.version + 1))
    call_ids = tuple(item.call.call_id for item in calls if item.call)
    draft.tell_thread(thread, TurnNeedsReview(turn.attempt, reason, call_ids), turn.id)
    thread = replace(thread, active_status="needs_review", turn_reason=reason)
    draft.save(paused(draft, thread, FOR_REVIEW) if thread.queue else thread)
    return draft.decision(Claimed(None, draft.finished(thread.id)))


def _take_up_waiting(draft: Draft, thread: Thread, turn: Turn, node: str) -> Decision:
    """A turn whose process went away while it waited: it goes on when its approval has been answered."""
    open_approvals = [each for each in draft.view.some(APPROVAL) if each.turn_id == turn.id and each.state == "open"]
    waits = all(_waits_across_restarts(draft, run.agent) for run in turn.runs)
    if open_approvals and waits:
        if turn.node is None:
            raise NothingToRun("The turn waits for an approval.")
        # Free from here on, and fenced: if its process was only frozen, that has no say in it any more.
        draft.put(TURN, replace(turn, node=None, fence=turn.fence + 1))
        return draft.decision(Claimed(None, thread))
    if not waits:
        for approval in open_approvals:
            draft.put(APPROVAL, replace(approval, state="expired"))
            expired = approval_resource(replace(approval, state="expired"))
            draft.tell_thread(thread, ApprovalExpired(expired), turn.id)
        return _needs_review(draft, thread, turn, [], "its agent cannot wait across a restart")
    return _resume(draft, thread, turn, node, "the approval was answered")


def _waits_across_restarts(draft: Draft, agent: str) -> bool:
    traits = draft.rules.agents.get(agent)
    return traits is None or traits.waits_across_restarts


def _resume(draft: Draft, thread: Thread, turn: Turn, node: str, reason: str) -> Decision:
    unfinished = [item for item in draft.items_of(turn.id) if item.state == "partial" and item.call is None]
    discard_after = min((item.seq for item in unfinished), default=None)
    turn = replace(
        turn, status="running", attempt=turn.attempt + 1, fence=turn.fence + 1, node=node, version=turn.version + 1
    )
    draft.put(TURN, turn)
    resumed = TurnResumed(turn.attempt, turn.item_ids, reason, None if discard_after is None else discard_after - 1)
    draft.tell_thread(thread, resumed, turn.id)
    for item in unfinished:
        thread = close_item(draft, thread, item, "superseded")
    thread = draft.save(replace(thread, active_status="running", turn_reason=None))
    first = set(turn.item_ids[: turn.batch_size])
    batch = [item for item in draft.items_of(turn.id) if item.queue_item_id in first]
    return draft.decision(Claimed(turn, draft.finished(thread.id), tuple(batch)))
