"""Stream: the events of a thread, a session or a user, typed, in order, and across broken connections."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

import httpx
import msgspec

from laneway import wire
from laneway.client.connection import Connection, away
from laneway.client.sse import Frame, FrameReader
from laneway.domain import event as events
from laneway.domain.errors import Internal, Unavailable
from laneway.domain.event import EventData
from laneway.domain.instant import Instant
from laneway.domain.json import JsonObject


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with its ids and numbers. `data` is the event's own dataclass, or plain JSON for a type not known here."""

    id: str
    """The cursor: a stream `after` it goes on with the next event."""
    type: str
    offset: int
    seq: int | None
    session_id: str | None
    thread_id: str | None
    turn_id: str | None
    agent: str | None
    at: Instant
    data: EventData | JsonObject
    thread: JsonObject | None = None
    """What changed in the thread's resource by the commit that this event ends."""
    raw: str = ""
    """The JSON object as it came."""


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """Which stream: its path, and the resource whose offset is its present end, where there is one."""

    path: str
    anchor: str | None = None
    thread_id: str | None = None


class EventStreams:
    """Opens event streams on a connection."""

    def __init__(self, connection: Connection, reconnect_s: float = 60.0) -> None:
        self._connection = connection
        self._reconnect_s = reconnect_s

    async def read(self, place: StreamPlace, after: int | str | None, follow: bool) -> AsyncGenerator[Event]:
        """Yield events; a connection that breaks is opened again where it was, until `reconnect_s` have passed."""
        cursor = str(after) if after is not None else await self._now(place) if follow else None
        clock = asyncio.get_running_loop().time
        alive, failures = clock(), 0
        while True:
            error: Unavailable | None = None
            try:
                async with aclosing(self._once(place, cursor, follow)) as told:
                    async for event in told:
                        cursor, alive, failures = event.id or cursor, clock(), 0
                        yield event
                        if event.type == "thread.deleted" and event.thread_id == place.thread_id:
                            return
                if not follow:
                    return
            except Unavailable as refused:
                error = refused
            if self._connection.closed:
                return
            failures += 1
            if error is not None and clock() - alive > self._reconnect_s:
                raise error
            await asyncio.sleep(self._connection.patience.wait_s(failures))

    async def _once(self, place: StreamPlace, cursor: str | None, follow: bool) -> AsyncGenerator[Event]:
        """One connection's events, to its end."""
        headers = {} if cursor is None else {"Last-Event-ID": cursor}
        query = {} if follow else {"follow": 0}
        reader = FrameReader()
        try:
            async with self._connection.stream(place.path, query, headers) as response:
                async for chunk in response.aiter_raw():
                    for frame in reader.feed(chunk):
                        yield event_from(frame)
        except httpx.TransportError as broken:
            raise away(httpx.URL(str(broken.request.url)), broken) from broken

    async def _now(self, place: StreamPlace) -> str | None:
        """The stream's present end, so that nothing is missed if the first connection breaks before its first event."""
        if place.anchor is None:
            return None
        return (await self._connection.request("GET", place.anchor)).headers.get("laneway-offset")


class _Envelope(msgspec.Struct):
    type: str
    offset: int = 0
    seq: int | None = None
    session_id: str | None = None
    thread_id: str | None = None
    turn_id: str | None = None
    agent: str | None = None
    at: str = ""
    data: dict[str, object] = {}
    thread: dict[str, object] | None = None


def event_from(frame: Frame) -> Event:
    """Read a frame's JSON. Raises `Internal` when it is none."""
    try:
        told = wire.decode(frame.data, _Envelope)
    except msgspec.DecodeError as error:
        raise Internal(f"The stream sent what is no event: {error}.") from error
    return Event(
        frame.id, told.type, told.offset, told.seq, told.session_id, told.thread_id, told.turn_id, told.agent, told.at,
        _typed(told.type, told.data), told.thread, frame.data,
    )  # fmt: skip


def _typed(type_: str, data: Mapping[str, object]) -> EventData | JsonObject:
    known = _TYPES.get(type_)
    if known is None:
        return data
    try:
        return wire.convert(data, known)
    except msgspec.ValidationError:
        # A later version of the server tells it differently; its reader can still look.
        return data


_TYPES = {
    str(kind.type): kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, EventData) and kind is not EventData
}
