"""Listener: a simulated reader of a session's stream, who is cut off and goes on from the last event that came."""

import asyncio
import contextlib
import random
from collections.abc import Callable

from laneway.domain.errors import LanewayError
from laneway.runtime.event_reader import Place
from tests.prove.harness.http import Cut
from tests.prove.harness.sse import Reader
from tests.prove.history import History
from tests.prove.simulation.loop import SimulatedLoop
from tests.prove.simulation.node import Node

AWAY_S = 6.0


class Listener:
    """Reads one session, whatever happens to the processes."""

    def __init__(
        self, session: str, key: str, history: History, loop: SimulatedLoop, find: Callable[[], Node | None]
    ) -> None:
        self.problems: list[str] = []
        self.cursor = 0
        self._session = session
        self._key = key
        self._history = history
        self._loop = loop
        self._random = random.Random(loop.random.random())
        self._find = find

    async def listen(self) -> None:
        """Read until cancelled, a while from each process."""

        while True:
            node = self._find()
            if node is not None:
                with contextlib.suppress(Cut, LanewayError):
                    await node.do(self._read(node, follow=True), self._random.uniform(0.2, 8), leaves=True)
            # Now and then for so long that another reader's tail begins behind where this one was.
            await asyncio.sleep(self._loop.delay() + self._random.choice((0.0, AWAY_S)) * self._random.random())

    async def read_to_end(self, node: Node) -> None:
        """Read what there is from the beginning, and end."""
        self.cursor = 0
        await node.do(self._read(node, follow=False), 60)

    async def _read(self, node: Node, follow: bool) -> None:
        proven = await node.app.credentials.resolve_key(self._key)
        if proven is None:
            self.problems.append("I-29: a valid key was not known")
            return
        streams, reader, last = node.app.streams, Reader(), self.cursor
        place = Place(streams.session_log(self._session, proven.principal.user_id), "")
        async with streams.open(proven, place, (last, 0), follow) as stream:
            while chunk := await stream.next():
                for told in reader.feed(chunk):
                    offset = int(told.id)
                    if offset <= last or told.body["offset"] != offset:
                        self.problems.append(f"I-19: after {last} of {self._session} came {told.id} ({told.event})")
                    self._history.read(self._session, offset, told.data, last)
                    last = offset
                    self.cursor = max(self.cursor, offset)
