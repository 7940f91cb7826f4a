"""Cuts: a message edited, asked again or deleted. What stood from there on leaves the transcript, in one commit."""

from collections.abc import Sequence
from dataclasses import replace

from laneway.domain.changes import Decision, One, Some, Span
from laneway.domain.command import CutTranscript, DeleteMessage, EditMessage, NewMessage, RegenerateAnswer
from laneway.domain.decide.outcome import end_turn, is_message
from laneway.domain.decide.pause import paused
from laneway.domain.decide.queue import accept, position_of
from laneway.domain.decide.users import audit
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft
from laneway.domain.errors import Invalid, NotFound, Superseded, ThreadArchived, TranscriptTooLong
from laneway.domain.event import LaneInvalidated, TranscriptCut
from laneway.domain.item import IN_CONTEXT, Item
from laneway.domain.kinds import ITEM, LANE, QUEUE_ITEM, TURN
from laneway.domain.queue import QueueItem
from laneway.domain.thread import Thread, preview_of
from laneway.domain.turn import CancelRequest

CUT_ITEMS = 5000
"""How many items one cut may take out of the transcript; more is refused, and nothing changes."""
REGENERATE = "regenerate"
"""The trigger of a turn that answers an earlier question again."""


def cut_needs(command: CutTranscript) -> Needs:
    """What goes, what stands right before it, and the lanes whose backends have seen it: none of it without a bound."""
    thread = {"thread_id": command.thread_id}
    before = tuple(
        Span(ITEM, {**thread, **where}, below=command.from_seq, newest=True, limit=limit)
        for where, limit in (
            ({"state": "complete"}, 1),
            ({"state": "interrupted"}, 1),
            ({"state": "complete", "role": "user"}, 1),
            ({"state": "complete", "role": "assistant"}, 5),
            ({"state": "interrupted", "role": "assistant"}, 5),
        )
    )
    original = (One(QUEUE_ITEM, command.queue_item_id),) if command.queue_item_id else ()
    return (
        One(ITEM, command.item_id),
        *(Span(ITEM, {**thread, "state": state}, command.from_seq - 1, limit=CUT_ITEMS + 1) for state in _PRESENT),
        *before,
        *original,
        Some(LANE, thread),
    )


_PRESENT = ("complete", "interrupted", "partial")
"""Every state of an item but `superseded`."""


def edit_message(draft: Draft, command: EditMessage) -> Decision:
    """Say something else instead: it goes to the head of the queue and runs alone."""
    item = _present(draft, command)
    if item.role != "user":
        raise Invalid("Only a message of a user can be edited.", "Regenerate the answer instead.")
    message = replace(command.message, delivery="interrupt", agents=_agents(draft, command))
    _cut(draft, command, "edit")
    return _resubmitted(draft, accept(draft, command.thread_id, message))


def regenerate_answer(draft: Draft, command: RegenerateAnswer) -> Decision:
    """Ask the question again. It stays where it is; what waits in the queue only points at it."""
    _present(draft, command)
    question = [draft.item(command.turn_id, item_id) for item_id in command.question]
    if any(item.state not in IN_CONTEXT or item.role != "user" for item in question):
        raise Superseded("The question is no longer in the transcript.")
    _cut(draft, command, "regenerate")
    parts = tuple(part for item in question for part in item.parts)
    message = NewMessage(
        parts=parts, sender=question[0].sender or "", agents=_agents(draft, command), delivery="interrupt"
    )
    return _resubmitted(draft, accept(draft, command.thread_id, message, REGENERATE, command.question))


def delete_message(draft: Draft, command: DeleteMessage) -> Decision:
    """Take an exchange out, and all that followed. What waits behind a turn that this stopped is paused."""
    _present(draft, command)
    has_stopped = _cut(draft, command, "delete")
    thread = draft.thread(command.thread_id)
    if has_stopped and thread.queue:
        draft.save(paused(draft, thread, f"stopped by {command.by}"))
    audit(draft, thread.owner, "message.deleted", command.item_id)
    return draft.decision()


def _resubmitted(draft: Draft, item: QueueItem) -> Decision:
    thread = draft.finished(item.thread_id)
    position = position_of(thread, item.id)
    return draft.decision(
        {"item_id": item.id, "thread_id": thread.id, "state": item.state, "position": position, "turn_id": None}
    )


def _present(draft: Draft, command: CutTranscript) -> Item:
    item = draft.view.get(ITEM, command.item_id)
    if item is None or item.thread_id != command.thread_id:
        raise NotFound
    if item.state == "superseded":
        raise Superseded("The message was taken out of the transcript by an earlier change.")
    return item


def _agents(draft: Draft, command: CutTranscript) -> tuple[str, ...]:
    """The agents that the message was first sent to."""
    original = draft.view.get(QUEUE_ITEM, command.queue_item_id) if command.queue_item_id else None
    return original.agents if original else ()


# --- cutting ---------------------------------------------------------------------------------------------------------


def _cut(draft: Draft, command: CutTranscript, reason: str) -> bool:
    """Stop what runs and supersede everything from `from_seq` on; True when a turn was stopped."""
    thread = draft.thread(command.thread_id)
    if thread.archived:
        raise ThreadArchived("The thread is archived: what was said in it stays.", "Restore it first.")
    loaded = sorted((item for item in draft.view.some(ITEM) if item.thread_id == thread.id), key=lambda item: item.seq)
    ids = {item.id: item.turn_id for item in loaded if item.seq >= command.from_seq and item.state != "superseded"}
    if len(ids) > CUT_ITEMS:
        raise TranscriptTooLong(
            f"A cut may take out {CUT_ITEMS} items; this would be more.", "Fork the thread before that message instead."
        )
    has_stopped = _stop(draft, thread)
    gone = [draft.item(turn_id, item_id) for item_id, turn_id in ids.items()]
    for item in gone:
        draft.put(ITEM, replace(item, state="superseded"))
    left = [item for item in loaded if item.seq < command.from_seq and item.state in IN_CONTEXT]
    thread = draft.save(_shortened(draft.thread(thread.id), gone, left))
    for lane in draft.view.some(LANE):
        if lane.resume_id is not None:
            stale = replace(
                lane, resume_id=None, anchor=None, state="stale", generation=lane.generation + 1, updated_at=draft.at
            )
            draft.put(LANE, stale)
            draft.tell_thread(thread, LaneInvalidated(lane.key, f"transcript.cut: {reason}"), agent=lane.agent)
    draft.tell_thread(thread, TranscriptCut(left[-1].id if left else None, reason))
    return has_stopped


def _stop(draft: Draft, thread: Thread) -> bool:
    """End the active turn at once and fence off whoever runs it: what it still says comes too late."""
    turn = draft.view.get(TURN, thread.active_turn_id) if thread.active_turn_id else None
    if turn is None:
        return False
    turn = replace(turn, fence=turn.fence + 1, cancel=turn.cancel or CancelRequest("stop", draft.at))
    end_turn(draft, thread, turn, "cancelled", "cancelled")
    return True


def _shortened(thread: Thread, gone: Sequence[Item], left: Sequence[Item]) -> Thread:
    """The thread with the counts and the preview of what is left. No turn of it can be retried now."""
    messages = [item for item in gone if is_message(item)]
    last = next((item for item in reversed(left) if is_message(item)), None)
    return replace(
        thread,
        message_count=thread.message_count - len(messages),
        unread=max(0, thread.unread - sum(item.role == "assistant" for item in messages)),
        last_message=preview_of(last.text) if last else None,
        last_message_at=last.created_at if last else None,
        last_turn_id=None,
        summarised=0,
        turn_reason=None,
    )
