"""A thread is one conversation. It runs one turn at a time, and many threads run at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import laneway
from laneway.testing.app import running

Answering = Callable[[laneway.TurnInput], AsyncGenerator[str]]


def counting(everybody_is_here: asyncio.Barrier, most: dict[str, int]) -> Answering:
    """An agent that waits for the others, and notes how many of its turns ran side by side in each thread."""
    now: dict[str, int] = {}

    async def answer(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        now[turn.thread_id] = now.get(turn.thread_id, 0) + 1
        most[turn.thread_id] = max(most.get(turn.thread_id, 0), now[turn.thread_id])
        await everybody_is_here.wait()
        now[turn.thread_id] -= 1
        yield "here"

    return answer


async def test_many_threads_run_at_once_and_each_of_them_runs_one_turn():
    most: dict[str, int] = {}
    agent = laneway.agent(name="counting")(counting(asyncio.Barrier(10), most))
    async with running(agent) as app:
        ada = app.user("ada")
        threads = [await ada.thread(settings={"queue_mode": "one_at_a_time"}) for _ in range(10)]

        # Nobody passes the barrier before ten turns have come to it: three times ten threads meet there.
        for thread in threads:
            for number in range(3):
                await ada.post(thread.id, f"message {number}")
        await app.drain()

        assert most == {thread.id: 1 for thread in threads}
        assert [len(await ada.turns(thread.id)) for thread in threads] == [3] * 10
