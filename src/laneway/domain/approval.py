"""Approval: a tool call that waits for a person, bound to the exact arguments by their hash."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.json import JsonObject

ApprovalState = Literal["open", "approved", "rejected", "expired", "superseded"]
ApprovalDecision = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to the owner about one call. It outlives the process that asked."""

    id: str
    owner: str
    session_id: str
    thread_id: str
    turn_id: str
    item_id: str
    call_id: str
    tool: str
    arguments: JsonObject
    arguments_hash: str
    state: ApprovalState
    at: Instant
    decision: ApprovalDecision | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ApprovalResource:
    """An approval as the API and events show it."""

    id: str
    session_id: str
    thread_id: str
    turn_id: str
    call_id: str
    tool: str
    arguments: JsonObject
    arguments_hash: str
    state: ApprovalState
    decision: ApprovalDecision | None
    note: str | None
    at: Instant


def approval_resource(approval: Approval) -> ApprovalResource:
    """Show an approval."""
    return ApprovalResource(
        approval.id, approval.session_id, approval.thread_id, approval.turn_id, approval.call_id, approval.tool,
        approval.arguments, approval.arguments_hash, approval.state, approval.decision, approval.note, approval.at,
    )  # fmt: skip
