"""World: one data directory with its users, its servers one after the other, and what their clients saw."""

import asyncio
import contextlib
import json
import random
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.prove.audit import audit
from tests.prove.harness.http import Client, Cut, Refused
from tests.prove.harness.people import issue_keys
from tests.prove.harness.ports import free_port
from tests.prove.harness.postgres import new_database
from tests.prove.harness.servers import Server, Warm, serve, warm
from tests.prove.history import History
from tests.prove.scenario import Report

QUIET_S = 30.0
DATABASE_URL = ""
"""The Postgres on which every world of this process takes place; without one, each has a SQLite file."""
PLANTED = ""
"""The planted bug with which every server of this process starts; the runner of the controls sets it."""
FLAGS = {"script_agent": True, "default_agent": "script", "drain_s": 1.0}


class World:
    """Where one scenario takes place."""

    def __init__(self, folder: Path, warm: Warm | None, seed: int | str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.database: Path | str = self.data / "laneway.db"
        """The SQLite file, or the address of a Postgres."""
        self.log = folder / "server.log"
        self.history = History()
        self.random = random.Random(seed)
        self.keys: dict[str, str] = {}
        # One port for all lives, so that a client finds the next server where the last one was.
        self.port = free_port()
        self._warm = warm
        self._servers: list[Server] = []
        self.is_kept = False

    @property
    def warm(self) -> Warm:
        """The process that forks this world's servers."""
        assert self._warm is not None
        return self._warm

    @property
    def newest(self) -> Server | None:
        """The server that was started last."""
        return self._servers[-1] if self._servers else None

    async def exit_code(self, server: Server) -> int:
        """With which code a forked server ended."""
        return await asyncio.wait_for(self.warm.code_of(server.process.pid), 10)

    @property
    def place(self) -> dict[str, Any]:
        """The settings that name this world's data."""
        shared = {} if isinstance(self.database, Path) else {"database_url": self.database}
        return {"data_dir": str(self.data), **shared}

    async def invite(self, *names: str) -> None:
        """Make users with keys."""
        self.keys |= await issue_keys(self.place, names)

    async def serve(self, flags: dict[str, Any] | None = None, **order: Any) -> Server:
        """Start a server: a fork of a warm process."""
        whole = FLAGS | self.place | {"port": self.port} | (flags or {})
        server = await self.warm.serve(self.log, flags=whole, **{"planted": PLANTED, **order})
        self._servers.append(server)
        return server

    async def serve_cold(self, *flags: str) -> Server:
        """Start `laneway serve`."""
        if PLANTED:
            return await self.serve()
        shared = () if isinstance(self.database, Path) else ("--database-url", self.database)
        server = await serve(self.data, self.log, "--port", str(self.port), *shared, *flags)
        self._servers.append(server)
        return server

    def client(self, name: str = "", port: int = 0) -> Client:
        """A client for one of the users; without a name, for the first; without a port, of the one that lives on."""
        return Client("127.0.0.1", port or self.port, self.keys[name or next(iter(self.keys))])

    def audit(self, *, is_quiet: bool = False) -> list[str]:
        """What of what must always hold does not hold."""
        effects = self.data / "effects.log"
        self.history.effects = effects.read_text(encoding="utf-8").splitlines() if effects.exists() else []
        return [str(finding) for finding in audit(self.database, self.history, is_quiet=is_quiet)]

    def judge(self, report: Report, expected: str | tuple[str, ...] = ()) -> None:
        """Add what the servers' logs complain of, beyond what was expected; when anything failed, keep the folder."""
        complaints = [line for line in self.complaints() if not line.startswith(expected)]
        report.findings += [f"C-43: {line}" for line in complaints[:5]]
        if not report.passed:
            self.is_kept = True
            self.history.save(self.folder / "posts.jsonl")

    def complaints(self) -> list[str]:
        """Lines of the servers' logs that tell of an exception nobody expected."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [_shortened(line) for line in lines if "Traceback" in line or '"level": "critical"' in line]


def _shortened(line: str) -> str:
    """What was logged, and the last line of its traceback."""
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:
        return line[:300]
    return f"{told.get('event')}: {str(told.get('exception', '')).strip().splitlines()[-1:]}"


@asynccontextmanager
async def world(
    seed: int | str, users: Sequence[str] = ("ada",), *, is_warm: bool = True, database: str = ""
) -> AsyncGenerator[World]:
    """A world in a temporary folder, which is kept when the scenario raises or judges that it failed.

    It takes place on the database at an address, where one is given.
    """
    folder = Path(tempfile.mkdtemp(prefix="prove-"))
    async with warm() if is_warm else contextlib.nullcontext() as forking:
        made = World(folder, forking, seed)
        if database or DATABASE_URL:
            made.database = database or await new_database(DATABASE_URL)
        await made.invite(*users)
        yield made
    if not made.is_kept:
        shutil.rmtree(folder)


ACTIVE = ("queued", "running")


async def quiet(client: Client, timeout_s: float = QUIET_S) -> list[str]:
    """Wait until no thread of this user has anything left to run; returns what did not come to rest."""
    until = asyncio.get_running_loop().time() + timeout_s
    while busy := await busy_threads(client, ACTIVE):
        if asyncio.get_running_loop().time() > until:
            return [f"I-6: {len(busy)} threads are not at rest after {timeout_s} s: {busy[:3]}"]
        await asyncio.sleep(0.05)
    return []


async def busy_threads(client: Client, statuses: Sequence[str]) -> list[str]:
    """A user's chats and alert threads in these states."""
    found: list[str] = []
    for status in statuses:
        for kind in ("chat", "alert"):
            threads: list[dict[str, Any]] = await client.get(f"/threads?status={status}&kind={kind}&limit=100")
            found += [f"{each['id']} is {status} ({each['status_reason']})" for each in threads]
    return found


async def patiently(ask: Any, tries: int = 200) -> Any:
    """Ask until the server answers: it is away while it is started again."""
    for _ in range(tries):
        try:
            return await ask()
        except (Cut, Refused) as error:
            if isinstance(error, Refused) and error.answer.status != 503:
                raise
            await asyncio.sleep(0.05)
    raise Cut("the server did not come back")
