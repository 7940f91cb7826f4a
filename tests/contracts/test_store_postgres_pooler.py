"""The Postgres store behind a real PgBouncer in transaction mode, where the machine has one."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket
from urllib.parse import parse_qs, urlsplit

import pytest

from laneway.domain.errors import Conflict
from laneway.store import StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.testing.clock import FakeClock
from laneway.testing.store_suite.case import commit, whole_log
from laneway.testing.store_suite.samples import SES, paused, putting

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="there is no PgBouncer here"),
]


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


@pytest.mark.skipif("os.environ.get('LANEWAY_TEST_DATABASE_URL')", reason="it would write beside what is there")
async def test_a_pooler_that_keeps_statements_serves_the_store(server_url: str, tmp_path: Path):
    if not keeps_statements():
        pytest.skip("this PgBouncer is too old for that")
    with pooled(server_url, tmp_path, "max_prepared_statements = 100") as url:
        store = PostgresStore(url, FakeClock(), StoreOptions())
        await store.open()
        try:
            offsets = [await commit(store, putting(events=[paused()])) for _ in range(20)]

            assert offsets == list(range(1, 21))
            assert [event.offset for event in await whole_log(store, SES)] == offsets
        finally:
            await store.close()


async def test_a_pooler_that_forgets_statements_is_refused_by_name(server_url: str, tmp_path: Path):
    with (
        pooled(server_url, tmp_path, *(["max_prepared_statements = 0"] if keeps_statements() else [])) as url,
        pytest.raises(Conflict, match="pooler"),
    ):
        await PostgresStore(url, FakeClock(), StoreOptions()).open()
