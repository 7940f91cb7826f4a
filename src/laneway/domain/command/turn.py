"""Turns, as people rule them."""

from dataclasses import dataclass

from laneway.domain.approval import ApprovalDecision
from laneway.domain.command.command import Command
from laneway.domain.turn import CancelCause, ReviewAction


@dataclass(frozen=True, kw_only=True)
class CancelTurn(Command):
    """Stop a thread's active turn (that of `turn_id` only, when one is named). Idempotent."""

    thread_id: str
    by: str
    turn_id: str | None = None
    cause: CancelCause = "stop"


@dataclass(frozen=True, kw_only=True)
class ReviewTurn(Command):
    """Say what becomes of the calls that may or may not have happened."""

    thread_id: str
    turn_id: str
    action: ReviewAction


@dataclass(frozen=True, kw_only=True)
class RetryTurn(Command):
    """Open the thread's last turn again."""

    thread_id: str
    turn_id: str


@dataclass(frozen=True, kw_only=True)
class ResolveApproval(Command):
    """Approve or reject a waiting call, bound to its arguments by their hash."""

    approval_id: str
    thread_id: str
    decision: ApprovalDecision
    arguments_hash: str
    note: str | None = None
