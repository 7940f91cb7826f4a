"""The balancer of deploy/, run: what it refuses itself is understood, and a rolling restart behind it costs nobody."""

from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import httpx
from anyio import to_thread

import laneway
from laneway.domain.errors import TooLarge, Unavailable
from laneway.domain.event import QueueItemConsumed
from tests.cluster.stage import PATIENCE_S, cluster
from tests.deploy.balancer import balanced, free_ports

ROUNDS = 1
"""How often each server is replaced."""
MEANWHILE = 5
"""How many messages have to be accepted between one replacement and the next."""


def test_a_body_that_is_too_large_is_a_problem_that_programs_understand(tmp_path: Path):
    front, *servers = free_ports(3)

    with balanced(tmp_path, front, servers) as url:
        refused = httpx.post(f"{url}/api/v1/attachments", content=b"x" * (17 * 2**20), trust_env=False)

    assert (refused.status_code, refused.json()["code"]) == (413, TooLarge.code)
    assert refused.headers["content-type"] == "application/problem+json"


def test_without_a_server_the_answer_is_to_try_again(tmp_path: Path):
    front, *servers = free_ports(3)

    with balanced(tmp_path, front, servers) as url:
        answers = [httpx.get(f"{url}/api/v1/me", trust_env=False) for _ in range(3)]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, Unavailable.code)}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)


async def test_a_rolling_restart_loses_nothing_and_doubles_nothing(tmp_path: Path, database_url: str):
    front, *ports = free_ports(3)
    named = {"allowed_hosts": f"127.0.0.1:{front}", "trusted_proxies": "127.0.0.1"}
    with cluster(database_url, tmp_path) as processes, balanced(tmp_path, front, ports) as url:
        nodes = [processes.serve(port, **named) for port in ports]
        key = nodes[0].key_file.read_text().strip()
        async with laneway.connect(url, key) as lane:
            client = _Client(lane, (await lane.create_thread()).id)
            with anyio.fail_after(PATIENCE_S * 6):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(client.listen)
                    tasks.start_soon(client.post_on)
                    for number, port in enumerate(ports * ROUNDS):
                        await client.until_accepted(MEANWHILE)
                        assert await to_thread.run_sync(nodes[number].stop) == 0
                        nodes.append(await to_thread.run_sync(partial(processes.serve, port, **named)))
                    await client.until_accepted(MEANWHILE)
                    client.is_done = True
            told = [event.raw async for event in lane.events(client.thread_id, after=0, follow=False)]

    assert client.taken == client.accepted
    assert told[: len(client.heard)] == client.heard


@dataclass
class _Client:
    """Somebody who posts all the time, and listens on one stream that is resumed wherever it breaks."""

    lane: laneway.Lane
    thread_id: str
    accepted: list[str] = field(default_factory=list[str])
    taken: list[str] = field(default_factory=list[str])
    """Each message as often as a turn took it."""
    heard: list[str] = field(default_factory=list[str])
    is_done: bool = False
    _news: anyio.Event = field(default_factory=anyio.Event)

    async def post_on(self) -> None:
        while not self.is_done:
            posted = await self.lane.post(self.thread_id, f"stream 5 20\nsay {len(self.accepted)}")
            self.accepted.append(posted.item_id)
            self._news.set()

    async def listen(self) -> None:
        async with aclosing(self.lane.events(self.thread_id, after=0)) as events:
            async for event in events:
                self.heard.append(event.raw)
                if isinstance(event.data, QueueItemConsumed):
                    self.taken.append(event.data.item_id)
                if self.is_done and len(self.taken) >= len(self.accepted) and event.type == "turn.completed":
                    return

    async def until_accepted(self, more: int) -> None:
        """Return once so many more have been accepted."""
        goal = len(self.accepted) + more
        while len(self.accepted) < goal:
            self._news = anyio.Event()
            await self._news.wait()
