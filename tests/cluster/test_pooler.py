"""Processes behind a PgBouncer in transaction mode, which listen and hand over past it."""

from pathlib import Path

import pytest

from tests.cluster.stage import cluster, of, told, until
from tests.pooler import KEEPING, NEEDS_POOLER, database, keeps_statements, pooled

pytestmark = [pytest.mark.anyio, *NEEDS_POOLER]


async def test_a_turn_of_a_killed_server_is_taken_up_by_another(server_url: str, tmp_path: Path):
    if not keeps_statements():
        pytest.skip("this PgBouncer is too old for that")
    with pooled(server_url, tmp_path, KEEPING) as pooler_url:
        async with database(server_url, pooler_url) as ways:
            with cluster(ways.url, tmp_path) as processes:
                doomed, survivor = (processes.serve(database_direct_url=ways.direct_url) for _ in range(2))
                async with doomed.lane() as lane, survivor.lane() as watching:
                    thread = await lane.create_thread()
                    await lane.post(thread.id, "stream 40 50")
                    await lane.post(thread.id, "say next")
                    await until(watching, thread.id, of("item.delta"))

                    doomed.kill()
                    await until(watching, thread.id, of("turn.completed", times=2))

                    events = await told(watching, thread.id)
                    assert [event.seq for event in events] == list(range(1, len(events) + 1))
                    complete = [item.text for item in await watching.messages(thread.id) if item.state == "complete"]
                    long = " ".join(f"w{number}" for number in range(40))
                    assert complete == ["stream 40 50", long, "say next", "next"]
