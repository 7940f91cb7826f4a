"""Pooler: a real PgBouncer in transaction mode before a test's Postgres, where the machine has one."""

import os
import pwd
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from socket import create_connection, socket
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.postgres import run

NEEDS_POOLER = (
    pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="there is no PgBouncer here"),
    pytest.mark.skipif("os.environ.get('LANEWAY_TEST_DATABASE_URL')", reason="it would write beside what is there"),
)
KEEPING = "max_prepared_statements = 200"
_NUMBERS = count(1)


def keeps_statements() -> bool:
    """Whether the PgBouncer of this machine can keep prepared statements in transaction mode."""
    said = subprocess.run(["pgbouncer", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()[1].split(".")[:2])) >= (1, 21)


@contextmanager
def pooled(server_url: str, folder: Path, *more: str) -> Generator[str]:
    """The address of a pooler before the server."""
    place = urlsplit(server_url)
    host = parse_qs(place.query).get("host", [place.hostname or ""])[0]
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = [
        "[databases]", f"* = host={host} user={place.username} port={place.port or 5432}",
        "[pgbouncer]", "listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =", "auth_type = any",
        "pool_mode = transaction", "default_pool_size = 4", *more,
    ]  # fmt: skip
    if os.geteuid() == 0:
        # It will not run as root; the server's sockets belong to whom it runs as.
        lines.append(f"user = {pwd.getpwuid(os.stat(host).st_uid).pw_name}")
        folder.chmod(0o755)
    (folder / "pooler.ini").write_text("\n".join(lines))
    process = subprocess.Popen(["pgbouncer", "-q", "pooler.ini"], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"postgresql://{place.username}@127.0.0.1:{port}{place.path}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            continue
        return
    pytest.skip("PgBouncer does not run here")


@dataclass(frozen=True)
class Pooled:
    """One database, by two ways."""

    url: str
    direct_url: str


@asynccontextmanager
async def database(server_url: str, pooler_url: str) -> AsyncGenerator[Pooled]:
    """A database of a test's own: a pooler passes no setting on that would choose a schema."""
    name = f"laneway_pooled_{os.getpid()}_{next(_NUMBERS)}"
    await run(server_url, lambda each: each.script(f"CREATE DATABASE {name}"))
    yield Pooled(urlsplit(pooler_url)._replace(path=name).geturl(), urlsplit(server_url)._replace(path=name).geturl())
    await run(server_url, lambda each: each.script(f"DROP DATABASE {name} WITH (FORCE)"))
