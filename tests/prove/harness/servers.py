"""Servers: starts them, as `laneway serve` or as forks of a warm process, and ends them by their pidfd."""

import asyncio
import contextlib
import itertools
import json
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.prove.harness.loopback import loopback
from tests.prove.harness.process import Process, die_with_parent

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = re.compile(r"http://(127\.0\.0\.1):(\d+)")
START_S = 120.0


class Died(Exception):
    """The server ended before it was ready."""

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """One running server of a data directory."""

    def __init__(self, url: str, pid: int, data: Path) -> None:
        address = urlsplit(url)
        self.host = loopback(address.hostname or "")
        self.port = address.port or 0
        self.data = data
        self.process = Process(pid)

    async def kill(self) -> None:
        """SIGKILL. Safe to call twice."""
        await self.process.kill()
        self.process.close()

    async def stop(self, timeout_s: float = 30.0) -> float:
        """SIGTERM; returns how many seconds the end took."""
        self.process.send(signal.SIGTERM)
        took = await self.process.gone(timeout_s)
        self.process.close()
        return took

    async def died(self, timeout_s: float = 30.0) -> None:
        """Wait for it to end by itself."""
        await self.process.gone(timeout_s)
        self.process.close()


class Warm:
    """A process that has everything imported and forks servers in some hundredths of a second."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._pids: dict[int, int] = {}
        self._codes: dict[int, int] = {}
        self._closed = False
        self._reading = asyncio.create_task(self._read())

    async def serve(self, log: Path, **order: Any) -> Server:
        """Start a server; raises `Died` when it ends before it is ready."""
        if self._closed:
            raise Died("the suite is ending", None)
        id = next(self._ids)
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[id] = ready
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": id, "log": str(log), **order}).encode() + b"\n")
        url = await asyncio.wait_for(ready, START_S)
        pid = next(pid for pid, of in self._pids.items() if of == id)
        try:
            return Server(url, pid, Path(order["flags"]["data_dir"]))
        except ProcessLookupError as error:
            raise Died("the server ended as soon as it was ready", await self.code_of(pid)) from error

    async def code_of(self, pid: int) -> int:
        """With which code a server ended, which it has done already."""
        while pid not in self._codes:  # noqa: ASYNC110 - the line that tells it is on its way
            await asyncio.sleep(0.002)
        return self._codes[pid]

    async def close(self) -> None:
        """End the process; its servers end with it."""
        self._closed = True
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._take(json.loads(line))

    def _take(self, told: dict[str, Any]) -> None:
        if "dead" in told:
            self._codes[told["dead"]] = told["code"]
            waiting = self._waiting.get(self._pids.get(told["dead"], 0))
            if waiting is not None and not waiting.done():
                waiting.set_exception(Died(f"the server ended with {told['code']} before it was ready", told["code"]))
        elif "url" in told:
            self._pids[told["pid"]] = told["id"]
            if not self._waiting[told["id"]].done():
                self._waiting[told["id"]].set_result(told["url"])
        elif "id" in told:
            self._pids[told["pid"]] = told["id"]
            # It may have died before we heard that it was born.
            if told["pid"] in self._codes:
                self._take({"dead": told["pid"], "code": self._codes[told["pid"]]})


@asynccontextmanager
async def warm() -> AsyncGenerator[Warm]:
    """A warm process, for as long as the context lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.prove.server", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=ROOT, limit=2**20, preexec_fn=die_with_parent,
    )  # fmt: skip
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), START_S)
    forking = Warm(process)
    try:
        yield forking
    finally:
        await forking.close()


async def serve(data: Path, log: Path, *flags: str) -> Server:
    """Start `laneway serve` itself, as its users do. Raises `Died` with what it said."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "laneway", "serve", "--data", str(data), "--script-agent",
            "--no-browser", *flags, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
            cwd=data.parent, preexec_fn=die_with_parent,
        )  # fmt: skip
    assert process.stdout is not None
    said = b""
    while line := await asyncio.wait_for(process.stdout.readline(), START_S):
        said += line
        if found := ADDRESS.search(line.decode()):
            return Server(found[0], process.pid, data)
    await process.wait()
    raise Died(f"laneway serve ended with {process.returncode}: {said.decode()}, see {log}", process.returncode)
