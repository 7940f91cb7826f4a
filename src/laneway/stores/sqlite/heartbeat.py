"""Heartbeat: says that this process lives, from a thread: an event loop that hangs must not certify itself."""

import threading

import structlog

from laneway.clock import Clock
from laneway.domain.errors import LanewayError
from laneway.domain.kinds import NODE
from laneway.domain.node import Node
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.table import TABLES
from laneway.stores.sqlite.writer import Writer

log = structlog.get_logger(__name__)


class Heartbeat:
    """Writes the node's record at once, and again each third of a lease."""

    def __init__(self, writer: Writer, clock: Clock, node: str, lease_s: float) -> None:
        self._writer = writer
        self._clock = clock
        self._node = Node(node, "", "")
        self._lease_s = lease_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="laneway-heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        """Return when the first beat is recorded."""
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _beat_on(self) -> None:
        while not self._stopping.wait(self._lease_s / 3):
            try:
                self._beat()
            except LanewayError as error:
                # The next beat may come through; if none does, the lease runs out, and that is the truth then.
                log.warning("heartbeat failed", node=self._node.id, error=error.detail)

    def _beat(self) -> None:
        self._writer.submit_from_thread(self._put).result()

    def _put(self, connection: Connection) -> None:
        # The time is taken here: a beat that waited behind a slow disk must not look younger than it is.
        self._node = self._node.beaten(self._clock.now(), self._lease_s)
        TABLES[NODE.name].put(connection, self._node)
