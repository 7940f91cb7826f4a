"""What a turn costs in a thread that has had a thousand of them, and how soon turns run again after a kill."""

import asyncio
import time

from bench.figure import Figure
from bench.rows.turns import Turns
from bench.stage import Stage, stage, watching
from laneway.stores.sqlite.connection import Connection, single
from tests.prove.checks.snapshot import open_database

SAMPLE = 20


async def turns_of_a_long_thread(is_quick: bool) -> list[Figure]:
    """Milliseconds and bytes of a turn at its thread's 10th, 100th and 1,000th turn."""
    lengths = (10, 100) if is_quick else (10, 100, 1000)
    async with stage() as here:
        session = await here.session()
        thread = await here.thread(session)
        turns = Turns()
        sizes: list[Figure] = []
        times: list[Figure] = []
        async with watching(here, f"/sessions/{session}/events", turns.told):
            done = 0
            for length in lengths:
                while done < length:
                    await turns.run(here, thread)
                    done += 1
                values, size = await _cost(here, turns, thread)
                done += SAMPLE
                name = f"after {length:,} turns"
                first = times[0].statistics["p50"] if times else 0.0
                # Flat: what grows with the thread would have grown ten and a hundred times by now.
                goals = {"p50": round(1.5 * first + 1, 2)} if times else {}
                times.append(Figure("growth", f"a turn, {name}", "ms", values, goals))
                sizes.append(
                    Figure(
                        "growth", f"bytes on disk of a turn, {name}", "KiB", [size / 1024],
                        {"value": round(1.5 * sizes[0].values[0] + 4, 1)} if sizes else {},
                    )
                )  # fmt: skip
    return times + sizes


async def _cost(here: Stage, turns: Turns, thread: str) -> tuple[list[float], float]:
    """The times of some turns, and the bytes that one of them adds to the database once it is checkpointed."""
    before = await _settled_size(here)
    values: list[float] = []
    for _ in range(SAMPLE):
        started = time.perf_counter()
        values.append((await turns.run(here, thread) - started) * 1000)
    return values, (await _settled_size(here) - before) / SAMPLE


async def _settled_size(here: Stage) -> int:
    """The pages of the database that hold something: what a checkpoint would leave in the file."""
    # The search index catches up within some tenths of a second.
    await asyncio.sleep(0.6)
    return await asyncio.to_thread(pages_in_use, here)


def pages_in_use(here: Stage) -> int:
    """The bytes of the database's pages that are in use, read beside the running server."""
    database: Connection = open_database(here.data / "laneway.db")
    try:
        pages, free, size = (
            int(single(database.execute(f"PRAGMA {name}"))[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    finally:
        database.close()


async def after_a_kill(is_quick: bool) -> list[Figure]:
    """SIGKILL in the middle of turns; from the port's opening to the first turn that runs again."""
    values: list[float] = []
    async with stage() as here:
        session = await here.session()
        threads = [await here.thread(session, "stamped") for _ in range(20)]
        for _ in range(3 if is_quick else 10):
            for thread in threads:
                await here.client.post(f"/threads/{thread}/messages", {"message": "400 5"})
            await asyncio.sleep(0.3)
            await here.stop()
            here.client.close()
            await here.start()
            opened = time.perf_counter()
            await _resumed(here, threads[0])
            values.append((time.perf_counter() - opened) * 1000)
            for thread in threads:
                await here.client.ask("POST", f"/threads/{thread}/cancel")
            while await here.client.get("/threads?status=running"):  # noqa: ASYNC110 - asks another process
                await asyncio.sleep(0.05)
    return [Figure("restart", "port open to a running turn, after SIGKILL", "ms", values, {"max": 1000})]


async def _resumed(here: Stage, thread: str) -> None:
    """Wait until the turn that was cut off runs in another attempt."""
    while True:
        turn_id = (await here.client.get(f"/threads/{thread}"))["active_turn_id"]
        if turn_id and (await here.client.get(f"/turns/{turn_id}"))["attempt"] > 1:
            return
        await asyncio.sleep(0.01)
