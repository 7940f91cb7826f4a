"""Messages: what is sent to threads, and what was said in them."""

import re
from dataclasses import replace
from typing import Annotated, Literal, cast

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Id, MessageBody, PostAnywhere, new_message
from laneway.api.call import Call, offset_headers, records_of, shown_as
from laneway.api.paging import Paging, page_query
from laneway.api.resources import Posted
from laneway.api.route import Routes
from laneway.domain.command import CreateThread, NewMessage, PostMessage
from laneway.domain.errors import Invalid, NotFound, UnknownAttachment
from laneway.domain.event import session_log
from laneway.domain.item import Item, ItemResource, ItemRole, Part, item_resource
from laneway.domain.json import as_object
from laneway.domain.kinds import ATTACHMENT, ITEM, THREAD
from laneway.domain.session import Attachment
from laneway.domain.share import shown_item, shown_roles
from laneway.domain.thread import Thread, ThreadResource
from laneway.store import Fold, Get, Page, Query, Where

routes = Routes("Messages")

IMAGES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""What a part of type `image` may be: what every browser and model shows, and nothing that can run."""
_SEQ = re.compile("[0-9]{1,15}")
Place = Annotated[str, Meta(max_length=64, description="An item's id, or its `seq`.")]


class MessagesQuery(Paging, frozen=True, kw_only=True):
    """Which items of the transcript: after or before one of them, of one turn, of one role."""

    after: Place | None = None
    before: Place | None = None
    turn_id: Id | None = None
    role: ItemRole | None = None


@routes.add(
    "POST", "/threads/{thread_id}/messages", "write", owns=(THREAD,), body=MessageBody, shows=Posted, status=202
)
async def post_message(call: Call) -> Response:
    """Send a message. It is recorded when this returns, and runs when its turn comes."""
    thread, body = call.own(THREAD), await call.body(MessageBody)
    message = new_message(body, call.who.name)
    await check_attachments(call, thread.session_id, message.parts)
    answer = await call.submit(PostMessage(at=call.at, seed=call.seed, thread_id=thread.id, message=message))
    return call.show({**(as_object(answer.reply) or {}), "offset": answer.offset}, 202)


@routes.add("POST", "/messages", "write", body=PostAnywhere, shows=Posted, status=202)
async def post_anywhere(call: Call) -> Response:
    """Send a message without a thread: one is made for it in the default session."""
    body = await call.body(PostAnywhere)
    message = new_message(body, call.who.name)
    _refuse_attachments(message)
    command = CreateThread(at=call.at, seed=call.seed, user_id=call.user_id, agent_id=body.agent_id, message=message)
    answer = await call.submit(command)
    reply = as_object(answer.reply) or {}
    thread = shown_as(reply["thread"], ThreadResource)
    state: Literal["held", "queued"] = "held" if message.hold else "queued"
    return call.show(Posted(str(reply["item_id"]), thread.id, state, 1, None, answer.offset), 202)


def _refuse_attachments(message: NewMessage) -> None:
    # An attachment belongs to a session that exists; the default one may not, and its id is not known here.
    if any(part.attachment_id for part in message.parts):
        raise UnknownAttachment("Attachments need a thread of their session.", "Create the thread first.")


async def check_attachments(call: Call, session_id: str, parts: tuple[Part, ...]) -> None:
    """Raise `UnknownAttachment` for a file that is not among the session's, `Invalid` for an image that is none."""
    named = tuple(dict.fromkeys(part.attachment_id for part in parts if part.attachment_id))
    if not named:
        return
    found = (await call.read(*(Get(ATTACHMENT, each) for each in named))).results
    for id, record in zip(named, found, strict=True):
        if not isinstance(record, Attachment) or record.session_id != session_id:
            unknown = UnknownAttachment(f"The session has no attachment {id!r}.", "Upload it to this session first.")
            await call.refuse(unknown)
        elif record.media_type not in IMAGES and any(
            each.attachment_id == id for each in parts if each.type == "image"
        ):
            raise Invalid(f"{id} is {record.media_type}, no image.", "Send it as a file.")


@routes.add(
    "GET", "/threads/{thread_id}/messages", "read", owns=(THREAD,), query=MessagesQuery, shows=list[ItemResource],
    grants="view",
)  # fmt: skip
async def list_messages(call: Call) -> Response:
    """The transcript in order, with the running item as `partial` up to `Laneway-Offset`."""
    thread, query = call.own(THREAD), call.query(MessagesQuery)
    asked = await _query(call, thread, query)
    snapshot = await call.read(asked, Fold(thread.id), log=session_log(thread.session_id))
    page, folded = snapshot.results
    assert isinstance(page, Page)
    # A Fold's result maps item ids to texts, as its docstring says.
    texts = cast("dict[str, str]", folded)
    items = [with_text(item, texts) for item in records_of(page, Item)]
    if call.grant is not None:
        shown = [shown_item(item, call.grant.tool_output) for item in items]
        items = [item for item in shown if item is not None]
    if asked.order == _NEWEST_FIRST:
        items.reverse()
        page = replace(page, next_cursor=None)
    return call.show_page([item_resource(item) for item in items], page, offset_headers(snapshot))


_OLDEST_FIRST = (("seq", "asc"),)
_NEWEST_FIRST = (("seq", "desc"),)


async def _query(call: Call, thread: Thread, query: MessagesQuery) -> Query:
    where = [Where("thread_id", "=", thread.id), Where("state", "!=", "superseded")]
    if query.turn_id is not None:
        where.append(Where("turn_id", "=", query.turn_id))
    if call.grant is not None:
        where.append(Where("role", "in", shown_roles(call.grant.tool_output)))
    if query.role is not None:
        where.append(Where("role", "=", query.role))
    if query.after is not None:
        where.append(Where("seq", ">", await _seq(call, thread, query.after)))
    if query.before is not None:
        where.append(Where("seq", "<", await _seq(call, thread, query.before)))
    # `before` alone asks for what stands right before: the newest of it, shown in order all the same.
    backwards = query.before is not None and query.after is None
    if backwards and query.cursor is not None:
        raise Invalid("before and cursor do not go together.", "Go on with before alone.")
    order = _NEWEST_FIRST if backwards else _OLDEST_FIRST
    return page_query(ITEM, query, where, (("seq", "desc" if order is _NEWEST_FIRST else "asc"),))


async def _seq(call: Call, thread: Thread, place: str) -> int:
    if _SEQ.fullmatch(place):
        return int(place)
    item = (await call.read(Get(ITEM, place))).results[0]
    if not isinstance(item, Item) or item.thread_id != thread.id:
        raise NotFound
    return item.seq


def with_text(item: Item, texts: dict[str, str]) -> Item:
    """An unfinished message with the text that it has reached."""
    text = texts.get(item.id)
    if item.state != "partial" or text is None or item.call is not None:
        return item
    kind = item.parts[0].type if item.parts else "text"
    return replace(item, parts=(Part(kind, text=text),), text=text if kind == "text" else "")
