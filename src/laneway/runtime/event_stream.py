"""Event streams: every open stream of this process: how many there may be, and what keeps them alive or ends them."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

from laneway.bus import Bus
from laneway.clock import Clock
from laneway.domain.errors import TooMany, Unavailable
from laneway.runtime.credentials import Credentials, VerifiedPrincipal
from laneway.runtime.errands import Errands
from laneway.runtime.event_log import Cursor, SessionLog, UserLog
from laneway.runtime.event_reader import EventStream, Place
from laneway.runtime.event_tail import Tails
from laneway.runtime.shares import Grant, Shares
from laneway.runtime.submit import KEYS_TOPIC, SHARES_TOPIC
from laneway.store import Store

log = structlog.get_logger(__name__)

WHEEL = 15
"""Slots of the keep-alive wheel, which moves one slot a second."""
STALL_S = 30.0


class EventStreams:
    """Every open stream of this process. Closing one cancels nothing and ends no other."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        clock: Clock,
        credentials: Credentials,
        shares: Shares,
        *,
        per_user: int,
        per_server: int,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._credentials = credentials
        self._shares = shares
        self._per_user = per_user
        self._per_server = per_server
        self._hush: Callable[[], None] | None = None
        self._wheel: list[set[EventStream]] = [set() for _ in range(WHEEL)]
        self._hand = 0
        self._open: set[EventStream] = set()
        self._granted: set[EventStream] = set()
        """Those that read what is shared with them."""
        self._users: Counter[str] = Counter()
        self._writing: dict[EventStream, float] = {}
        self._errands = Errands()
        self._tails = Tails(store, self._errands)

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._open)

    @property
    def places(self) -> int:
        """How many places are taken under the bounds: those of the open streams, and of the ones that are opening."""
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
        self, who: VerifiedPrincipal | Grant, place: Place, after: Cursor, follow: bool = True
    ) -> AsyncGenerator[EventStream]:
        """Open a stream for as long as the context lasts; raises before anything is sent when it cannot be."""
        user_id = who.reader_id
        self._check_bounds(user_id)
        self._users[user_id] += 1
        stream = EventStream(who, place, after, follow, self._tails, self._clock)
        try:
            await stream.catch_up()
            if self._hush is None:
                raise Unavailable("The server is stopping.")
            self._open.add(stream)
            if place.grant is not None:
                self._granted.add(stream)
            # Behind the hand, so that its first keep-alive comes after a whole round.
            stream.slot = self._hand
            self._wheel[stream.slot].add(stream)
            yield stream
        finally:
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]
            self._open.discard(stream)
            self._granted.discard(stream)
            self._wheel[stream.slot].discard(stream)
            self._writing.pop(stream, None)
            self._tails.unfollow(place.log, stream)

    def _check_bounds(self, user_id: str) -> None:
        if self._hush is None:
            raise Unavailable("The server is stopping.")
        if self._per_user and self._users[user_id] >= self._per_user:
            raise TooMany(f"A user may have {self._per_user} streams open (streams_per_user).", "Close one first.")
        if self._per_server and self.places >= self._per_server:
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
            self._errands.run(self._check_proofs(tuple(self._open)), "streams: credentials")
        elif SHARES_TOPIC in topics and self._granted:
            self._errands.run(self._check_proofs(tuple(self._granted)), "streams: shares")

    async def _check_proofs(self, streams: tuple[EventStream, ...]) -> None:
        """Close the streams of credentials and shares that no longer hold."""
        for proof in {proof for stream in streams for proof in stream.proofs}:
            if not await self._holds(proof):
                for stream in streams:
                    if proof in stream.proofs:
                        stream.close("revoked")

    async def _holds(self, proof: VerifiedPrincipal | Grant) -> bool:
        if isinstance(proof, Grant):
            return await self._shares.holds(proof)
        return await self._credentials.is_valid(proof)

    # --- every second --------------------------------------------------------------------------------------------

    async def _every_second(self) -> None:
        while True:
            await self._clock.sleep(1.0)
            self._close_stalled()
            self._close_expired()
            visited = self._turn_wheel()
            try:
                await self._check_proofs(visited)
                await self._tails.poll()
            except Unavailable as error:
                log.warning("streams not looked after", detail=error.detail)

    def _turn_wheel(self) -> tuple[EventStream, ...]:
        self._hand = (self._hand + 1) % WHEEL
        visited = tuple(self._wheel[self._hand])
        for stream in visited:
            stream.keep_alive()
        return visited

    def _close_expired(self) -> None:
        for stream in tuple(self._granted):
            if stream.place.grant is not None and self._shares.has_expired(stream.place.grant):
                stream.close("expired")

    def _close_stalled(self) -> None:
        now = self._clock.monotonic()
        for stream, since in tuple(self._writing.items()):
            # In the order in which they began, so the first that has time left ends the search.
            if now - since < STALL_S:
                break
            stream.close("slow_reader")
