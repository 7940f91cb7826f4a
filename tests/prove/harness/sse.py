"""SSE: a strict reader of event streams. It knows three fields and comments; anything else is a fault of the server."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

_TYPE = re.compile(rb"[a-z]+\.[a-z_]+")
_COMMENTS = (b": keep-alive", b": connected")
_CURSOR = re.compile(rb"[0-9]+(\.[0-9]+)?")


class BadStream(Exception):
    """Bytes that no event stream of ours may hold."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it came."""

    id: str
    event: str
    data: bytes

    @property
    def body(self) -> dict[str, Any]:
        return msgspec.json.decode(self.data)


class Reader:
    """Cuts bytes into events: each is one `id`, one `event` and one `data` line, and ends with an empty one."""

    def __init__(self) -> None:
        self._rest = b""
        self.comments = 0

    def feed(self, chunk: bytes) -> list[Told]:
        """Take the next bytes; return the events that they complete."""
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        return [told for block in blocks if (told := self._read(block)) is not None]

    def _read(self, block: bytes) -> Told | None:
        if block in _COMMENTS:
            self.comments += 1
            return None
        # No CR, no other line end of Unicode: the data is ASCII, on one line.
        if not block.isascii() or b"\r" in block or b"\0" in block:
            raise BadStream(f"bytes that do not belong into a stream: {block[:200]!r}")
        lines = block.split(b"\n")
        names = [line.partition(b": ")[0] for line in lines]
        if names != [b"id", b"event", b"data"]:
            raise BadStream(f"lines {names} instead of id, event and data")
        id, event, data = (line.partition(b": ")[2] for line in lines)
        if not _CURSOR.fullmatch(id) or not _TYPE.fullmatch(event):
            raise BadStream(f"id {id!r} or event {event!r} is none of ours")
        return Told(id.decode(), event.decode(), data)
