"""Readers: a process that holds many event streams open and throws away what they say, until its stdin ends."""

import asyncio
import contextlib
import sys

import uvloop

from tests.prove.harness.http import Client, Connection
from tests.prove.harness.loopback import stay_on_this_machine

AT_ONCE = 50


def main() -> None:
    """`PORT SESSION COUNT`, and the key on stdin; says `open` when all streams are."""
    stay_on_this_machine()
    port, session, count = sys.argv[1:4]
    client = Client("127.0.0.1", int(port), sys.stdin.readline().strip())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_hold(client, session, int(count)))


async def _hold(client: Client, session: str, count: int) -> None:
    threads = [each["id"] for each in await client.get(f"/threads?session_id={session}&limit=100")]
    held: list[Connection] = []
    numbers = iter(range(count))

    async def open_some() -> None:
        for number in numbers:
            # Each follows one thread, so that no event goes to all of them.
            connection, status = await client.stream(f"/threads/{threads[number % len(threads)]}/events")
            if status != 200:
                raise RuntimeError(f"stream {number} was refused with {status}")
            held.append(connection)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(open_some())
    reading = [asyncio.create_task(_read(each)) for each in held]
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in reading:
        task.cancel()
    for each in held:
        each.abort()


async def _read(connection: Connection) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while await connection.more():
            pass


if __name__ == "__main__":
    main()
