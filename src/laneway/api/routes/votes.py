"""Votes: what the caller thinks of messages."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body
from laneway.api.call import Call, records_of, shown_as
from laneway.api.paging import Paging, page_query
from laneway.api.route import Routes
from laneway.domain.command import VoteOnMessage
from laneway.domain.kinds import ITEM, THREAD, VOTE
from laneway.domain.vote import Vote, VoteResource, VoteValue, vote_resource
from laneway.store import Where

routes = Routes("Votes")


class VoteBody(Body, frozen=True):
    """1 is for the message, -1 is against it."""

    value: VoteValue
    comment: Annotated[str, Meta(max_length=4000)] | None = None


@routes.add(
    "PUT", "/threads/{thread_id}/messages/{item_id}/vote", "write", owns=(THREAD, ITEM), body=VoteBody,
    shows=VoteResource,
)  # fmt: skip
async def vote(call: Call) -> Response:
    """Vote on a message. A later vote replaces the earlier one, its comment too."""
    thread, item, body = call.own(THREAD), call.own(ITEM), await call.body(VoteBody)
    command = VoteOnMessage(
        at=call.at, seed=call.seed, user_id=call.user_id, thread_id=thread.id, item_id=item.id, value=body.value,
        comment=body.comment,
    )  # fmt: skip
    return call.show(shown_as((await call.submit(command)).reply, VoteResource))


@routes.add("DELETE", "/threads/{thread_id}/messages/{item_id}/vote", "write", owns=(THREAD, ITEM), status=204)
async def withdraw_vote(call: Call) -> Response:
    """Take the vote back, if there is one."""
    thread, item = call.own(THREAD), call.own(ITEM)
    command = VoteOnMessage(
        at=call.at, seed=call.seed, user_id=call.user_id, thread_id=thread.id, item_id=item.id, value=None
    )
    await call.submit(command)
    return call.nothing()


@routes.add("GET", "/threads/{thread_id}/votes", "read", owns=(THREAD,), query=Paging, shows=list[VoteResource])
async def list_votes(call: Call) -> Response:
    """The caller's votes on the messages of a thread, oldest first."""
    where = (Where("thread_id", "=", call.own(THREAD).id),)
    page = await call.find(page_query(VOTE, call.query(Paging), where, (("at", "asc"),)))
    return call.show_page([vote_resource(each) for each in records_of(page, Vote)], page)
