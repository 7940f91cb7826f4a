"""History: messages edited, answered again and deleted. What followed them leaves the transcript."""

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Nothing, Parts, Text, message_parts
from laneway.api.call import Call
from laneway.api.resources import Posted
from laneway.api.route import Routes
from laneway.api.routes.messages import check_attachments
from laneway.domain.command import DeleteMessage, EditMessage, NewMessage, RegenerateAnswer
from laneway.domain.json import as_object
from laneway.domain.kinds import ITEM, THREAD
from laneway.runtime.question import question_of

routes = Routes("Messages")


class EditBody(Body, frozen=True):
    """What is said instead: `message`, or `parts`."""

    message: Text | UnsetType = UNSET
    parts: Parts | UnsetType = UNSET


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
        queue_item_id=question[0].queue_item_id, turn_id=question[0].turn_id, question=tuple(each.id for each in question),
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
