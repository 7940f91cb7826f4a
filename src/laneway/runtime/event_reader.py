"""Event reader: one stream: a cursor and a bounded buffer, filled by the tail of its log or from the store."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from laneway import wire
from laneway.clock import Clock
from laneway.runtime.credentials import VerifiedPrincipal
from laneway.runtime.event_log import Cursor, EventLog, Frame, encode_frame
from laneway.runtime.event_tail import Tails
from laneway.runtime.shares import Grant

log = structlog.get_logger(__name__)

KEEP_ALIVE = b": keep-alive\n\n"
BUFFER_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
FIRST_PAGE = 64
PAGES = range(16, 257)
"""How many events are read at once: more while they are small, fewer while they are large."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a stream is about: a log, or one thread's part of it."""

    log: EventLog
    snapshot_url: str
    """Where a reader whose cursor lies inside folded text finds the present state."""
    thread_id: str | None = None
    grant: Grant | None = None
    """What lets the reader read a thread that is not theirs."""


class EventStream:
    """One reader. It takes frames from its tail while it keeps up, and from the store while it does not."""

    def __init__(
        self, who: VerifiedPrincipal | Grant, place: Place, after: Cursor, follow: bool, tails: Tails, clock: Clock
    ) -> None:
        self.who = who
        self.proofs = frozenset({who, place.grant or who})
        """What must hold for as long as the stream is open."""
        self.place = place
        self.thread_id = place.thread_id
        self.slot = 0
        self.abort: Callable[[], None] | None = None
        """Set while a write is under way: ends it from outside."""
        self._tails = tails
        self._clock = clock
        self._cursor = after
        self._follow = follow
        self._buffer: deque[bytes] = deque()
        self._size = 0
        self._is_behind = True
        self._is_ending: bool = False
        self._limit = FIRST_PAGE
        self._news = asyncio.Event()

    @property
    def is_current(self) -> bool:
        """Whether everything that is known has been taken, and the rest will come from the tail."""
        return not self._buffer and not self._is_behind

    @property
    def held(self) -> int:
        """How many bytes wait to be sent."""
        return self._size

    async def catch_up(self) -> None:
        """Take a page from the store; at its end, follow the tail. Raises `BadCursor` and `CursorExpired`."""
        read = await self.place.log.read(self._cursor, self._limit, self.thread_id)
        self._is_behind = False
        for frame in read.frames:
            self._add(frame)
        self._cursor = read.cursor
        if read.reset_at is not None:
            self._put(self._reset_frame(read.reset_at))
        self._limit = _next_limit(self._limit, self._size, len(read.frames))
        at_end = read.is_at_end and read.reset_at is None
        self._is_ending = self._is_ending or (at_end and not self._follow)
        self._is_behind = not (self._is_ending or (at_end and self._tails.follow(self.place.log, self, self._cursor)))

    async def next(self) -> bytes | None:
        """The next bytes to send, as soon as there are some; None at the stream's end."""
        while not self._buffer:
            if self._is_ending:
                return None
            if self._is_behind:
                await self.catch_up()
            else:
                self._news.clear()
                await self._news.wait()
        return self._take()

    def offer(self, frame: Frame) -> None:
        """Take a frame from the tail, in order. A full buffer is never skipped: the store has what it lacks."""
        if frame.cursor <= self._cursor or self._is_ending or self._is_behind:
            return
        if self._size and self._size + len(frame.data) > BUFFER_BYTES:
            self._is_behind = True
            self._tails.unfollow(self.place.log, self)
            if self.abort is not None:
                self.close("slow_reader")
            return
        self._add(frame)

    def keep_alive(self) -> None:
        """Say that the connection lives, unless something else is about to."""
        if not self._buffer and not self._is_ending:
            self._put(KEEP_ALIVE)

    def close(self, reason: str) -> None:
        """End now. The reader has a cursor with each event that it was sent, and can go on from there."""
        if not self._is_ending and reason != "left":
            log.info("stream closed", reason=reason, reader=self.who.reader_id)
        self._is_ending = True
        self._buffer.clear()
        self._size = 0
        self._news.set()
        if self.abort is not None:
            self.abort()

    def _add(self, frame: Frame) -> None:
        if self._is_ending:
            return
        self._cursor = frame.cursor
        self._put(frame.data)
        if frame.deletes_thread and self.thread_id is not None:
            self._is_ending = True

    def _put(self, data: bytes) -> None:
        self._buffer.append(data)
        self._size += len(data)
        self._news.set()

    def _take(self) -> bytes:
        taken: list[bytes] = []
        size = 0
        while self._buffer and (not size or size + len(self._buffer[0]) <= CHUNK_BYTES):
            size += len(self._buffer[0])
            taken.append(self._buffer.popleft())
        self._size = self._size - size if self._buffer else 0
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _reset_frame(self, offset: int) -> bytes:
        session_id = self.place.log.topic
        data = {"snapshot_url": self.place.snapshot_url, "offset": offset}
        body = {
            "offset": offset, "type": "stream.reset", "session_id": session_id, "thread_id": self.thread_id,
            "at": self._clock.now(), "data": data,
        }  # fmt: skip
        return encode_frame(str(offset), "stream.reset", wire.escape_to_ascii(wire.encode(body)))


def _next_limit(limit: int, size: int, frames: int) -> int:
    if size > BUFFER_BYTES // 2:
        return max(PAGES.start, limit // 2)
    return min(PAGES[-1], limit * 2) if frames == limit and size < BUFFER_BYTES // 8 else limit
