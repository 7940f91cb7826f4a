"""Bus: the contract of the doorbell. A ring may be lost or doubled and never carries the truth."""

from collections.abc import Callable, Iterable
from typing import Protocol


class Bus(Protocol):
    """Tells who listens that there is something new to read, in this process and, where there are several, in all."""

    async def start(self) -> None:
        """Begin to carry rings."""
        ...

    async def stop(self) -> None:
        """Carry no more rings. Safe to call twice."""
        ...

    def ring(self, topics: Iterable[str]) -> None:
        """Ring topics (a log's name, `turn:<id>`, `keys`); never blocks, never raises. Call it after the commit."""
        ...

    def listen(self, hear: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Call `hear` on the event loop with each set of topics rung; returns what ends it."""
        ...
