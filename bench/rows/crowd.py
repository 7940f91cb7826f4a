"""Ten thousand idle streams: what they cost the server's memory, and what they cost everybody else."""

import asyncio
import sys
from pathlib import Path

from bench.figure import Figure
from bench.stage import Stage, stage
from tests.prove.harness.process import die_with_parent

ROOT = Path(__file__).resolve().parents[2]


async def idle_streams(is_quick: bool) -> list[Figure]:
    """The readers are another process; this one asks for other things meanwhile."""
    count = 1_000 if is_quick else 10_000
    async with stage(limits={"streams_per_user": 0, "streams": count + 100}) as here:
        session = await here.session()
        threads = [await here.thread(session) for _ in range(20)]
        before_kib = here.rss_kib
        quiet = await _ask(here, threads, 300)
        readers = await _readers(here, session, count)
        assert readers.stdin is not None
        with_them_kib = here.rss_kib
        crowded = await _ask(here, threads, 300 if is_quick else 1000)
        news = await _ask_with_news(here, threads)
        readers.stdin.close()
        await readers.wait()
        await asyncio.sleep(2)
        after_kib = here.rss_kib
    return [
        Figure("idle streams", "memory of each", "KiB", [(with_them_kib - before_kib) / count]),
        Figure(
            "idle streams", f"memory with {count:,} of them", "MiB", [with_them_kib / 1024],
            {"value": 400} if not is_quick else {},
            note=f"{before_kib / 1024:.0f} MiB before, {after_kib / 1024:.0f} MiB after they left; "
            f"{(with_them_kib - before_kib) / count:.1f} KiB each",
        ),
        Figure("idle streams", f"other requests beside {count:,}", "ms", crowded, {"p99": 50}),
        Figure("idle streams", "other requests without any", "ms", quiet),
        Figure("idle streams", "POST to 202 of a thread that 1 in 20 of them follow", "ms", news),
    ]  # fmt: skip


async def _ask(here: Stage, threads: list[str], count: int) -> list[float]:
    values: list[float] = []
    for number in range(count):
        answer = await here.client.ask("GET", f"/threads/{threads[number % len(threads)]}")
        values.append(answer.seconds * 1000)
        await asyncio.sleep(0.002)
    return values


async def _ask_with_news(here: Stage, threads: list[str]) -> list[float]:
    """Turns whose events go to a twentieth of the readers each."""
    values: list[float] = []
    for number in range(40):
        answer = await here.client.ask("POST", f"/threads/{threads[number % 20]}/messages", {"message": "go"})
        values.append(answer.seconds * 1000)
        await asyncio.sleep(0.1)
    return values


async def _readers(here: Stage, session: str, count: int) -> asyncio.subprocess.Process:
    readers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.readers", str(here.port), session, str(count), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, preexec_fn=die_with_parent,
    )  # fmt: skip
    assert readers.stdin is not None
    assert readers.stdout is not None
    # Not an argument: other processes of this machine can read those.
    readers.stdin.write(here.key.encode() + b"\n")
    if b"open" not in await asyncio.wait_for(readers.stdout.readline(), 300):
        raise RuntimeError("the readers could not open their streams")
    return readers
