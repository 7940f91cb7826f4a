"""Heartbeat: says that this process lives, from a thread: an event loop that hangs must not certify itself."""

import asyncio
import threading

import structlog

from laneway.domain.errors import LanewayError, Unavailable
from laneway.domain.kinds import NODE
from laneway.domain.node import Node
from laneway.stores.postgres.connection import Connection, connect
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES

log = structlog.get_logger(__name__)


class Heartbeat:
    """Writes the node's record at once, and again each third of a lease, over a connection of its own."""

    def __init__(self, url: str, node: str, lease_s: float) -> None:
        self._url = url
        self._node = Node(node, "", "")
        self._lease_s = lease_s
        self._period_s = lease_s / 3
        self._connection: Connection | None = None
        self._began = threading.Event()
        self._stopping = threading.Event()
        self._fault: LanewayError | None = None
        self._thread = threading.Thread(target=self._run, name="laneway-heartbeat", daemon=True)

    def start(self) -> None:
        """Return when the first beat is recorded; blocks."""
        self._thread.start()
        self._began.wait()
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """End the thread; blocks until it has."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            try:
                runner.run(self._beat())
            except LanewayError as error:
                self._fault = error
                self._stopping.set()
            self._began.set()
            while not self._stopping.wait(self._period_s):
                try:
                    runner.run(self._beat())
                except LanewayError as error:
                    # The next beat may come through; if none does, the lease runs out, and that is the truth then.
                    log.warning("heartbeat failed", node=self._node.id, error=error.detail)
            runner.run(self._leave())

    async def _beat(self) -> None:
        try:
            async with asyncio.timeout(self._period_s):
                if self._connection is None:
                    self._connection = await connect(self._url)
                # The time is taken before the write: a beat that waited must not look younger than it is.
                (now,) = await self._connection.single(SQL["now"])
                beaten = self._node.beaten(str(now), self._lease_s)
                await self._connection.execute(*TABLES[NODE.name].putting([beaten]))
                self._node = beaten
        except TimeoutError:
            self._drop()
            raise Unavailable("The database did not take the heartbeat in time.") from None
        except LanewayError:
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _leave(self) -> None:
        """Go without leaving a name behind: whoever looks for what this node still holds finds it free at once."""
        if self._connection is None:
            return
        try:
            async with asyncio.timeout(self._period_s):
                await TABLES[NODE.name].drop(self._connection, [self._node.id])
        except (LanewayError, TimeoutError):
            self._drop()
        else:
            await self._connection.close()
