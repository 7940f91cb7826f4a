"""Shared: what somebody with a link sees of a thread: the transcript, and nothing else. The token is the credential."""

from typing import Annotated, cast

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body, Id
from laneway.api.call import Call, offset_headers, records_of, shown_as
from laneway.api.paging import Paging, page_query
from laneway.api.rates import Requests
from laneway.api.resources import SharedThread
from laneway.api.route import BASE, Routes
from laneway.api.routes.attachments import UNKNOWN_TYPE, bytes_of
from laneway.api.routes.comments import COMMENT_LENGTH, comments_query
from laneway.api.routes.messages import with_text
from laneway.api.routes.page import HTML, built_page
from laneway.api.routes.streams import StreamQuery, offset_asked, shared_place, stream_of
from laneway.api.sse import MEDIA_TYPE
from laneway.domain.command import AddComment
from laneway.domain.errors import NotFound
from laneway.domain.event import session_log
from laneway.domain.item import Item, item_resource
from laneway.domain.kinds import ATTACHMENT, ITEM, THREAD
from laneway.domain.session import Attachment
from laneway.domain.share import Comment, CommentResource, comment_resource, shown_item
from laneway.domain.thread import Thread
from laneway.runtime.shares import Grant, shown_items
from laneway.store import Fold, Get, Page, Query, Snapshot

routes = Routes("Shared")
pages = Routes("Shared", base="")

NOBODY = "guest"
PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


class GuestComment(Body, frozen=True):
    """A comment of somebody with a link, under the name that they give."""

    text: Annotated[str, Meta(min_length=1, max_length=COMMENT_LENGTH)]
    name: Annotated[str, Meta(min_length=1, max_length=100)] = NOBODY
    item_id: Id | None = None


@routes.add("GET", "/shared/{token}", "open", query=Paging, shows=SharedThread)
async def get_shared(call: Call) -> Response:
    """The shared transcript in order; `X-Next-Cursor` says where it goes on, `after=Laneway-Offset` where live."""
    grant = await _grant(call)
    asked = page_query(ITEM, call.query(Paging), shown_items(grant), (("seq", "asc"),))
    thread, page, items, snapshot = await _transcript(call, grant, asked)
    shown = SharedThread(
        thread.title, thread.agent_id, thread.status, grant.permission, grant.tool_output, grant.expires_at,
        thread.created_at, thread.last_message_at, [item_resource(item) for item in items],
    )  # fmt: skip
    return call.show_page(shown, page, {**offset_headers(snapshot), **PRIVATE})


@routes.add(
    "GET", "/shared/{token}/events", "open", query=StreamQuery, shows=str, shows_media_type=MEDIA_TYPE,
    refuses=(410,),
)  # fmt: skip
async def stream_shared(call: Call) -> Response:
    """The events of the transcript, as they happen. The stream closes within a second when the share ends."""
    grant = await _grant(call)
    thread = await _thread(call, grant)
    place = shared_place(call, thread, grant, f"{BASE}/shared/{call.path('token')}")
    response = stream_of(call, grant, place, await offset_asked(call, thread.session_id))
    response.headers.update(PRIVATE)
    return response


@routes.add("GET", "/shared/{token}/comments", "open", query=Paging, shows=list[CommentResource])
async def list_guest_comments(call: Call) -> Response:
    """The comments beside the thread, oldest first; the link has to allow them."""
    grant = await _grant_of_comments(call)
    page = await call.find(comments_query(call, grant.thread_id))
    return call.show_page([comment_resource(each) for each in records_of(page, Comment)], page, PRIVATE)


@routes.add("POST", "/shared/{token}/comments", "open", body=GuestComment, shows=CommentResource, status=201)
async def add_guest_comment(call: Call) -> Response:
    """Write a comment; the link has to allow it."""
    grant = await _grant_of_comments(call)
    body = await call.body(GuestComment)
    command = AddComment(
        at=call.at, seed=call.seed, thread_id=grant.thread_id, author_id=None, author=body.name, text=body.text,
        item_id=body.item_id,
    )  # fmt: skip
    answer = await call.app.runtime.submit(grant.sight, command, call.idempotency())
    return call.show(shown_as(answer.reply, CommentResource), 201, PRIVATE)


@routes.add("GET", "/shared/{token}/attachments/{attachment_id}", "open", shows=bytes, shows_media_type=UNKNOWN_TYPE)
async def get_shared_attachment(call: Call) -> Response:
    """The bytes of a file that a shown message of the thread names, and of no other."""
    grant, attachment_id = await _grant(call), call.path("attachment_id")
    file = (await call.read(Get(ATTACHMENT, attachment_id))).results[0]
    if not isinstance(file, Attachment) or not await call.app.shares.shows_file(grant, attachment_id):
        raise NotFound
    return bytes_of(call, file, PRIVATE)


@pages.add("GET", "/s/{token}", "open", shows=str, shows_media_type=HTML)
async def shared_page(call: Call) -> Response:
    """The page at a shared thread, the same for every link: what is shared it asks for itself."""
    try:
        await _grant(call)
        status = 200
    except NotFound:
        # A program is told by a document, a person by the page.
        if HTML not in call.headers.first("accept"):
            raise
        status = 404
    page = built_page(call).index.answer(call.headers.first("accept-encoding"), "")
    page.status_code = status
    page.headers.update(PRIVATE)
    return page


async def _grant(call: Call) -> Grant:
    """What the token lets its holder read. A wrong, an ended and an expired one are told apart by nobody."""
    token = call.path("token")
    grant = await call.app.shares.resolve(token)
    if grant is None:
        call.count_failure(token)
        raise NotFound
    requests = call.request.app.state.requests
    assert isinstance(requests, Requests)
    requests.take(grant.reader_id)
    call.grant = grant
    return grant


async def _grant_of_comments(call: Call) -> Grant:
    grant = await _grant(call)
    if grant.permission != "comment":
        raise NotFound
    return grant


async def _thread(call: Call, grant: Grant) -> Thread:
    thread = (await call.read(Get(THREAD, grant.thread_id))).results[0]
    if not isinstance(thread, Thread):
        raise NotFound
    return thread


async def _transcript(call: Call, grant: Grant, asked: Query) -> tuple[Thread, Page, list[Item], Snapshot]:
    log = session_log((await _thread(call, grant)).session_id)
    snapshot = await call.read(Get(THREAD, grant.thread_id), asked, Fold(grant.thread_id), log=log)
    thread, page, folded = snapshot.results
    if not isinstance(thread, Thread) or not isinstance(page, Page):
        raise NotFound
    # A Fold's result maps item ids to texts, as its docstring says.
    texts = cast("dict[str, str]", folded)
    items = [with_text(item, texts) for item in records_of(page, Item)]
    shown = [shown_item(item, grant.tool_output) for item in items]
    return thread, page, [item for item in shown if item is not None], snapshot
