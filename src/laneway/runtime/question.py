"""Question: the messages of a user that an item answers, or belongs to."""

from collections.abc import Sequence

from laneway.domain.errors import NotFound
from laneway.domain.item import IN_CONTEXT, Item
from laneway.domain.kinds import ITEM, TURN
from laneway.domain.principal import Principal
from laneway.domain.turn import Turn
from laneway.store import Get, Page, Query, Store, Where

LONGEST = 1000
"""Messages of one question that are looked at: more than a batch can have."""


async def question_of(store: Store, principal: Principal, item: Item) -> Sequence[Item]:
    """The unbroken run of user messages of the item's turn that it is in, or that stands before it, in order.

    A turn that answers an earlier question again has that question. Raises `NotFound` when none is left.
    """
    where = (
        Where("turn_id", "=", item.turn_id), Where("thread_id", "=", item.thread_id),
        Where("state", "in", tuple(sorted(IN_CONTEXT))),
    )  # fmt: skip
    page = (await store.read(principal, Query(ITEM, where, order=(("seq", "asc"),), limit=LONGEST))).results[0]
    assert isinstance(page, Page)
    whole = [record for record in page.records if isinstance(record, Item)]
    said = [each for each in whole if each.role == "user" and each.seq <= item.seq]
    if not said:
        return await _asked_again(store, principal, item.turn_id)
    run: list[Item] = []
    for each in whole:
        if each.role == "user":
            run.append(each)
        elif said[-1] in run:
            break
        else:
            run.clear()
    return run


async def _asked_again(store: Store, principal: Principal, turn_id: str) -> Sequence[Item]:
    turn = (await store.read(principal, Get(TURN, turn_id))).results[0]
    if not isinstance(turn, Turn) or not turn.again:
        raise NotFound
    found = (await store.read(principal, *(Get(ITEM, item_id) for item_id in turn.again))).results
    question = [each for each in found if isinstance(each, Item) and each.state in IN_CONTEXT]
    if not question:
        raise NotFound
    return question
