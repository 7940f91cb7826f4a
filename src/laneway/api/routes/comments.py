"""Comments: what people write beside a thread. No agent is given them, and no transcript has them."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body, Id
from laneway.api.call import Call, records_of, shown_as
from laneway.api.paging import Paging, page_query
from laneway.api.route import Routes
from laneway.domain.command import AddComment, DeleteComment
from laneway.domain.kinds import COMMENT, THREAD
from laneway.domain.share import Comment, CommentResource, comment_resource
from laneway.store import Query, Where

routes = Routes("Shares")

COMMENT_LENGTH = 10_000


class CommentBody(Body, frozen=True):
    """A comment, on a message of the thread when it names one."""

    text: Annotated[str, Meta(min_length=1, max_length=COMMENT_LENGTH)]
    item_id: Id | None = None


@routes.add(
    "GET", "/threads/{thread_id}/comments", "read", owns=(THREAD,), query=Paging, shows=list[CommentResource],
    grants="comment",
)  # fmt: skip
async def list_comments(call: Call) -> Response:
    """The comments beside the thread, oldest first."""
    page = await call.find(comments_query(call, call.own(THREAD).id))
    return call.show_page([comment_resource(each) for each in records_of(page, Comment)], page)


def comments_query(call: Call, thread_id: str) -> Query:
    """What a list of a thread's comments asks the store for, as the caller pages it."""
    return page_query(COMMENT, call.query(Paging), (Where("thread_id", "=", thread_id),), (("created_at", "asc"),))


@routes.add(
    "POST", "/threads/{thread_id}/comments", "write", owns=(THREAD,), body=CommentBody, shows=CommentResource,
    status=201, grants="comment",
)  # fmt: skip
async def add_comment(call: Call) -> Response:
    """Write a comment: as the owner, or as somebody who may comment."""
    thread, body = call.own(THREAD), await call.body(CommentBody)
    command = AddComment(
        at=call.at, seed=call.seed, thread_id=thread.id, author_id=call.user_id, author=call.who.name,
        text=body.text, item_id=body.item_id,
    )  # fmt: skip
    return call.show(shown_as((await call.submit(command)).reply, CommentResource), 201)


@routes.add("DELETE", "/threads/{thread_id}/comments/{comment_id}", "write", owns=(THREAD, COMMENT), status=204)
async def delete_comment(call: Call) -> Response:
    """Remove a comment, whoever wrote it: the owner may."""
    command = DeleteComment(at=call.at, seed=call.seed, thread_id=call.own(THREAD).id, comment_id=call.own(COMMENT).id)
    await call.submit(command)
    return call.nothing()
