"""Outcomes: how a turn ends. Exactly one terminal event, nothing left open, and what waited goes on or is paused."""

from typing import Literal, assert_never

from laneway.domain.approval import approval_resource
from laneway.domain.decide.pause import paused
from laneway.domain.decide.report import leave_children, report
from laneway.domain.draft import Draft
from laneway.domain.event import (
    ApprovalExpired,
    EventData,
    ItemCompleted,
    QueueItemUpdated,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    TurnSuperseded,
)
from laneway.domain.frozen import replace
from laneway.domain.item import IN_CONTEXT, Item, ItemState, Part, item_resource
from laneway.domain.kinds import APPROVAL, ITEM, QUEUE_ITEM, TURN
from laneway.domain.queue import queue_item_resource
from laneway.domain.thread import Thread, preview_of
from laneway.domain.turn import RunStatus, Turn, TurnError, error_resource

REHOMED = "rehomed"
"""The reason of a steer that could not go into a running turn and became the head of the next one."""

Ending = Literal["completed", "failed", "cancelled", "interrupted", "superseded"]


def end_unowned(draft: Draft, thread: Thread, turn: Turn) -> Thread:
    """End a cancelled turn that no process runs: it waits, is under review, or its process is gone."""
    return end_turn(draft, thread, turn, ending_of(turn, "cancelled"), "cancelled")


def ending_of(turn: Turn, outcome: Literal["completed", "failed", "cancelled"]) -> Ending:
    """A recorded cancel decides how a turn ends, over what its runner says."""
    if turn.cancel is None:
        return outcome
    if turn.cancel.cause == "interrupt":
        return "superseded" if turn.cancel.discard else "interrupted"
    return "cancelled"


def end_turn(
    draft: Draft, thread: Thread, turn: Turn, ending: Ending, run_status: RunStatus, error: TurnError | None = None
) -> Thread:
    """End a turn; the draft's view holds all its items, the waiting steers and the open approvals."""
    thread = _close_items(draft, thread, turn, "superseded" if ending == "superseded" else "interrupted")
    if ending == "superseded":
        thread = _supersede_items(draft, thread, turn)
    _close_approvals(draft, thread, turn)
    turn = replace(
        turn, status=ending, error=error if ending == "failed" else None, finished_at=draft.at,
        runs=tuple(replace(run, status=run_status) if run.status == "running" else run for run in turn.runs),
        version=turn.version + 1,
    )  # fmt: skip
    draft.put(TURN, turn)
    draft.tell_thread(thread, _terminal_event(turn, ending), turn.id)
    thread = replace(
        thread, active_turn_id=None, active_status=None, last_turn_id=turn.id, usage=thread.usage.plus(turn.usage),
        turn_reason=_reason(turn), summary=_alert_summary(thread),
    )  # fmt: skip
    leave_children(draft, thread)
    thread = _rehome_steers(draft, draft.save(thread))
    if ending == "failed" and thread.queue and (turn.once_started or thread.settings.on_failure == "pause"):
        thread = paused(draft, thread, "the last turn failed" + _side_effect(turn))
    return report(draft, draft.save(thread), turn)


def _terminal_event(turn: Turn, ending: Ending) -> EventData:
    match ending:
        case "completed":
            return TurnCompleted(turn.attempt, turn.usage)
        case "failed":
            return TurnFailed(turn.attempt, turn.usage, error_resource(turn.error) or {})
        case "cancelled":
            return TurnCancelled(turn.attempt, turn.usage)
        case "interrupted":
            return TurnInterrupted(turn.attempt, turn.usage)
        case "superseded":
            return TurnSuperseded(turn.attempt, turn.usage)
        case _:
            assert_never(ending)


def _reason(turn: Turn) -> str | None:
    return None if turn.error is None else f"{turn.error.class_}: {turn.error.message}"[:200]


def _side_effect(turn: Turn) -> str:
    return " after an effect that must happen once was begun" if turn.once_started else ""


def _alert_summary(thread: Thread) -> str | None:
    """A finished alert thread says in its summary how it ended; other threads keep theirs."""
    return thread.last_message if thread.kind == "alert" else thread.summary


# --- nothing is left open --------------------------------------------------------------------------------------------


def _close_items(draft: Draft, thread: Thread, turn: Turn, state: ItemState) -> Thread:
    for item in draft.items_of(turn.id):
        if item.state == "partial":
            thread = close_item(draft, thread, item, state)
    return thread


def close_item(draft: Draft, thread: Thread, item: Item, state: ItemState) -> Thread:
    """End an unfinished item with the text it had reached."""
    text = draft.view.folded(item.id)
    parts = item.parts if item.call else (Part(item.parts[0].type if item.parts else "text", text=text),)
    spoken = text if parts[0].type == "text" and not item.call else ""
    return complete_item(draft, thread, item, parts, spoken, state)


def complete_item(
    draft: Draft, thread: Thread, item: Item, parts: tuple[Part, ...], text: str, state: ItemState
) -> Thread:
    """End an item with the whole of it; a message then counts in its thread."""
    item = replace(item, parts=parts, text=text, state=state)
    draft.put(ITEM, item)
    draft.tell_item(thread, ItemCompleted(item_resource(item)), item)
    if not is_message(item):
        return thread
    draft.count_message(item.turn_id)
    return draft.save(counted(thread, item, draft.at))


def is_message(item: Item) -> bool:
    """Whether an item counts as a message: what users and assistants say, not tool calls, reasoning or notices."""
    if item.role not in ("user", "assistant") or item.state not in IN_CONTEXT:
        return False
    return any(part.type != "reasoning" for part in item.parts)


def counted(thread: Thread, item: Item, at: str) -> Thread:
    """The thread with one more message in its transcript."""
    return replace(
        thread,
        message_count=thread.message_count + 1,
        last_message=preview_of(item.text),
        last_message_at=at,
        unread=thread.unread + (item.role == "assistant"),
    )


def _supersede_items(draft: Draft, thread: Thread, turn: Turn) -> Thread:
    gone = [item for item in draft.items_of(turn.id) if item.state in IN_CONTEXT]
    for item in gone:
        draft.put(ITEM, replace(item, state="superseded"))
    return draft.save(replace(thread, message_count=thread.message_count - sum(map(is_message, gone))))


def _close_approvals(draft: Draft, thread: Thread, turn: Turn) -> None:
    state = "superseded" if turn.cancel and turn.cancel.cause == "interrupt" else "expired"
    for approval in draft.view.some(APPROVAL):
        if approval.turn_id == turn.id and approval.state == "open":
            closed = replace(approval, state=state)
            draft.put(APPROVAL, closed)
            draft.tell_thread(thread, ApprovalExpired(approval_resource(closed)), turn.id)


def _rehome_steers(draft: Draft, thread: Thread) -> Thread:
    """Steers that the turn did not take become, once, the head of the next one: they stand at the front already."""
    for position, header in enumerate(thread.queue, 1):
        if header.delivery != "steer":
            continue
        item = draft.queue_item(thread.id, header.id)
        if item.state == "steering":
            item = replace(item, state="queued", reason=REHOMED, changed_at=draft.at, version=item.version + 1)
            draft.put(QUEUE_ITEM, item)
            draft.tell_thread(thread, QueueItemUpdated(queue_item_resource(item, position), REHOMED))
    return thread
