"""S-9: a backup is made under load, as the page about deployment says. What is restored from it passes the audit."""

import asyncio
import sys
from pathlib import Path

from tests.prove.audit import audit
from tests.prove.harness.postgres import new_database, run_program
from tests.prove.harness.traffic import Member
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report

USERS = ("ada", "bob", "eve")
THREADS = 6
LOAD_S = 3.0
ROOT = Path(__file__).resolve().parents[3]


def run(seed: int, backups: int) -> Report:
    report = Report()
    for number in range(backups):
        asyncio.run(_round(f"{seed}/{number}", report))
        if not report.passed:
            break
    report.figures = {"backups": backups}
    return report


async def _round(seed: str, report: Report) -> None:
    async with world(seed, USERS) as here:
        server = await here.serve()
        members = [Member(here, name, THREADS, 0.05) for name in USERS]
        for member in members:
            await member.settle()
        living = [asyncio.create_task(member.live()) for member in members]
        await asyncio.sleep(here.random.uniform(0.5, LOAD_S))
        restored = await _back_up(here)
        await asyncio.sleep(0.2)
        for task in living:
            task.cancel()
        await asyncio.gather(*living, return_exceptions=True)
        await server.kill()
        report.findings += [f"as it was copied: {finding}" for finding in audit(restored)]
        await _live_on(here, restored, report)


async def _back_up(here: World) -> Path | str:
    """Copy the database while its server writes; returns the copy."""
    if isinstance(here.database, Path):
        folder = here.folder / "copy"
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "laneway", "backup", str(folder), "--data", str(here.data), cwd=here.folder,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await made.wait() == 0, "laneway backup failed"
        return folder / "laneway.db"
    dump = await asyncio.to_thread(run_program, "pg_dump", "--no-owner", here.database)
    restored = await new_database(here.database)
    await asyncio.to_thread(run_program, "psql", "-q", "-v", "ON_ERROR_STOP=1", restored, stdin=dump)
    return restored


async def _live_on(here: World, restored: Path | str, report: Report) -> None:
    """A server starts from the copy, and everything that the copy holds runs to its end."""
    here.database = restored
    if isinstance(restored, Path):
        here.data = restored.parent
    server = await here.serve()
    for name in USERS:
        report.findings += [f"after the restore: {finding}" for finding in await quiet(here.client(name))]
    again = await here.client().post("/messages", {"message": "say alive"})
    report.findings += await quiet(here.client())
    receipt = await here.client().get(f"/queue-items/{again['item_id']}")
    report.expect(receipt["state"] == "consumed", f"I-56: a message after the restore is {receipt['state']}")
    await server.stop()
    report.findings += [f"after it went on: {finding}" for finding in audit(restored)]
    here.judge(report)
