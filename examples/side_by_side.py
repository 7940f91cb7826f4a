"""Side by side: two conversations with a running server at once, each answer printed as it comes.

usage: python examples/side_by_side.py URL KEY
"""

import asyncio
import sys

import laneway


async def main(url: str, key: str) -> None:
    async with laneway.connect(url, key) as lane:
        session = await lane.create_session("Side by side")
        async with asyncio.TaskGroup() as both:
            both.create_task(talk(lane, session.id, "What is a lane?"))
            both.create_task(talk(lane, session.id, "What waits in a queue?"))


async def talk(lane: laneway.Lane, session_id: str, question: str) -> None:
    thread = await lane.create_thread(session_id=session_id)
    turn = await lane.run(thread.id, question)
    print(f"{question} ({turn.status})\n{turn.answer}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
