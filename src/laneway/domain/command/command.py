"""Command: what every request carries."""

from dataclasses import dataclass

from laneway.domain.instant import Instant


@dataclass(frozen=True, kw_only=True)
class Command:
    """What every command carries: when it was made, and 16 random bytes."""

    at: Instant
    seed: bytes
