"""Feed: the contract of live prices. Ticks are a cache that an environment reads, never events."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from laneway.domain.instant import Instant


@dataclass(frozen=True, slots=True)
class Tick:
    """One price of one symbol."""

    symbol: str
    price: Decimal
    at: Instant


class Feed(Protocol):
    """Where prices come from. Ticks of one symbol come in rising order of time."""

    def ticks(self, symbols: Sequence[str]) -> AsyncIterator[Tick]:
        """Stream ticks until closed; a lost connection is mended inside, a refused symbol raises `Invalid`."""
        ...
