"""The queue: what waits in a thread, in order, and what the next turn would take of it."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Nothing, Parts, Text, given, message_parts
from laneway.api.call import Call, offset_headers, records_of, shown_as
from laneway.api.conditional import etag
from laneway.api.route import Routes
from laneway.api.routes.messages import check_attachments
from laneway.domain.batch import plan_batch
from laneway.domain.command import ClearQueue, Command, EditQueueItem, PauseQueue, ResumeQueue, WithdrawQueueItem
from laneway.domain.decide.queue import show_queue
from laneway.domain.errors import NotFound
from laneway.domain.event import session_log
from laneway.domain.kinds import QUEUE_ITEM, THREAD
from laneway.domain.queue import QueueItem, QueueItemResource, QueueResource, Receipt, receipt
from laneway.domain.thread import Thread
from laneway.store import Get, Query, Where

routes = Routes("Queue")

WAITING = 1000


class EditItemBody(Body, frozen=True):
    """What of a waiting item changes. `delivery=interrupt` sends it now."""

    message: Text | UnsetType = UNSET
    parts: Parts | UnsetType = UNSET
    hold: bool | UnsetType = UNSET
    position: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    delivery: Literal["queue", "steer", "interrupt"] | UnsetType = UNSET


@routes.add("GET", "/threads/{thread_id}/queue", "read", owns=(THREAD,), shows=QueueResource)
async def get_queue(call: Call) -> Response:
    """What waits, in order. `next_batch` of a paused queue is what would run on resume."""
    owned = call.own(THREAD)
    waiting = Query(QUEUE_ITEM, (Where("thread_id", "=", owned.id), Where("open", "=", 1)), limit=WAITING)
    snapshot = await call.read(Get(THREAD, owned.id), waiting, log=session_log(owned.session_id))
    thread, page = snapshot.results
    if not isinstance(thread, Thread):
        raise NotFound
    items = {item.id: item for item in records_of(page, QueueItem)}
    in_order = [items[header.id] for header in thread.queue if header.id in items]
    batch = plan_batch(thread.queue, call.app.runtime.rules.batch_policy(thread.settings.queue_mode))
    queue = show_queue(thread, in_order, batch)
    return call.show(queue, headers={**etag(queue.version), **offset_headers(snapshot)})


@routes.add(
    "PATCH", "/threads/{thread_id}/queue/{item_id}", "write", owns=(THREAD, QUEUE_ITEM), body=EditItemBody,
    shows=QueueItemResource, is_conditional=True,
)  # fmt: skip
async def edit_queue_item(call: Call) -> Response:
    """Change a waiting item: it is edited or taken, never both."""
    thread, item, body = call.own(THREAD), call.own(QUEUE_ITEM), await call.body(EditItemBody)
    is_rewritten = not (isinstance(body.message, UnsetType) and isinstance(body.parts, UnsetType))
    parts = message_parts(body.message, body.parts) if is_rewritten else None
    await check_attachments(call, thread.session_id, parts or ())
    command = EditQueueItem(
        at=call.at, seed=call.seed, thread_id=thread.id, item_id=item.id, parts=parts, hold=given(body.hold),
        position=given(body.position), delivery=given(body.delivery), if_version=call.if_version,
    )  # fmt: skip
    edited = shown_as((await call.submit(command)).reply, QueueItemResource)
    return call.show(edited, headers=etag(edited.version))


@routes.add(
    "DELETE", "/threads/{thread_id}/queue/{item_id}", "write", owns=(THREAD, QUEUE_ITEM), status=204,
    is_conditional=True,
)  # fmt: skip
async def withdraw_queue_item(call: Call) -> Response:
    """Take a waiting item back."""
    command = WithdrawQueueItem(
        at=call.at, seed=call.seed, thread_id=call.own(THREAD).id, item_id=call.own(QUEUE_ITEM).id, by=call.who.name,
        if_version=call.if_version,
    )  # fmt: skip
    await call.submit(command)
    return call.nothing()


@routes.add(
    "POST", "/threads/{thread_id}/queue/pause", "write", owns=(THREAD,), body=Nothing, is_body_optional=True,
    shows=QueueResource,
)  # fmt: skip
async def pause_queue(call: Call) -> Response:
    """Start no further turn in this thread."""
    return await _change(call, PauseQueue(at=call.at, seed=call.seed, thread_id=call.own(THREAD).id))


@routes.add(
    "POST", "/threads/{thread_id}/queue/resume", "write", owns=(THREAD,), body=Nothing, is_body_optional=True,
    shows=QueueResource,
)  # fmt: skip
async def resume_queue(call: Call) -> Response:
    """Let turns start again. Idempotent."""
    return await _change(call, ResumeQueue(at=call.at, seed=call.seed, thread_id=call.own(THREAD).id))


@routes.add(
    "POST", "/threads/{thread_id}/queue/clear", "write", owns=(THREAD,), body=Nothing, is_body_optional=True,
    shows=QueueResource,
)  # fmt: skip
async def clear_queue(call: Call) -> Response:
    """Withdraw everything that waits."""
    command = ClearQueue(at=call.at, seed=call.seed, thread_id=call.own(THREAD).id, by=call.who.name)
    return await _change(call, command)


async def _change(call: Call, command: Command) -> Response:
    await call.body(Nothing, optional=True)
    queue = shown_as((await call.submit(command)).reply, QueueResource)
    return call.show(queue, headers=etag(queue.version))


@routes.add("GET", "/queue-items/{item_id}", "read", owns=(QUEUE_ITEM,), shows=Receipt)
async def get_receipt(call: Call) -> Response:
    """What became of an accepted message, and the turn that took it."""
    return call.show(receipt(call.own(QUEUE_ITEM)))
