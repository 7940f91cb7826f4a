"""Stop ends the turn and keeps what it had said. What waits is not thrown away and not run: it is paused, visibly."""

import asyncio
from collections.abc import AsyncGenerator

import laneway
from laneway.testing.app import running


async def test_stop_keeps_the_half_answer_and_pauses_what_waits_until_somebody_resumes():
    begun = asyncio.Event()

    @laneway.agent
    async def slow(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        yield f"about {turn.text}: "
        if turn.text == "one":
            begun.set()
            await asyncio.Event().wait()
        yield "done"

    async with running(slow) as app:
        ada = app.user("ada")
        thread = await ada.thread("one")
        await begun.wait()
        await ada.post(thread.id, "two")

        await ada.cancel(thread.id)
        await app.drain()
        stopped = await ada.show(thread.id)
        half = (await ada.items(thread.id))[-1]
        await ada.resume(thread.id)
        await app.drain()

        assert (stopped.status, stopped.status_reason) == ("paused", "stopped by usr_ada")
        assert (half.text, half.state) == ("about one: ", "interrupted")
        assert (await ada.said(thread.id))[-1] == ("assistant", "about two: done")
