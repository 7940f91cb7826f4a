"""History: messages edited, answered again and deleted. What followed them leaves the transcript."""

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Id, Nothing, Parts, Text, message_parts
from laneway.api.call import Call, shown_as
from laneway.api.conditional import etag
from laneway.api.resources import Posted
from laneway.api.route import BASE, Routes
from laneway.api.routes.messages import check_attachments
from laneway.domain.command import DeleteMessage, EditMessage, ForkThread, NewMessage, RegenerateAnswer
from laneway.domain.errors import NotFound
from laneway.domain.item import Item
from laneway.domain.json import as_object
from laneway.domain.kinds import ITEM, THREAD
from laneway.domain.thread import ThreadResource
from laneway.runtime.question import question_of
from laneway.store import Get

routes = Routes("Messages")


class EditBody(Body, frozen=True):
    """What is said instead: `message`, or `parts`."""

    message: Text | UnsetType = UNSET
    parts: Parts | UnsetType = UNSET


class ForkBody(Body, frozen=True):
    """Where the copy ends; without it everything is copied."""

    after_item_id: Id | None = None


@routes.add(
    "POST", "/threads/{thread_id}/messages/{item_id}/edit", "write", owns=(THREAD, ITEM), body=EditBody, shows=Posted,
    status=202,
)  # fmt: skip
async def edit_message(call: Call) -> Response:
    """Say something else instead of a message. A running turn is stopped, the message and all after it are cut."""
    thread, item, body = call.own(THREAD), call.own(ITEM), await call.body(EditBody)
    parts = message_parts(body.message, body.parts)
    await check_attachments(call, thread.session_id, parts)
    command = EditMessage(
        at=call.at, seed=call.seed, thread_id=thread.id, item_id=item.id, from_seq=item.seq,
        queue_item_id=item.queue_item_id, message=NewMessage(parts=parts, sender=item.sender or call.who.name),
    )  # fmt: skip
    answer = await call.submit(command)
    return call.show({**(as_object(answer.reply) or {}), "offset": answer.offset}, 202)


@routes.add(
    "POST", "/threads/{thread_id}/messages/{item_id}/regenerate", "write", owns=(THREAD, ITEM), body=Nothing,
    is_body_optional=True, shows=Posted, status=202,
)  # fmt: skip
async def regenerate(call: Call) -> Response:
    """Have a question answered again: it stays, what came after it is cut, and a new turn takes it."""
    await call.body(Nothing, optional=True)
    thread, item = call.own(THREAD), call.own(ITEM)
    question = await question_of(call.app.store, call.principal, item)
    command = RegenerateAnswer(
        at=call.at, seed=call.seed, thread_id=thread.id, item_id=item.id, from_seq=question[-1].seq + 1,
        queue_item_id=question[0].queue_item_id, turn_id=question[0].turn_id,
        question=tuple(each.id for each in question),
    )  # fmt: skip
    answer = await call.submit(command)
    return call.show({**(as_object(answer.reply) or {}), "offset": answer.offset}, 202)


@routes.add("DELETE", "/threads/{thread_id}/messages/{item_id}", "write", owns=(THREAD, ITEM), status=204)
async def delete_message(call: Call) -> Response:
    """Cut an exchange, the question with its answers, and all that followed. A running turn is stopped."""
    thread, item = call.own(THREAD), call.own(ITEM)
    first = (await question_of(call.app.store, call.principal, item))[0]
    command = DeleteMessage(
        at=call.at, seed=call.seed, thread_id=thread.id, item_id=item.id, from_seq=first.seq, by=call.who.name
    )
    await call.submit(command)
    return call.nothing()


@routes.add(
    "POST", "/threads/{thread_id}/fork", "write", owns=(THREAD,), body=ForkBody, is_body_optional=True,
    shows=ThreadResource, status=201,
)  # fmt: skip
async def fork_thread(call: Call) -> Response:
    """Begin a new thread with a copy of this one's transcript up to an item, also while a turn runs."""
    thread, body = call.own(THREAD), await call.body(ForkBody, optional=True)
    after_seq: int | None = None
    if body.after_item_id is not None:
        item = (await call.read(Get(ITEM, body.after_item_id))).results[0]
        if not isinstance(item, Item) or item.thread_id != thread.id:
            raise NotFound
        after_seq = item.seq
    command = ForkThread(
        at=call.at, seed=call.seed, thread_id=thread.id, after_item_id=body.after_item_id, after_seq=after_seq
    )
    forked = shown_as((await call.submit(command)).reply, ThreadResource)
    return call.show(forked, 201, {**etag(forked.version), "Location": f"{BASE}/threads/{forked.id}"})
