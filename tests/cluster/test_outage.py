"""The database goes away under a server and comes back: every route says so, nothing spins, nothing is done twice."""

import os
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest
from anyio import to_thread

from laneway.domain.errors import Unavailable
from tests.api.harness import Answer, Caller, data_of
from tests.api.test_matrix import ROWS, everything
from tests.cluster.stage import PATIENCE_S, Node, cluster
from tests.relay import Relay

OPEN_TO_ALL = {
    "GET /": 200,
    "GET /t/{thread_id}": 200,
    "GET /assets/{name}": 404,
    "GET /app/{name}": 404,
    "GET /healthz": 200,
    # Without a code, and without a key: refused before anything is looked up.
    "GET /login": 401,
    "POST /api/v1/login": 422,
}
"""Answers for which nothing stored is needed."""
NEEDS_A_KEY_ONLY = {
    "GET /openapi.json": 200,
    "GET /api/v1/me": 200,
    "GET /api/v1/agents": 200,
    "GET /api/v1/agents/{name}": 200,
    # There is no cookie to end.
    "POST /api/v1/logout": 204,
    # An empty body, or the wrong media type.
    "POST /api/v1/users": 422,
    "POST /api/v1/templates": 422,
    "POST /api/v1/messages": 422,
    "POST /api/v1/attachments": 415,
    "POST /api/v1/import": 415,
}
"""Those that may come as long as the server remembers the key: it forgets what it cannot hear of any more."""
BUSY = 0.5
"""Of a processor: a loop that spins takes all that it gets."""
LINES = 30
"""DBOS polls many times a second; its complaints in the log are fewer."""


@dataclass
class Stage:
    database: Relay
    node: Node
    ada: Caller
    ids: dict[str, str]
    log: Path

    async def asked(self, row: str) -> Answer:
        method, path = row.split(" ")
        ids = {**self.ids, "item_id": self.ids["item_id" if "/queue" in path else "transcript_id"]}
        query = "?q=x" if path.endswith("/search") else ""
        return await self.ada.send(method, f"/{path.format(**ids)}{query}", json=None if method == "GET" else {})

    @property
    def processor_s(self) -> float:
        """What the server has used of a processor since it began."""
        fields = Path(f"/proc/{self.node.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncGenerator[Stage]:
    async with Relay(database_url) as database:
        with cluster(database.url, tmp_path) as processes:
            node = await to_thread.run_sync(partial(processes.serve, shares__enabled=True))
            key = node.key_file.read_text().strip()
            async with httpx.AsyncClient(
                base_url=node.url, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_S, trust_env=False
            ) as http:
                ada = Caller(http)
                yield Stage(database, node, ada, await everything(ada), tmp_path / "log")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="nothing here tells what a process uses")
async def test_while_the_database_is_away_every_route_says_so_and_what_was_said_is_done_once(stage: Stage):
    ada = stage.ada
    thread = (await ada.made("/threads", {"agent_id": "script", "initial_message": "stream 100 20"}))["id"]
    path = f"/threads/{thread}/messages"
    async with ada.events(f"/threads/{thread}/events", after="0") as events:
        await events.until("item.delta")
        await stage.database.cut()

        answers = {row: await stage.asked(row) for row in ROWS}
        in_vain = await ada.post(path, {"message": "say after"}, idempotency_key="one")
        busy = await business(stage, thread)
        stage.database.mend()
        accepted = [await patiently(ada, path, {"message": "say after"}, "one") for _ in range(2)]
        with anyio.fail_after(PATIENCE_S):
            for _ in range(2):
                await events.until("turn.completed")

    others = {row: answer.status for row, answer in answers.items() if answer.status != 503}
    assert OPEN_TO_ALL.items() <= others.items() <= (OPEN_TO_ALL | NEEDS_A_KEY_ONLY).items()
    refused = [answer for answer in (*answers.values(), in_vain) if answer.status == 503]
    assert all(answer.code == "unavailable" and int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert busy < BUSY
    assert stage.log.read_text(encoding="utf-8").count('"event": "dbos"') < LINES
    assert accepted[0].json["item_id"] == accepted[1].json["item_id"]
    texts = [message["text"] for message in (await ada.get(path)).json if message["state"] == "complete"]
    assert [text for text in texts if text in ("say after", "after")] == ["say after", "after"]
    seqs = [data_of(frame)["seq"] for frame in await ada.replay(f"/threads/{thread}/events")]
    assert seqs == list(range(1, len(seqs) + 1))


async def business(stage: Stage, thread_id: str) -> float:
    """How much of a processor the server uses while a client waits in vain until its patience ends: seconds."""
    before = time.monotonic(), stage.processor_s
    async with stage.node.lane() as lane:
        with pytest.raises(Unavailable):
            await lane.get_thread(thread_id)
    return (stage.processor_s - before[1]) / (time.monotonic() - before[0])


async def patiently(caller: Caller, path: str, body: dict[str, str], key: str) -> Answer:
    """Send it again as long as it is refused for want of a database."""
    with anyio.fail_after(PATIENCE_S):
        while (answer := await caller.post(path, body, idempotency_key=key)).status == 503:
            pass
    assert answer.status == 202, answer.content
    return answer
