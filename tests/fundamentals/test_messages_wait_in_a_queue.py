"""What is sent while a turn runs is accepted, waits where everybody can see it, and runs next: together, in order."""

import asyncio
from collections.abc import AsyncGenerator

import laneway
from laneway.testing.app import running


async def test_messages_sent_meanwhile_are_the_next_turn_in_order_each_on_its_own():
    begun, finish = asyncio.Event(), asyncio.Event()

    @laneway.agent
    async def slow(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        begun.set()
        await finish.wait()
        yield " and ".join(message.text for message in turn.batch)

    async with running(slow) as app:
        ada = app.user("ada")
        thread = await ada.thread("one")
        await begun.wait()

        two = await ada.post(thread.id, "two")
        three = await ada.post(thread.id, "three")
        queue = await ada.queue(thread.id)
        finish.set()
        await app.drain()

        # Accepted, with a place that is known; what comes next can be seen before it happens.
        assert (two.state, two.position, three.position) == ("queued", 1, 2)
        assert [item.text for item in queue.items] == ["two", "three"]
        assert queue.next_batch.item_ids == (two.item_id, three.item_id)

        # In the transcript they stand behind the answer that was under way, never in the middle of it.
        assert await ada.said(thread.id) == [
            ("user", "one"),
            ("assistant", "one"),
            ("user", "two"),
            ("user", "three"),
            ("assistant", "two and three"),
        ]
