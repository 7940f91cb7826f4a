"""Cluster: several servers on one Postgres, each of which may be killed, frozen and started again."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.prove.harness.http import Answer, Client, Cut
from tests.prove.harness.ports import free_port
from tests.prove.harness.postgres import Postgres, new_database, postgres
from tests.prove.harness.servers import Died, Server
from tests.prove.harness.world import World, world

PATIENCE_S = 60.0


class Anywhere(Client):
    """One user, who asks whichever server answers."""

    def __init__(self, cluster: "Cluster", key: str) -> None:
        super().__init__("127.0.0.1", 1, key)
        self._cluster = cluster
        self._clients: dict[int, Client] = {}

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None, raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        client = self._client()
        return await client.ask(method, path, body, key=key, raw=raw, headers=headers)

    def chunks(self, path: str, after: str | int | None = None) -> AsyncGenerator[bytes]:
        return self._client().chunks(path, after)

    def _client(self) -> Client:
        ports = self._cluster.ports
        if not ports:
            raise Cut("no server is there")
        port = self._cluster.here.random.choice(ports)
        if port not in self._clients:
            self._clients[port] = Client("127.0.0.1", port, self.key)
        return self._clients[port]


class Cluster:
    """Servers by number, and workers behind them. Each keeps its port over all of its lives."""

    def __init__(self, here: World, server: Postgres, flags: Mapping[str, Any], servers: int) -> None:
        self.here = here
        self._servers = servers
        self.postgres = server
        self.flags = flags
        self.living: dict[int, Server] = {}
        self._ports: dict[int, int] = {}

    @property
    def ports(self) -> list[int]:
        """Where somebody may answer."""
        return [self._ports[number] for number in self.living if number < self._servers]

    def client(self, name: str = "") -> Anywhere:
        """A user, by default the first."""
        return Anywhere(self, self.here.keys[name or next(iter(self.here.keys))])

    async def start(self, number: int) -> Server:
        """Start a server, or a worker, again and again while the database is away."""
        port = self._ports.setdefault(number, free_port())
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                is_worker = number >= self._servers
                server = await self.here.serve({**self.flags, "port": port}, is_worker=is_worker)
            except Died:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)
            else:
                self.living[number] = server
                return server

    async def kill(self, number: int) -> None:
        """SIGKILL."""
        await self.living.pop(number).kill()

    async def stop(self, number: int) -> float:
        """SIGTERM; returns how long the end took."""
        return await self.living.pop(number).stop(60)

    def freeze(self, number: int) -> None:
        self.living[number].process.send(signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        self.living[number].process.send(signal.SIGCONT)


@asynccontextmanager
async def cluster(
    seed: int | str, servers: int, users: Sequence[str] = ("ada",), flags: Mapping[str, Any] | None = None,
    workers: int = 0, places: int = 0,
) -> AsyncGenerator[Cluster]:  # fmt: skip
    """So many servers and workers on a Postgres of their own, which may be stopped; further servers have `places`."""
    async with postgres() as server, world(seed, users, database=await new_database(server.url)) as here:
        made = Cluster(here, server, flags or {}, max(servers, places))
        await asyncio.gather(*(made.start(number) for number in range(servers + workers)))
        try:
            yield made
        finally:
            for number in tuple(made.living):
                with contextlib.suppress(Exception):
                    await made.kill(number)
