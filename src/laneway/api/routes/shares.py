"""Shares: an owner lets others read a thread: a named user, or whoever has a link."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body, Name
from laneway.api.call import Call, records_of, shown_as
from laneway.api.paging import Paging, page_query, slice_of
from laneway.api.resources import CreatedShare, ReceivedShare
from laneway.api.route import Routes
from laneway.domain.command import EndShare
from laneway.domain.instant import later
from laneway.domain.kinds import SHARE, THREAD
from laneway.domain.share import Permission, Share, ShareResource, share_resource
from laneway.runtime.shares import Terms
from laneway.store import Where

routes = Routes("Shares")

WEEK_S = 7 * 86_400
YEAR_S = 366 * 86_400


class ShareBody(Body, frozen=True):
    """With whom: the `user` of that name, or, without one, whoever has the link that is made."""

    permission: Permission = "view"
    user: Name | None = None
    expires_in_s: Annotated[int, Meta(ge=1, le=YEAR_S)] = WEEK_S
    tool_output: bool = False


@routes.add(
    "POST", "/threads/{thread_id}/shares", "write", owns=(THREAD,), body=ShareBody, shows=CreatedShare, status=201
)
async def share_thread(call: Call) -> Response:
    """Share the thread. A link's token is told here, and again only to the same request with its Idempotency-Key."""
    thread, body = call.own(THREAD), await call.body(ShareBody)
    shares, once = call.app.shares, call.idempotency()
    terms = Terms(body.permission, body.tool_output, later(call.at, body.expires_in_s))
    if body.user is not None:
        # Who was that, is asked once: the user may be gone when the same request comes again.
        said = await call.first_reply() or await shares.share_with(call.principal, thread.id, body.user, terms, once)
        return call.show(_created(said.reply, None, f"/t/{thread.id}", call), 201)
    answer, token = await shares.make_link(call.principal, thread.id, terms, once)
    return call.show(_created(answer.reply, token, f"/s/{token}", call), 201)


def _created(reply: object, token: str | None, path: str, call: Call) -> CreatedShare:
    share, url = shown_as(reply, ShareResource), call.request.url
    return CreatedShare(
        share.id, share.thread_id, share.user, share.permission, share.tool_output, share.created_at,
        share.expires_at, token, f"{url.scheme}://{url.netloc}{path}",
    )  # fmt: skip


@routes.add("GET", "/threads/{thread_id}/shares", "read", owns=(THREAD,), query=Paging, shows=list[ShareResource])
async def list_shares(call: Call) -> Response:
    """The shares of the thread that hold, oldest first, without what proves them."""
    where = (Where("thread_id", "=", call.own(THREAD).id), Where("expires_at", ">", call.at))
    page = await call.find(page_query(SHARE, call.query(Paging), where, (("created_at", "asc"),)))
    return call.show_page([share_resource(share) for share in records_of(page, Share)], page)


@routes.add("GET", "/shares", "read", query=Paging, shows=list[ReceivedShare])
async def list_received_shares(call: Call) -> Response:
    """What others share with the caller, the newest first: whose thread, what they may do there, and until when."""
    received = await call.app.shares.list_shared_with(call.user_id)
    some, page = slice_of(received, call.query(Paging))
    return call.show_page([_received(share, by) for share, by in some], page)


def _received(share: Share, by: str) -> ReceivedShare:
    return ReceivedShare(
        share.id, share.thread_id, by, share.permission, share.tool_output, share.created_at, share.expires_at
    )


@routes.add("DELETE", "/shares/{share_id}", "write", owns=(SHARE,), status=204)
async def end_share(call: Call) -> Response:
    """End a share. Nobody reads with it any more; its streams close within a second."""
    await call.submit(EndShare(at=call.at, seed=call.seed, share_id=call.own(SHARE).id))
    return call.nothing()
