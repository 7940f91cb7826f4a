"""Places are given out fairly: somebody with one thread does not wait for somebody with hundreds."""

from collections.abc import AsyncGenerator

import laneway
from laneway.domain.admission import Caps
from laneway.testing.app import TestOptions, running


async def test_one_user_s_hundred_threads_do_not_delay_another_s_first():
    began: list[str] = []

    @laneway.agent
    async def note(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        began.append(turn.batch[0].sender)
        yield "noted"

    async with running(note, options=TestOptions(caps=Caps(process=1))) as app:
        busy, calm = app.user("busy"), app.user("calm")
        app.runtime.dispatch_to(lambda ready: None)  # nothing begins before everybody is in line
        threads = [await busy.thread(f"number {number}") for number in range(100)]
        await calm.thread("just one")

        app.runtime.dispatch_to(app.engine.dispatch)
        await app.upkeep.sweep()
        await app.drain()

        assert len(began) == len(threads) + 1
        # Not behind the hundred: behind the one that ran already, and one more of that round.
        assert "usr_calm" in began[:3]
