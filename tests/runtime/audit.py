"""Audit: what holds of every thread at rest, whatever it has been through."""

from collections import Counter

import msgspec

from laneway import wire
from laneway.domain.decide.outcome import is_message
from laneway.domain.json import Json
from laneway.domain.thread import thread_resource
from laneway.domain.turn import ACTIVE
from laneway.testing.owner import Owner, Told
from tests.runtime.stage import TERMINAL


async def audit(owner: Owner, thread_id: str) -> None:
    """Check one thread; nobody may be working on it."""
    events = await owner.events(thread_id)
    await inbox_is_conserved(owner, thread_id)
    await turns_have_ended_once(owner, thread_id, events)
    await the_transcript_is_whole(owner, thread_id)
    await folding_gives_the_present(owner, thread_id, events)


async def inbox_is_conserved(owner: Owner, thread_id: str) -> None:
    """I-3, I-4, I-5: accepted = waiting + taken by exactly one turn + taken back, and turns take in order."""
    accepted = await owner.accepted(thread_id)
    thread, turns = await owner.show(thread_id), await owner.turns(thread_id)
    taken = Counter(item for turn in turns for item in turn.item_ids)
    waiting = {header.id for header in thread.queue}
    assert taken.keys() | waiting <= {item.id for item in accepted}
    for item in accepted:
        places = (taken[item.id], int(item.id in waiting), int(item.state in ("withdrawn", "rejected", "expired")))
        assert sum(places) == 1, f"{item.id} is in {places} places"
        assert (item.state == "consumed") == (item.turn_id is not None) == (taken[item.id] == 1)
    ordinary = [item.id for item in accepted if item.delivery == "queue" and item.state == "consumed"]
    order = {item: (turn.number, place) for turn in turns for place, item in enumerate(turn.item_ids)}
    assert ordinary == sorted(ordinary, key=order.__getitem__)


async def turns_have_ended_once(owner: Owner, thread_id: str, events: list[Told]) -> None:
    """I-9, I-16: one turn after the other, and one end for each."""
    turns = await owner.turns(thread_id)
    ends = Counter(event.turn_id for event in events if event.type in TERMINAL)
    assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))
    assert {turn.id: ends[turn.id] for turn in turns} == {turn.id: int(turn.status not in ACTIVE) for turn in turns}
    open_turn: str | None = None
    for event in events:
        if event.type == "turn.started":
            assert open_turn is None, "a turn began before the one before it had ended"
            open_turn = event.turn_id
        elif event.type in TERMINAL:
            assert event.turn_id == open_turn
            open_turn = None


async def the_transcript_is_whole(owner: Owner, thread_id: str) -> None:
    """Every item is ended, in the place of its `item.started`, and each message that a turn took stands there once."""
    items, turns = await owner.items(thread_id), {turn.id: turn for turn in await owner.turns(thread_id)}
    active = {turn.id for turn in turns.values() if turn.status in ACTIVE}
    assert all(item.state != "partial" or item.turn_id in active for item in items)
    assert len({item.seq for item in items}) == len(items)
    became = Counter(item.queue_item_id for item in items if item.queue_item_id)
    assert became == Counter(item for turn in turns.values() for item in turn.item_ids)
    numbers = [turns[item.turn_id].number for item in items]
    assert numbers == sorted(numbers), "a message stands in the middle of another turn"
    assert (await owner.show(thread_id)).message_count == sum(map(is_message, items))


async def folding_gives_the_present(owner: Owner, thread_id: str, events: list[Told]) -> None:
    """I-19, I-22."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    known: dict[str, Json] = {}
    for event in events:
        known.update(event.thread or {})
    shown = msgspec.to_builtins(thread_resource(await owner.show(thread_id)))
    assert wire.encode(sorted(known.items())) == wire.encode(sorted(shown.items()))
