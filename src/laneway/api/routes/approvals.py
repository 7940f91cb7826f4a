"""Approvals: tool calls that wait for a person."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body, Id
from laneway.api.call import Call, records_of, shown_as
from laneway.api.paging import Paging, page_query
from laneway.api.route import Routes
from laneway.domain.approval import Approval, ApprovalDecision, ApprovalResource, ApprovalState, approval_resource
from laneway.domain.command import ResolveApproval
from laneway.domain.kinds import APPROVAL
from laneway.store import Where

routes = Routes("Approvals")


class ApprovalsQuery(Paging, frozen=True, kw_only=True):
    """Which approvals."""

    session_id: Id | None = None
    state: ApprovalState | None = None


class ResolveBody(Body, frozen=True):
    """The answer, bound to exactly the arguments that were shown."""

    decision: ApprovalDecision
    arguments_hash: Annotated[str, Meta(max_length=200)]
    note: Annotated[str, Meta(max_length=4000)] | None = None


@routes.add("GET", "/approvals", "read", query=ApprovalsQuery, shows=list[ApprovalResource])
async def list_approvals(call: Call) -> Response:
    """The caller's approvals, oldest first."""
    query = call.query(ApprovalsQuery)
    equal = {"session_id": query.session_id, "state": query.state}
    where = [Where(column, "=", value) for column, value in equal.items() if value is not None]
    page = await call.find(page_query(APPROVAL, query, where, (("at", "asc"),)))
    return call.show_page([approval_resource(each) for each in records_of(page, Approval)], page)


@routes.add("POST", "/approvals/{approval_id}", "write", owns=(APPROVAL,), body=ResolveBody, shows=ApprovalResource)
async def resolve_approval(call: Call) -> Response:
    """Approve or reject a call, once."""
    approval, body = call.own(APPROVAL), await call.body(ResolveBody)
    command = ResolveApproval(
        at=call.at, seed=call.seed, approval_id=approval.id, thread_id=approval.thread_id, decision=body.decision,
        arguments_hash=body.arguments_hash, note=body.note,
    )  # fmt: skip
    return call.show(shown_as((await call.submit(command)).reply, ApprovalResource))
