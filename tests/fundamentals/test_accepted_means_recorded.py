"""An acknowledgement means that it is recorded: no death of a process loses what was accepted, or runs it twice."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import laneway
from laneway.testing.app import running

LEASE_S = 6.0


async def test_a_turn_is_taken_up_by_the_next_process_and_the_queue_behind_it_goes_on(tmp_path: Path):
    attempts: list[int] = []
    begun = asyncio.Event()

    @laneway.agent
    async def fragile(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        attempts.append(turn.attempt)
        if turn.text == "first" and turn.attempt == 1:
            begun.set()
            await asyncio.Event().wait()  # and here the process dies
        yield f"done with {turn.text}"

    async with running(fragile, data_dir=tmp_path) as app:
        ada = app.user("ada")
        thread = await ada.thread("first")
        await begun.wait()
        await ada.post(thread.id, "second")

        await app.kill()
        successor = app.beside("another process")
        await successor.clock.advance(LEASE_S + 1)  # a silent process keeps its turns for so long
        await successor.start()
        await successor.drain()

        ada = successor.user("ada")
        assert attempts == [1, 2, 1]
        assert [turn.status for turn in await ada.turns(thread.id)] == ["completed", "completed"]
        assert await ada.said(thread.id) == [
            ("user", "first"),
            ("assistant", "done with first"),
            ("user", "second"),
            ("assistant", "done with second"),
        ]
        await successor.stop()
