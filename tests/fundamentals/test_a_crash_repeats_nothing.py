"""A call is recorded before it begins and after it has ended. What has a result is never done again."""

import asyncio
from collections.abc import AsyncGenerator

import laneway
from laneway.testing.app import running


async def test_an_effect_that_must_happen_once_happens_once_across_a_death():
    crashes = asyncio.Event()

    @laneway.agent
    async def paying(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        await turn.handle.call("effect.once", {"label": "paid"})
        if turn.attempt == 1:
            crashes.set()
            await asyncio.Event().wait()  # and here the process dies
        yield "paid, once"

    async with running(paying) as app:
        ada = app.user("ada")
        session = await ada.session(mode="autonomous")
        thread = await ada.thread("pay", session_id=session.id)
        await crashes.wait()

        await app.kill()
        successor = app.beside("another process")
        await successor.clock.advance(7)
        await successor.start()
        await successor.drain()

        (turn,) = await successor.user("ada").turns(thread.id)
        assert successor.effects == ["paid"]
        assert (turn.status, turn.attempt) == ("completed", 2)
        await successor.stop()
