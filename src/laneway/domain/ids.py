"""Ids: opaque names derived from a command's random seed, so that `decide` stays pure."""

import hashlib


class Ids:
    """Makes the ids of one command: the n-th call for a prefix gives the same id for the same seed."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._made = 0

    def make(self, prefix: str) -> str:
        """Return `<prefix>_` + 32 hex digits laid out as a UUIDv4 (122 bits come from the seed)."""
        self._made += 1
        digest = bytearray(hashlib.blake2b(self._made.to_bytes(4, "big"), key=self._seed, digest_size=16).digest())
        digest[6] = (digest[6] & 0x0F) | 0x40
        digest[8] = (digest[8] & 0x3F) | 0x80
        return f"{prefix}_{digest.hex()}"
