"""Event streams: a stream is a cursor, a bounded buffer and one task; what they share is read once for all of them."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from laneway import wire
from laneway.bus import Bus
from laneway.clock import Clock
from laneway.domain.errors import TooMany, Unavailable
from laneway.runtime.credentials import Credentials, VerifiedPrincipal
from laneway.runtime.errands import Errands
from laneway.runtime.event_log import Cursor, EventLog, Frame, SessionLog, UserLog, encode_frame
from laneway.runtime.event_tail import Tails
from laneway.runtime.submit import KEYS_TOPIC
from laneway.store import Store

log = structlog.get_logger(__name__)

KEEP_ALIVE = b": keep-alive\n\n"
WHEEL = 15
"""Slots of the keep-alive wheel, which moves one slot a second."""
STALL_S = 30.0
BUFFER_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
PAGE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """What a stream is about: a log, or one thread's part of it."""

    log: EventLog
    snapshot_url: str
    """Where a reader whose cursor lies inside folded text finds the present state."""
    thread_id: str | None = None


class EventStream:
    """One reader. It takes frames from its tail while it keeps up, and from the store while it does not."""

    def __init__(
        self, who: VerifiedPrincipal, place: Place, after: Cursor, follow: bool, tails: Tails, clock: Clock
    ) -> None:
        self.who = who
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
        self._is_ending = False
        self._limit = PAGE
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
        if self._size > BUFFER_BYTES:
            self._limit = max(16, self._limit // 4)
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
            log.info("stream closed", reason=reason, user_id=self.who.principal.user_id)
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


class EventStreams:
    """Every open stream of this process. Closing one cancels nothing and ends no other."""

    def __init__(
        self, store: Store, bus: Bus, clock: Clock, credentials: Credentials, *, per_user: int, per_server: int
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._credentials = credentials
        self._per_user = per_user
        self._per_server = per_server
        self._hush: Callable[[], None] | None = None
        self._wheel: list[set[EventStream]] = [set() for _ in range(WHEEL)]
        self._hand = 0
        self._open: set[EventStream] = set()
        self._users: Counter[str] = Counter()
        self._writing: dict[EventStream, float] = {}
        self._errands = Errands()
        self._tails = Tails(store, self._errands)

    @property
    def count(self) -> int:
        """How many streams are open."""
        return sum(self._users.values())

    async def start(self) -> None:
        """Begin to listen for rings, and to look for what rings may have missed."""
        self._hush = self._bus.listen(self._hear)
        self._errands.run(self._every_second(), "streams: every second")

    async def stop(self) -> None:
        """End every stream, each at a cursor from which it can go on. Safe to call twice."""
        hush, self._hush = self._hush, None
        if hush is not None:
            hush()
        self.close_all("server_stopping")
        await self._errands.stop()

    def close_all(self, reason: str) -> None:
        """End every stream now: an open one would hold up the server's stop."""
        for stream in tuple(self._open):
            stream.close(reason)

    # --- opening -------------------------------------------------------------------------------------------------

    def session_log(self, session_id: str, owner: str) -> SessionLog:
        return SessionLog(self._store, session_id, owner)

    def user_log(self, owner: str) -> UserLog:
        return UserLog(self._store, owner)

    @asynccontextmanager
    async def open(
        self, who: VerifiedPrincipal, place: Place, after: Cursor, follow: bool = True
    ) -> AsyncGenerator[EventStream]:
        """Open a stream for as long as the context lasts; raises before anything is sent when it cannot be."""
        user_id = who.principal.user_id
        self._check_bounds(user_id)
        self._users[user_id] += 1
        stream = EventStream(who, place, after, follow, self._tails, self._clock)
        try:
            await stream.catch_up()
            self._open.add(stream)
            # Behind the hand, so that its first keep-alive comes after a whole round.
            stream.slot = self._hand
            self._wheel[stream.slot].add(stream)
            yield stream
        finally:
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]
            self._open.discard(stream)
            self._wheel[stream.slot].discard(stream)
            self._writing.pop(stream, None)
            self._tails.unfollow(place.log, stream)

    def _check_bounds(self, user_id: str) -> None:
        if self._hush is None:
            raise Unavailable("The server is stopping.")
        if self._per_user and self._users[user_id] >= self._per_user:
            raise TooMany(f"A user may have {self._per_user} streams open (streams_per_user).", "Close one first.")
        if self._per_server and self.count >= self._per_server:
            raise Unavailable(f"The server has {self._per_server} streams open (streams).", retry_after_s=5)

    def writing(self, stream: EventStream, abort: Callable[[], None]) -> None:
        """A write of the stream begins; one that stalls is ended with `abort`."""
        stream.abort = abort
        self._writing[stream] = self._clock.monotonic()

    def written(self, stream: EventStream) -> None:
        """The write is over."""
        stream.abort = None
        self._writing.pop(stream, None)

    # --- news ----------------------------------------------------------------------------------------------------

    def _hear(self, topics: frozenset[str]) -> None:
        self._tails.hear(topics)
        if KEYS_TOPIC in topics:
            self._errands.run(self._check_credentials(tuple(self._open)), "streams: credentials")

    async def _check_credentials(self, streams: tuple[EventStream, ...]) -> None:
        """Close the streams of credentials that no longer hold."""
        for who in {stream.who for stream in streams}:
            if not await self._credentials.is_valid(who):
                for stream in streams:
                    if stream.who == who:
                        stream.close("revoked")

    # --- every second --------------------------------------------------------------------------------------------

    async def _every_second(self) -> None:
        while True:
            await self._clock.sleep(1.0)
            self._close_stalled()
            visited = self._turn_wheel()
            try:
                await self._check_credentials(visited)
                await self._tails.poll()
            except Unavailable as error:
                log.warning("streams not looked after", detail=error.detail)

    def _turn_wheel(self) -> tuple[EventStream, ...]:
        self._hand = (self._hand + 1) % WHEEL
        visited = tuple(self._wheel[self._hand])
        for stream in visited:
            stream.keep_alive()
        return visited

    def _close_stalled(self) -> None:
        now = self._clock.monotonic()
        for stream, since in tuple(self._writing.items()):
            # In the order in which they began, so the first that has time left ends the search.
            if now - since < STALL_S:
                break
            stream.close("slow_reader")
