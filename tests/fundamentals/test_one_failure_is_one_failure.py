"""A turn that fails fails alone: with a reason, once, and with no trace in any other thread."""

import asyncio
from collections.abc import AsyncGenerator

import laneway
from laneway.testing.app import running


async def test_a_failing_turn_ends_with_a_reason_and_everybody_else_goes_on():
    all_run = asyncio.Barrier(3)

    @laneway.agent
    async def careful(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        if turn.text != "again":
            await all_run.wait()
        if turn.text == "break":
            raise ValueError("something unheard of")
        yield "fine"

    async with running(careful) as app:
        ada, bob = app.user("ada"), app.user("bob")
        broken, beside, elsewhere = await ada.thread("break"), await ada.thread("go"), await bob.thread("go")
        await app.drain()

        (turn,) = await ada.turns(broken.id)
        assert turn.error is not None
        assert (turn.status, turn.error.class_) == ("failed", "agent_crashed")
        assert turn.error.message == "ValueError: something unheard of"
        assert (await ada.said(beside.id))[-1] == (await bob.said(elsewhere.id))[-1] == ("assistant", "fine")

        # The thread is not lost: its next turn runs as if nothing had been.
        await ada.post(broken.id, "again")
        await app.drain()
        assert (await ada.said(broken.id))[-1] == ("assistant", "fine")
