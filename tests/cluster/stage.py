"""Stage: real processes on one real Postgres, which a test starts, asks, freezes and kills."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

import laneway

START_S = 60
"""A process that takes longer to be ready has failed."""
PATIENCE_S = 90
"""What takes longer to happen does not happen."""
LEASE_S = 2.0


@dataclass
class Node:
    """One process."""

    process: "subprocess.Popen[str]"
    url: str
    key_file: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is released."""
        self.process.kill()
        self._wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.send(signal.SIGTERM)
        return self._wait()

    def _wait(self) -> int:
        code = self.process.wait(START_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    @asynccontextmanager
    async def lane(self) -> AsyncGenerator[laneway.Lane]:
        """A client of this server, as the first user."""
        async with laneway.connect(self.url, self.key_file.read_text().strip()) as lane:
            yield lane


@dataclass
class Cluster:
    """Processes that share a database and a data directory."""

    database_url: str
    folder: Path
    nodes: list[Node] = field(default_factory=list[Node])

    @property
    def effects(self) -> list[str]:
        """What the `once` tool has done, in all processes."""
        path = self.folder / "data" / "effects.log"
        return path.read_text().splitlines() if path.exists() else []

    def serve(self, port: int = 0, **settings: object) -> Node:
        """Start a server."""
        return self._start("serve", "--port", str(port), "--no-browser", settings=settings)

    def work(self, **settings: object) -> Node:
        """Start a worker."""
        return self._start("worker", settings=settings)

    def _start(self, command: str, *arguments: str, settings: dict[str, object]) -> Node:
        given = {"lease_s": LEASE_S, "drain_s": 2, "script_agent": True, "default_agent": "script", **settings}
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LANEWAY_DATABASE_URL": self.database_url,
            **{f"LANEWAY_{name.upper()}": str(value).lower() for name, value in given.items()},
        }  # fmt: skip
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "laneway", command, *arguments, "--data", str(self.folder / "data")],
                env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        node = Node(process, "", self.folder / "data" / "admin.key")
        self.nodes.append(node)
        node.url = self._first_line(process).split()[-1]
        return node

    def _first_line(self, process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_S)
        line = process.stdout.readline() if ready else ""
        assert line, (self.folder / "log").read_text()[-3000:]
        return line

    def end(self, first: int = 0) -> None:
        """Kill what still runs of the nodes from the first on, and let go of what has ended by itself."""
        for node in self.nodes[first:]:
            node.kill()


@contextmanager
def cluster(database_url: str, folder: Path) -> Generator[Cluster]:
    """A cluster without nodes, gone in the end."""
    made = Cluster(database_url, folder)
    try:
        yield made
    finally:
        made.end()


async def until(
    lane: laneway.Lane, thread_id: str, is_it: Callable[[laneway.Event], bool], after: int | str = 0
) -> laneway.Event:
    """The first event of the thread that is meant, whether it has happened already or not."""
    with anyio.fail_after(PATIENCE_S):
        async with aclosing(lane.events(thread_id, after=after)) as events:
            async for event in events:
                if is_it(event):
                    return event
    raise AssertionError("the stream ended")


def of(type_: str, times: int = 1) -> Callable[[laneway.Event], bool]:
    """Matches the event of that type that comes as the n-th."""
    left = [times]

    def is_it(event: laneway.Event) -> bool:
        left[0] -= event.type == type_
        return left[0] == 0

    return is_it


async def told(lane: laneway.Lane, thread_id: str) -> list[laneway.Event]:
    """Everything that was told of a thread."""
    return [event async for event in lane.events(thread_id, after=0, follow=False)]


def ends(events: list[laneway.Event]) -> list[str]:
    """The terminal events, in order."""
    terminal = {"turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted", "turn.superseded"}
    return [event.type for event in events if event.type in terminal]
