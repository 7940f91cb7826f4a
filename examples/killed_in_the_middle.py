"""SIGKILL in the middle of five conversations, and what is there afterwards. Usage: killed_in_the_middle.py FOLDER.

Starts a server of its own on a new data directory, asks the questions of `five_documents.py`, kills the server while
the first answers are on their way, starts it again, and waits. Then it prints what became of every accepted message,
which turns were cut off, and whether the stream from the beginning is what had been read before the kill, to the byte.
"""

import asyncio
import signal
import sys
import tempfile
from contextlib import aclosing
from pathlib import Path

from five_documents import ask, read, upload

import laneway


async def serve(data: Path) -> tuple[asyncio.subprocess.Process, str]:
    """Start a server; return it, and its address."""
    command = ("-m", "laneway", "serve", "--port", "0", "--no-browser", "--data", str(data))
    server = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert server.stdout is not None
    said = (await server.stdout.readline()).decode()
    await server.stdout.readline()
    return server, said.split()[-1]


async def before(
    lane: laneway.Lane, documents: dict[str, bytes], questions: list[list[str]]
) -> tuple[str, list[str], list[str]]:
    """Upload, ask everything at once, and read what the session's stream carries by then."""
    session_id = await upload(lane, documents)
    posted = await asyncio.gather(*(ask(lane, session_id, each) for each in questions))
    heard = [event.raw async for event in lane.events(session_id=session_id, after=0, follow=False)]
    return session_id, [each.item_id for thread in posted for each in thread], heard


async def after(lane: laneway.Lane, session_id: str, item_ids: list[str], heard: list[str]) -> None:
    """Wait until everything is answered, and tell what became of it."""
    threads = list(await lane.list_threads(session_id=session_id, limit=100))
    async with aclosing(lane.events(session_id=session_id, after=0)) as events:
        waiting = set(item_ids)
        async for event in events:
            if event.type in ("turn.completed", "turn.failed"):
                turn = await lane.get_turn(event.turn_id or "")
                waiting -= set(turn.item_ids) if turn.status == "completed" else set()
            if not waiting:
                break
    turns = [turn for thread in threads for turn in await lane.list_turns(thread.id)]
    taken = [item_id for turn in turns for item_id in turn.item_ids]
    again = [event.raw async for event in lane.events(session_id=session_id, after=0, follow=False)]
    print(f"{len(item_ids)} messages were accepted; {len(set(item_ids) - set(taken))} are lost")
    print(f"{len(taken) - len(set(taken))} messages ran in two turns")
    print(f"{len(turns)} turns: {sorted(turn.status for turn in turns)}")
    print(f"{sum(turn.attempt > 1 for turn in turns)} of them were cut off and taken up again")
    print(f"turn.resumed was told {sum('turn.resumed' in raw for raw in again)} times")
    print(f"the first {len(heard)} events of the stream are the same bytes: {again[: len(heard)] == heard}")


async def main(documents: dict[str, bytes], questions: list[list[str]]) -> None:
    """Kill it, start it again, look."""
    with tempfile.TemporaryDirectory() as data:
        server, url = await serve(Path(data))
        key = await asyncio.to_thread((Path(data) / "admin.key").read_text)
        async with laneway.connect(url, key.strip()) as lane:
            session_id, item_ids, heard = await before(lane, documents, questions)
            server.send_signal(signal.SIGKILL)
            await server.wait()
        print(f"killed after {len(heard)} events\n")
        server, url = await serve(Path(data))
        async with laneway.connect(url, key.strip()) as lane:
            await after(lane, session_id, item_ids, heard)
        server.terminate()
        await server.wait()


if __name__ == "__main__":
    asyncio.run(main(*read(Path(sys.argv[1]))))
