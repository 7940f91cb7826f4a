"""Stage: a server process of its own with the bench's agents, a session, and a client that sees its stream."""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.prove.harness.http import Client
from tests.prove.harness.people import issue_keys
from tests.prove.harness.process import Process, die_with_parent
from tests.prove.harness.sse import Reader, Told
from tests.prove.harness.world import free_port

ROOT = Path(__file__).resolve().parents[1]
READY_S = 60.0


class Stage:
    """One server on one data directory, over real HTTP."""

    def __init__(self, folder: Path, key: str) -> None:
        self.data = folder / "data"
        self.key = key
        self.port = free_port()
        self.client = Client("127.0.0.1", self.port, key)
        self.process: Process | None = None
        self.database_url: str | None = None
        """Where it has its data, when not in its folder."""

    async def start(self, **flags: Any) -> None:
        """Start the server and wait until it is ready."""
        self.database_url = flags.get("database_url")
        settings = {"data_dir": str(self.data), "port": self.port, **flags}
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.server", json.dumps(settings), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, cwd=ROOT, preexec_fn=die_with_parent,
        )  # fmt: skip
        assert child.stdout is not None
        if not await asyncio.wait_for(child.stdout.readline(), READY_S):
            raise RuntimeError("the server did not start; its complaint stands above")
        self.process = Process(child.pid)

    async def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            await self.process.kill()
            self.process.close()
            self.process = None

    async def session(self, mode: str = "autonomous") -> str:
        return (await self.client.post("/sessions", {"mode": mode}))["id"]

    async def thread(self, session_id: str, agent: str = "null", **more: Any) -> str:
        body = {"session_id": session_id, "agent_id": agent, **more}
        return (await self.client.post("/threads", body))["id"]

    @property
    def rss_kib(self) -> int:
        assert self.process is not None
        return self.process.rss_kib

    @property
    def cpu_s(self) -> float:
        assert self.process is not None
        return self.process.cpu_s


@asynccontextmanager
async def stage(**flags: Any) -> AsyncGenerator[Stage]:
    """A server of a new data directory."""
    folder = Path(tempfile.mkdtemp(prefix="laneway-bench-"))
    try:
        keys = await issue_keys({"data_dir": folder / "data"}, ["bench"])
        made = Stage(folder, keys["bench"])
        await made.start(**flags)
        yield made
        made.client.close()
        await made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def watching(stage: Stage, path: str, told: Callable[[Told], None]) -> AsyncGenerator[None]:
    """Call `told` with each event of a stream, as soon as it is here."""
    connection, status = await stage.client.stream(path)
    assert status == 200
    reader = Reader()

    async def read() -> None:
        while chunk := await connection.more():
            for event in reader.feed(chunk):
                told(event)

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        connection.abort()
