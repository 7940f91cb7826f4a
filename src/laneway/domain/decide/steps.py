"""Steps: what a running turn has done, applied in order under its fence, all in one commit."""

from dataclasses import replace
from typing import assert_never

from laneway.domain.approval import Approval, approval_resource
from laneway.domain.changes import Decision
from laneway.domain.command import Recorded, RecordTurn
from laneway.domain.decide.children import spawn_child
from laneway.domain.decide.claim import consume
from laneway.domain.decide.outcome import complete_item, end_turn, ending_of
from laneway.domain.draft import Draft
from laneway.domain.errors import CancelRequested, NotFound, StaleFence
from laneway.domain.event import (
    ApprovalRequested,
    ItemDelta,
    ItemStarted,
    LaneInvalidated,
    LaneUpdated,
    ToolCalled,
    ToolReturned,
    TurnResumed,
    TurnWaiting,
)
from laneway.domain.item import Item, Part, item_resource
from laneway.domain.kinds import APPROVAL, ITEM, LANE, TURN
from laneway.domain.lane import Lane, lane_id, resumes
from laneway.domain.step import (
    CallTool,
    CompleteItem,
    Consume,
    EndTurn,
    KeepResumePoint,
    LeaveWait,
    LoseResumePoint,
    ReleaseTurn,
    RequestApproval,
    ReturnCall,
    SpawnChild,
    StartCall,
    StartItem,
    TakeSteer,
    TurnStep,
    UseResumePoint,
)
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn, TurnError


def record_turn(draft: Draft, command: RecordTurn) -> Decision:
    """Apply the steps; refuse all of them when the fence has risen or the turn is over."""
    thread = draft.thread(command.thread_id)
    turn = draft.view.get(TURN, command.turn_id)
    if turn is None or turn.thread_id != thread.id:
        raise NotFound
    if turn.fence != command.fence or turn.status not in ("running", "waiting"):
        raise StaleFence("The turn has ended, or another attempt runs it.")
    taken: list[Item] = []
    for step in command.steps:
        thread, turn = _apply(draft, draft.thread(thread.id), turn, step, taken)
    draft.put(TURN, turn)
    return draft.decision(Recorded(tuple(taken)))


def _apply(draft: Draft, thread: Thread, turn: Turn, step: TurnStep, taken: list[Item]) -> tuple[Thread, Turn]:
    match step:
        case StartItem():
            return _start_item(draft, thread, step.item), turn
        case CompleteItem():
            return _complete_item(draft, thread, turn, step), turn
        case CallTool():
            _refuse_when_cancelled(turn)
            return _call_tool(draft, thread, step), turn
        case RequestApproval():
            _refuse_when_cancelled(turn)
            return _request_approval(draft, thread, turn, step)
        case SpawnChild():
            _refuse_when_cancelled(turn)
            return spawn_child(draft, thread, turn, step)
        case LeaveWait():
            return _leave_wait(draft, thread, turn, step)
        case StartCall():
            _refuse_when_cancelled(turn)
            return thread, _start_call(draft, turn, step)
        case ReturnCall():
            return _return_call(draft, thread, turn, step), turn
        case TakeSteer():
            _refuse_when_cancelled(turn)
            return _take_steer(draft, thread, turn, taken)
        case Consume():
            return thread, replace(turn, usage=turn.usage.plus(step.usage))
        case KeepResumePoint():
            return thread, _keep_resume_point(draft, thread, turn, step)
        case UseResumePoint():
            return thread, _with_run(turn, resumed=True)
        case LoseResumePoint():
            return thread, _lose_resume_point(draft, thread, turn, step)
        case EndTurn():
            return _end(draft, thread, turn, step)
        case ReleaseTurn():
            return thread, replace(turn, node=None)
        case _:
            assert_never(step)


def _refuse_when_cancelled(turn: Turn) -> None:
    if turn.cancel is not None:
        raise CancelRequested("The turn is being stopped: no new call of it starts.")


def _start_item(draft: Draft, thread: Thread, item: Item) -> Thread:
    started = draft.tell_item(thread, ItemStarted(item_resource(item)), item)
    draft.put(ITEM, item, numbered_by=started)
    return thread


def _complete_item(draft: Draft, thread: Thread, turn: Turn, step: CompleteItem) -> Thread:
    item = draft.item(turn.id, step.item_id)
    rest = (step.parts[0].text or "")[step.told :]
    if rest:
        draft.tell_item(thread, ItemDelta(item.id, 0, step.told, rest), item)
    return complete_item(draft, thread, item, step.parts, step.text, step.state)


def _end(draft: Draft, thread: Thread, turn: Turn, step: EndTurn) -> tuple[Thread, Turn]:
    error = TurnError(step.error_class, step.error_message or "") if step.error_class else None
    draft.put(TURN, turn)
    thread = end_turn(draft, thread, turn, ending_of(turn, step.outcome), step.run_status, error)
    return thread, draft.turn(turn.id)


# --- tools -----------------------------------------------------------------------------------------------------------


def _call_tool(draft: Draft, thread: Thread, step: CallTool) -> Thread:
    call = step.call
    part = Part("tool_call", call_id=call.call_id, name=call.name, arguments=call.arguments, effect=call.effect)
    item = replace(step.item, call=call, parts=(part,))
    _start_item(draft, thread, item)
    draft.tell_item(thread, ToolCalled(item.id, call.call_id, call.name, call.arguments, call.effect), item)
    return thread


def _request_approval(draft: Draft, thread: Thread, turn: Turn, step: RequestApproval) -> tuple[Thread, Turn]:
    item = draft.item(turn.id, step.item_id)
    call = item.call
    if call is None:
        raise NotFound
    approval = Approval(
        step.approval_id, turn.owner, turn.session_id, thread.id, turn.id, item.id, call.call_id, call.name,
        call.arguments, step.arguments_hash, "open", draft.at,
    )  # fmt: skip
    draft.put(APPROVAL, approval)
    draft.put(ITEM, replace(item, call=replace(call, approval_id=approval.id)))
    draft.tell_item(thread, ApprovalRequested(approval_resource(approval)), item)
    reason = f"approval of {call.name}"
    draft.tell_thread(thread, TurnWaiting(reason), turn.id)
    thread = draft.save(replace(thread, active_status="waiting", turn_reason=reason))
    return thread, replace(turn, status="waiting")


def _leave_wait(draft: Draft, thread: Thread, turn: Turn, step: LeaveWait) -> tuple[Thread, Turn]:
    if turn.status != "waiting":
        return thread, turn
    draft.tell_thread(thread, TurnResumed(turn.attempt, turn.item_ids, step.reason, None), turn.id)
    return draft.save(replace(thread, active_status="running", turn_reason=None)), replace(turn, status="running")


def _start_call(draft: Draft, turn: Turn, step: StartCall) -> Turn:
    item = draft.item(turn.id, step.item_id)
    if item.call is None:
        raise NotFound
    draft.put(ITEM, replace(item, call=replace(item.call, state="started")))
    return replace(turn, once_started=turn.once_started or item.call.effect == "once")


def _return_call(draft: Draft, thread: Thread, turn: Turn, step: ReturnCall) -> Thread:
    item = draft.item(turn.id, step.item_id)
    if item.call is None:
        raise NotFound
    call = replace(item.call, state=step.state, result=step.result, error=step.error)
    result = Part("tool_result", call_id=call.call_id, result=step.result, error=step.error)
    item = replace(item, call=call)
    draft.tell_item(thread, ToolReturned(item.id, call.call_id, call.name, step.result, step.error), item)
    return complete_item(draft, thread, item, (*item.parts, result), "", "complete")


# --- steering and resuming -------------------------------------------------------------------------------------------


def _take_steer(draft: Draft, thread: Thread, turn: Turn, taken: list[Item]) -> tuple[Thread, Turn]:
    for header in thread.queue:
        queued = draft.queue_item(thread.id, header.id) if header.delivery == "steer" else None
        if queued is not None and queued.state == "steering":
            thread, item = consume(draft, draft.thread(thread.id), turn, queued)
            taken.append(item)
            turn = replace(turn, item_ids=(*turn.item_ids, queued.id))
    return thread, turn


def _keep_resume_point(draft: Draft, thread: Thread, turn: Turn, step: KeepResumePoint) -> Turn:
    """Keep a resume id in its own lane only, and only where the lane resumes at all."""
    run = turn.runs[0]
    if not resumes(run.lane.workflow, thread.settings.resume):
        return turn
    key = lane_id(turn.session_id, run.lane)
    before = next((lane for lane in draft.view.some(LANE) if lane.id == key), None)
    lane = Lane(
        key, turn.owner, turn.session_id, thread.id, run.lane.workflow, run.lane.scope, run.lane.agent, step.backend,
        step.config_hash, step.resume_id, step.anchor, before.generation + 1 if before else 1, "usable", draft.at,
    )  # fmt: skip
    draft.put(LANE, lane)
    draft.tell_thread(thread, LaneUpdated(run.lane, lane.generation), turn.id, run.agent)
    return turn


def _lose_resume_point(draft: Draft, thread: Thread, turn: Turn, step: LoseResumePoint) -> Turn:
    """Reset the run's lane, unless it has another resume id by now."""
    run = turn.runs[0]
    key = lane_id(turn.session_id, run.lane)
    lane = next((lane for lane in draft.view.some(LANE) if lane.id == key), None)
    if lane is not None and lane.resume_id == step.resume_id:
        reset = replace(
            lane, resume_id=None, anchor=None, state="reset", generation=lane.generation + 1, updated_at=draft.at
        )
        draft.put(LANE, reset)
        draft.tell_thread(thread, LaneInvalidated(run.lane, "unknown_resume"), turn.id, run.agent)
    return _with_run(turn, resumed=False)


def _with_run(turn: Turn, *, resumed: bool) -> Turn:
    return replace(turn, runs=(replace(turn.runs[0], resumed=resumed), *turn.runs[1:]))
