"""A steer goes into the running turn between two steps; one that cannot heads the next turn, and says so."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.stage import Gates, Played, running, texts_of, types


class Steered:
    """An agent that waits to be let, then takes what steers it, again and again until nothing more came."""

    def __init__(self) -> None:
        self.agent = Played("steered", self._play, steer=True)
        self.at_gate = asyncio.Event()
        self.gate = asyncio.Event()

    async def _play(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        yield Text(" + ".join(texts_of(turn)))
        self.at_gate.set()
        await self.gate.wait()
        while messages := await turn.handle.steer():
            yield Text("".join(f", steered by {message.text}" for message in messages))


@pytest.fixture
def steered() -> Steered:
    return Steered()


@pytest.fixture
async def app(steered: Steered, gates: Gates) -> AsyncGenerator[TestApp]:
    async with running(steered.agent, gates.agent, Gates("deaf", steer=True).agent) as app:
        yield app


async def test_a_steer_goes_into_the_running_turn(app: TestApp, ada: Owner, steered: Steered):
    thread = await ada.thread("go")
    await steered.at_gate.wait()

    left = await ada.post(thread.id, "left", delivery="steer")
    waiting = await ada.queue(thread.id)
    steered.gate.set()
    await app.drain()

    (turn,) = await ada.turns(thread.id)
    receipt = await ada.receipt(left)
    assert (left.state, left.turn_id) == ("steering", turn.id)
    assert [item.state for item in waiting.items] == ["steering"]
    assert (receipt.state, receipt.turn_id, receipt.reason) == ("consumed", turn.id, None)
    assert turn.item_ids[-1] == left.item_id
    assert turn.batch_size == 1
    assert await ada.said(thread.id) == [
        ("user", "go"),
        ("assistant", "go, steered by left"),
        ("user", "left"),
    ]


async def test_several_steers_are_taken_in_order_before_what_only_waits(app: TestApp, ada: Owner, steered: Steered):
    thread = await ada.thread("go")
    await steered.at_gate.wait()

    await ada.post(thread.id, "later")
    await ada.post(thread.id, "left", delivery="steer")
    await ada.post(thread.id, "right", delivery="steer")
    queue = await ada.queue(thread.id)
    steered.gate.set()
    await app.drain()

    first, second = await ada.turns(thread.id)
    assert [item.text for item in queue.items] == ["left", "right", "later"]
    assert len(first.item_ids) == 3
    assert [text for role, text in await ada.said(thread.id) if role == "assistant"] == [
        "go, steered by left, steered by right",
        "later",
    ]
    assert second.item_ids == (queue.items[2].id,)


async def test_a_steer_that_came_too_late_heads_the_next_turn_once(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go", agent_id="deaf")
    deaf = await app.until(lambda: first_turn(ada, thread.id))
    await ada.post(thread.id, "later")
    steer = await ada.post(thread.id, "left", delivery="steer")
    assert steer.state == "steering"

    await ada.cancel(thread.id)
    await app.until(ada.was_told(thread.id, "turn.cancelled"))
    queue = await ada.queue(thread.id)

    receipt = await ada.receipt(steer)
    rehomed = [event for event in await ada.events(thread.id) if event.type == "queue.item_updated"]
    assert [item.text for item in queue.items] == ["left", "later"]
    assert (receipt.state, receipt.reason) == ("queued", "rehomed")
    assert [event.data["reason"] for event in rehomed] == ["rehomed"]
    assert deaf == (await ada.turns(thread.id))[0].id


async def first_turn(ada: Owner, thread_id: str) -> str | None:
    turns = await ada.turns(thread_id)
    return turns[0].id if turns else None


async def test_a_steer_to_an_agent_that_cannot_be_steered_heads_the_next_turn(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go", agent_id="gated")
    await gates.reached(thread.id)
    await ada.post(thread.id, "later")

    steer = await ada.post(thread.id, "left", delivery="steer")
    gates.let(thread.id)
    run = await gates.reached(thread.id, runs=2)

    receipt = await ada.receipt(steer)
    assert (steer.state, steer.position) == ("queued", 1)
    assert texts_of(run) == ("left", "later")
    assert (receipt.state, receipt.turn_id, receipt.reason) == ("consumed", run.turn_id, "rehomed")
    assert types(await ada.events(thread.id)).count("queue.item_updated") == 1


async def test_a_steer_to_an_idle_thread_is_an_ordinary_message(app: TestApp, ada: Owner, steered: Steered):
    steered.gate.set()
    thread = await ada.thread()

    steer = await ada.post(thread.id, "go", delivery="steer")
    await app.drain()

    assert steer.state == "queued"
    assert (await ada.receipt(steer)).reason is None
    assert await ada.said(thread.id) == [("user", "go"), ("assistant", "go")]


async def test_a_waiting_message_can_be_made_a_steer_and_a_steer_an_ordinary_message(
    app: TestApp, ada: Owner, steered: Steered
):
    thread = await ada.thread("go")
    await steered.at_gate.wait()
    now = await ada.post(thread.id, "now")
    later = await ada.post(thread.id, "later", delivery="steer")

    await ada.edit(now, delivery="steer")
    await ada.edit(later, delivery="queue")
    queue = await ada.queue(thread.id)
    steered.gate.set()
    await app.drain()

    assert [(item.text, item.state) for item in queue.items] == [("later", "queued"), ("now", "steering")]
    assert [text for role, text in await ada.said(thread.id) if role == "assistant"] == ["go, steered by now", "later"]


async def test_a_held_steer_waits_and_steers_once_it_is_released(app: TestApp, ada: Owner, steered: Steered):
    thread = await ada.thread("go")
    await steered.at_gate.wait()

    steer = await ada.post(thread.id, "left", delivery="steer", hold=True)
    held = await ada.receipt(steer)
    await ada.edit(steer, hold=False)
    released = await ada.receipt(steer)
    steered.gate.set()
    await app.drain()

    assert (held.state, held.reason) == ("held", None)
    assert released.state == "steering"
    assert (await ada.turns(thread.id))[0].item_ids[-1] == steer.item_id


async def test_a_message_made_a_steer_too_late_says_that_it_heads_the_next_turn(app: TestApp, ada: Owner, gates: Gates):
    thread = await ada.thread("go", agent_id="gated")
    await gates.reached(thread.id)
    await ada.post(thread.id, "a")
    b = await ada.post(thread.id, "b")

    await ada.edit(b, delivery="steer")

    assert [item.text for item in (await ada.queue(thread.id)).items] == ["b", "a"]
    assert (await ada.receipt(b)).reason == "rehomed"
