"""Clock: the contract for time and randomness, so that tests decide both."""

from typing import Protocol

from laneway.domain.instant import Instant


class Clock(Protocol):
    """Now, waiting, and fresh seeds."""

    def now(self) -> Instant:
        """The wall clock in UTC. It may jump: never measure a wait with it."""
        ...

    def monotonic(self) -> float:
        """Seconds that only rise, for timeouts and durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; on a fake clock, until the clock has been advanced past it."""
        ...

    def seed(self) -> bytes:
        """16 random bytes, from which every id that a command makes is derived."""
        ...
