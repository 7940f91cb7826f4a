"""Ten lines: an agent of your own and a conversation with it, in this process, without a server."""

import asyncio

import laneway


@laneway.agent
async def shout(turn: laneway.TurnInput):
    yield turn.text.upper()


async def main() -> None:
    async with laneway.open("demo.db", agents=[shout]) as lane:
        thread = await lane.create_thread(agent_id="shout")
        await lane.post(thread.id, "hello")
        async for event in lane.events(thread.id, after=0):
            if event.type == "turn.completed":
                break
        for item in await lane.messages(thread.id):
            print(f"{item.role}: {item.text}")


if __name__ == "__main__":
    asyncio.run(main())
