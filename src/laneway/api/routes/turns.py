"""Turns: what runs and ran in a thread, and how people stop, review and retry it."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body, Name, Nothing
from laneway.api.call import Call, records_of, shown_as
from laneway.api.paging import Paging, page_query
from laneway.api.resources import Cancelled
from laneway.api.route import Routes
from laneway.domain.command import CancelTurn, RetryTurn, ReviewTurn
from laneway.domain.errors import NotYet
from laneway.domain.kinds import THREAD, TURN
from laneway.domain.turn import ReviewAction, Turn, TurnResource, turn_resource
from laneway.store import Where

routes = Routes("Turns")


class ReviewBody(Body, frozen=True):
    """What becomes of the calls that may or may not have happened."""

    action: ReviewAction


class RetryBody(Body, frozen=True):
    """Which members of a council try again."""

    agents: Annotated[list[Name], Meta(max_length=20)] | None = None


@routes.add("GET", "/threads/{thread_id}/turns", "read", owns=(THREAD,), query=Paging, shows=list[TurnResource])
async def list_turns(call: Call) -> Response:
    """The thread's turns, in order."""
    where = (Where("thread_id", "=", call.own(THREAD).id),)
    page = await call.find(page_query(TURN, call.query(Paging), where, (("number", "asc"),)))
    return call.show_page([turn_resource(turn) for turn in records_of(page, Turn)], page)


@routes.add("GET", "/turns/{turn_id}", "read", owns=(TURN,), shows=TurnResource)
async def get_turn(call: Call) -> Response:
    """One turn."""
    return call.show(turn_resource(call.own(TURN)))


@routes.add(
    "POST", "/threads/{thread_id}/cancel", "write", owns=(THREAD,), body=Nothing, is_body_optional=True,
    shows=Cancelled, status=202,
)  # fmt: skip
async def cancel(call: Call) -> Response:
    """Stop what the thread runs, if anything. What it had said is kept; what waits is paused. Idempotent."""
    await call.body(Nothing, optional=True)
    return await _cancel(call, call.own(THREAD).id, None)


@routes.add(
    "POST", "/turns/{turn_id}/cancel", "write", owns=(TURN,), body=Nothing, is_body_optional=True, shows=Cancelled,
    status=202,
)  # fmt: skip
async def cancel_turn(call: Call) -> Response:
    """Stop this turn, and no later one. Idempotent."""
    await call.body(Nothing, optional=True)
    turn = call.own(TURN)
    return await _cancel(call, turn.thread_id, turn.id)


async def _cancel(call: Call, thread_id: str, turn_id: str | None) -> Response:
    command = CancelTurn(at=call.at, seed=call.seed, thread_id=thread_id, by=call.who.name, turn_id=turn_id)
    return call.show(shown_as((await call.submit(command)).reply, Cancelled), 202)


@routes.add("POST", "/turns/{turn_id}/review", "write", owns=(TURN,), body=ReviewBody, shows=TurnResource)
async def review_turn(call: Call) -> Response:
    """Say what becomes of calls that may or may not have happened; the turn then goes on."""
    turn, body = call.own(TURN), await call.body(ReviewBody)
    command = ReviewTurn(at=call.at, seed=call.seed, thread_id=turn.thread_id, turn_id=turn.id, action=body.action)
    return call.show(shown_as((await call.submit(command)).reply, TurnResource))


@routes.add(
    "POST", "/threads/{thread_id}/turns/{turn_id}/retry", "write", owns=(THREAD, TURN), body=RetryBody,
    is_body_optional=True, shows=TurnResource, status=202,
)  # fmt: skip
async def retry_turn(call: Call) -> Response:
    """Open the thread's last turn again: the same batch, another attempt."""
    thread, turn, body = call.own(THREAD), call.own(TURN), await call.body(RetryBody, optional=True)
    if body.agents:
        raise NotYet("Retrying some members of a council is not available yet.", "Leave agents out.")
    command = RetryTurn(at=call.at, seed=call.seed, thread_id=thread.id, turn_id=turn.id)
    return call.show(shown_as((await call.submit(command)).reply, TurnResource), 202)
