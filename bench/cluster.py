"""Cluster: several server processes on one Postgres of the bench's own, which commits to disk as a real one does."""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.stage import Stage
from tests.prove.harness.people import issue_keys
from tests.prove.harness.postgres import Postgres

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@asynccontextmanager
async def cluster(servers: int, **flags: Any) -> AsyncGenerator[tuple[list[Stage], Postgres]]:
    """Servers on a new database, and the database."""
    folder = Path(tempfile.mkdtemp(prefix="laneway-bench-"))
    os.chmod(folder, 0o755)  # Postgres may run as a user of its own
    os.mkdir(folder / "postgres")
    database = Postgres(folder / "postgres", **DURABLE)
    stages: list[Stage] = []
    try:
        await database.make()
        await database.start()
        keys = await issue_keys({"data_dir": folder / "0", "database_url": database.url}, ["bench"])
        for number in range(servers):
            made = Stage(folder / str(number), keys["bench"])
            await made.start(database_url=database.url, **flags)
            stages.append(made)
        yield stages, database
    finally:
        for made in stages:
            made.client.close()
            await made.stop()
        await database.stop()
        shutil.rmtree(folder, ignore_errors=True)
