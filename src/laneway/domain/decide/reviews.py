"""Reviews: what people say of a turn: stop it, decide about its doubtful calls, retry it, approve or reject a call."""

from dataclasses import replace
from typing import assert_never

from laneway.domain.approval import ApprovalState, approval_resource
from laneway.domain.changes import Decision
from laneway.domain.command import CancelTurn, ResolveApproval, RetryTurn, ReviewTurn
from laneway.domain.decide.outcome import complete_item, end_unowned, is_message
from laneway.domain.decide.pause import FOR_REVIEW, paused, resumed
from laneway.domain.decide.users import audit
from laneway.domain.draft import Draft
from laneway.domain.errors import AlreadyDecided, ArgumentsChanged, Busy, NotFound, NothingToRetry, NotInReview
from laneway.domain.event import ApprovalResolved, ToolReturned
from laneway.domain.item import Item, Part
from laneway.domain.kinds import APPROVAL, ITEM, TURN
from laneway.domain.thread import Thread
from laneway.domain.turn import CancelRequest, ReviewAction, Turn, turn_resource

RETRIABLE = frozenset({"failed", "cancelled", "interrupted"})


def cancel_turn(draft: Draft, command: CancelTurn) -> Decision:
    """Record a stop: from here on no new call starts. The process that runs the turn ends it; without one, we do."""
    thread = draft.thread(command.thread_id)
    turn = draft.view.get(TURN, thread.active_turn_id) if thread.active_turn_id else None
    if command.turn_id is not None and (turn is None or turn.id != command.turn_id):
        turn = draft.view.get(TURN, command.turn_id)
        if turn is None or turn.thread_id != thread.id:
            raise NotFound
        return draft.decision({"turn_id": turn.id, "status": turn.status})
    if turn is None:
        return draft.decision({"turn_id": None, "status": draft.finished(thread.id).status})
    if turn.cancel is None:
        turn = replace(turn, cancel=CancelRequest(command.cause, draft.at))
        draft.put(TURN, turn)
    if thread.queue:
        thread = draft.save(paused(draft, thread, f"stopped by {command.by}"))
    if turn.status != "running":
        end_unowned(draft, thread, turn)
    return draft.decision({"turn_id": turn.id, "status": draft.turn(turn.id).status})


def retry_turn(draft: Draft, command: RetryTurn) -> Decision:
    """Open the thread's last turn again: the same batch; what it completed stays, what was cut off is void."""
    thread, turn = _of_thread(draft, command.thread_id, command.turn_id)
    if thread.active_turn_id is not None:
        raise Busy("The thread runs a turn; retry when it is idle.")
    if thread.last_turn_id != turn.id or turn.status not in RETRIABLE:
        raise NothingToRetry("Only a thread's last turn, and only one that did not complete, can be retried.")
    # A turn's usage counts in its thread when it ends, once: what it counted at its last end is taken back.
    draft.save(_without_what_was_cut_off(draft, replace(thread, usage=thread.usage.minus(turn.usage)), turn))
    _free(draft, draft.thread(thread.id), turn)
    return draft.decision(turn_resource(draft.turn(turn.id)))


def _without_what_was_cut_off(draft: Draft, thread: Thread, turn: Turn) -> Thread:
    """The next attempt says again, whole, what an earlier one was saying when it was cut off."""
    lost = [item for item in draft.items_of(turn.id) if item.state == "interrupted"]
    for item in lost:
        draft.put(ITEM, replace(item, state="superseded"))
    return replace(thread, message_count=thread.message_count - sum(map(is_message, lost)))


def review_turn(draft: Draft, command: ReviewTurn) -> Decision:
    """Settle the doubtful calls and let the turn go on; this lifts the pause that the turn caused, and no other."""
    thread, turn = _of_thread(draft, command.thread_id, command.turn_id)
    if turn.status != "needs_review":
        raise NotInReview(f"The turn is {turn.status}; there is nothing to review.")
    for item in draft.items_of(turn.id):
        if item.call is not None and item.call.state == "started":
            thread = _settle(draft, thread, item, command.action)
    thread = _without_what_was_cut_off(draft, thread, turn)
    draft.save(resumed(draft, thread) if thread.pause_reason == FOR_REVIEW else thread)
    _free(draft, draft.thread(thread.id), turn)
    audit(draft, thread.owner, f"turn.reviewed.{command.action}", turn.id)
    return draft.decision(turn_resource(draft.turn(turn.id)))


def _settle(draft: Draft, thread: Thread, item: Item, action: ReviewAction) -> Thread:
    call = item.call
    if call is None:
        return thread
    match action:
        case "retry":
            draft.put(ITEM, replace(item, call=replace(call, state="approved")))
            return thread
        case "skip":
            call = replace(call, state="skipped", error="skipped by the owner: it may or may not have happened")
        case "mark_done":
            call = replace(call, state="returned", result={"marked_done": True})
        case _:
            assert_never(action)
    result = Part("tool_result", call_id=call.call_id, result=call.result, error=call.error)
    draft.tell_item(thread, ToolReturned(item.id, call.call_id, call.name, call.result, call.error), item)
    return complete_item(draft, thread, replace(item, call=call), (*item.parts, result), "", "complete")


def _free(draft: Draft, thread: Thread, turn: Turn) -> None:
    """Make the turn free to be taken up; taking it up raises the attempt and tells `turn.resumed`."""
    runs = tuple(replace(run, status="running") for run in turn.runs)
    # Fenced at once: a process that was frozen all the while must not write between this and the next attempt.
    draft.put(
        TURN,
        replace(
            turn, status="running", node=None, cancel=None, error=None, finished_at=None, crashes=0, runs=runs,
            fence=turn.fence + 1, version=turn.version + 1,
        ),
    )  # fmt: skip
    draft.save(replace(thread, active_turn_id=turn.id, active_status="running", turn_reason=None))


def _of_thread(draft: Draft, thread_id: str, turn_id: str) -> tuple[Thread, Turn]:
    thread, turn = draft.thread(thread_id), draft.view.get(TURN, turn_id)
    if turn is None or turn.thread_id != thread.id:
        raise NotFound
    return thread, turn


def resolve_approval(draft: Draft, command: ResolveApproval) -> Decision:
    """Answer a waiting call, once, for exactly the arguments that were shown."""
    thread = draft.thread(command.thread_id)
    approval = draft.view.get(APPROVAL, command.approval_id)
    if approval is None or approval.thread_id != thread.id:
        raise NotFound
    if approval.state != "open":
        raise AlreadyDecided(f"The approval is {approval.state}.")
    if approval.arguments_hash != command.arguments_hash:
        raise ArgumentsChanged("The hash is not that of the call that waits.", "Read the approval again.")
    state: ApprovalState = "approved" if command.decision == "approve" else "rejected"
    approval = replace(approval, state=state, decision=command.decision, note=command.note)
    draft.put(APPROVAL, approval)
    item = draft.view.get(ITEM, approval.item_id)
    if item is not None and item.call is not None:
        call = replace(item.call, state="approved" if state == "approved" else "rejected", error=command.note)
        draft.put(ITEM, replace(item, call=call))
    draft.tell_thread(thread, ApprovalResolved(approval_resource(approval)), approval.turn_id)
    audit(draft, approval.owner, f"approval.{state}", approval.id)
    return draft.decision(approval_resource(approval))
