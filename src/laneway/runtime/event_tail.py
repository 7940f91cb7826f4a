"""Event tail: the newest events of one log, read once for every stream of this process that follows it."""

from collections import deque
from itertools import islice
from typing import Protocol

import structlog

from laneway.domain.errors import BadCursor, Gone, Unavailable
from laneway.domain.kinds import SESSION
from laneway.domain.principal import SYSTEM
from laneway.domain.session import Session
from laneway.runtime.errands import Errands
from laneway.runtime.event_log import Cursor, EventLog, Frame, SessionLog
from laneway.store import Get, Store

log = structlog.get_logger(__name__)

RING_BYTES = 64 * 1024
RING_FRAMES = 256
PAGE = 200
POLLED_AT_ONCE = 500
"""How many logs one poll reads at most: with more, a poll takes several seconds to come round."""


class Follower(Protocol):
    """A stream, as its tail sees it."""

    @property
    def thread_id(self) -> str | None: ...
    def offer(self, frame: Frame) -> None:
        """Take a frame, or leave it and read it from the store later."""
        ...

    def close(self, reason: str) -> None:
        """End now."""
        ...


class Tail:
    """Follows one log and hands each new frame to the streams that it concerns."""

    def __init__(self, log: EventLog, cursor: Cursor) -> None:
        self.log = log
        self.is_due = False
        """There may be more to read."""
        self.is_read = False
        """A task reads it at this moment."""
        self._cursor = cursor
        self._ring: deque[Frame] = deque()
        self._ring_start = cursor
        """The ring has every frame after this."""
        self._ring_bytes = 0
        self._followers: dict[str | None, set[Follower]] = {}

    @property
    def followers(self) -> list[Follower]:
        return [follower for group in self._followers.values() for follower in group]

    @property
    def is_followed(self) -> bool:
        return bool(self._followers)

    def attach(self, follower: Follower, cursor: Cursor) -> bool:
        """Follow from a cursor on; False when frames after it have left the ring, and must be read from the store."""
        if cursor < self._ring_start:
            return False
        group = self._followers.setdefault(follower.thread_id, set())
        group.add(follower)
        for frame in tuple(self._ring):
            if frame.cursor > cursor and follower.thread_id in (None, frame.thread_id):
                follower.offer(frame)
        # One that could not take all of them has left again.
        return follower in group

    def detach(self, follower: Follower) -> None:
        """Follow no more. Safe to call twice."""
        group = self._followers.get(follower.thread_id)
        if group is not None:
            group.discard(follower)
            if not group:
                del self._followers[follower.thread_id]

    async def read_on(self) -> bool:
        """Read what is new and hand it out; returns whether there was anything."""
        is_new = False
        while True:
            read = await self.log.read(self._cursor, PAGE)
            for frame in read.frames:
                self._hand_out(frame)
            is_new = is_new or read.cursor > self._cursor
            self._cursor = max(self._cursor, read.cursor)
            if read.is_at_end:
                return is_new

    def forget(self) -> None:
        """Empty the ring: who joins later reads from the store."""
        self._ring.clear()
        self._ring_bytes = 0
        self._ring_start = self._cursor

    def _hand_out(self, frame: Frame) -> None:
        self._ring.append(frame)
        self._ring_bytes += len(frame.data)
        while self._ring and (self._ring_bytes > RING_BYTES or len(self._ring) > RING_FRAMES):
            oldest = self._ring.popleft()
            self._ring_bytes -= len(oldest.data)
            self._ring_start = oldest.cursor
        concerned = (None,) if frame.thread_id is None else (None, frame.thread_id)
        for thread_id in concerned:
            # A copy: a follower whose buffer is full detaches while we are here.
            for follower in tuple(self._followers.get(thread_id, ())):
                follower.offer(frame)


class Tails:
    """The tails of all logs that are followed in this process."""

    def __init__(self, store: Store, errands: Errands) -> None:
        self._store = store
        self._errands = errands
        self._tails: dict[EventLog, Tail] = {}
        self._of_topic: dict[str, set[Tail]] = {}
        """One log may be read in several ways: whole, or as a share shows it."""
        self._unpolled: deque[Tail] = deque()
        self._polled = -1

    def follow(self, log: EventLog, follower: Follower, cursor: Cursor) -> bool:
        """Let a follower that has read to a log's end follow its tail; False when it must read more first."""
        tail = self._tails.get(log)
        if tail is None:
            tail = self._tails[log] = Tail(log, cursor)
            self._of_topic.setdefault(log.topic, set()).add(tail)
            # What was committed between the follower's read and this moment rang for nobody.
            self._read_soon(tail)
        return tail.attach(follower, cursor)

    def unfollow(self, log: EventLog, follower: Follower) -> None:
        """Follow no more. Safe to call twice."""
        tail = self._tails.get(log)
        if tail is not None:
            tail.detach(follower)
            if not tail.is_followed:
                del self._tails[log]
                self._forget(tail)

    def hear(self, topics: frozenset[str]) -> None:
        """Read the logs that were rung for."""
        for topic in topics & self._of_topic.keys():
            for tail in self._of_topic[topic]:
                self._read_soon(tail)

    async def poll(self) -> None:
        """Read the followed logs again if anything was committed anywhere: a ring may have been lost."""
        position = (await self._store.read(SYSTEM)).position
        if position != self._polled and not self._unpolled:
            self._polled = position
            self._unpolled.extend(self._tails.values())
        for tail in tuple(islice(self._unpolled, POLLED_AT_ONCE)):
            self._unpolled.popleft()
            tail.forget()
            self._read_soon(tail)

    def _forget(self, tail: Tail) -> None:
        same = self._of_topic[tail.log.topic]
        same.discard(tail)
        if not same:
            del self._of_topic[tail.log.topic]

    def _read_soon(self, tail: Tail) -> None:
        tail.is_due = True
        if not tail.is_read:
            tail.is_read = True
            self._errands.run(self._read(tail), "streams: read a log")

    async def _read(self, tail: Tail) -> None:
        try:
            while tail.is_due and tail.is_followed:
                tail.is_due = False
                if not await tail.read_on():
                    await self._check_session(tail)
        except Unavailable as error:
            log.warning("log not read", log=tail.log.topic, detail=error.detail)
            self._unpolled.append(tail)
        except (BadCursor, Gone) as error:
            # The log was pruned or erased under its readers: each asks again with its cursor and is told.
            _close(tail, error.code)
        finally:
            tail.is_read = False

    async def _check_session(self, tail: Tail) -> None:
        """A ring without news: the session may have been deleted, which its own log does not tell."""
        if isinstance(tail.log, SessionLog):
            session = (await self._store.read(SYSTEM, Get(SESSION, tail.log.session_id))).results[0]
            if not isinstance(session, Session) or session.deleted:
                _close(tail, "session_deleted")


def _close(tail: Tail, reason: str) -> None:
    for follower in tail.followers:
        follower.close(reason)
