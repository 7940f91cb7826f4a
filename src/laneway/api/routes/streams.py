"""Streams: events as they happen, of a thread, a session, or all that the caller has."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from laneway.api.call import Call
from laneway.api.query import Flag
from laneway.api.route import BASE, Routes
from laneway.api.sse import MEDIA_TYPE, EventStreamResponse
from laneway.domain.errors import BadCursor, CursorExpired
from laneway.domain.event import session_log
from laneway.domain.kinds import SESSION, THREAD
from laneway.domain.thread import Thread
from laneway.runtime.credentials import VerifiedPrincipal
from laneway.runtime.event_log import WHOLE_COMMIT, Cursor
from laneway.runtime.event_reader import EventStream, Place
from laneway.runtime.event_stream import EventStreams
from laneway.runtime.shared_log import SharedLog
from laneway.runtime.shares import Grant

routes = Routes("Events")

_OFFSET = re.compile("[0-9]{1,18}")
_POSITION = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?")


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stream begins (without `after`: now), and whether it goes on after the newest event."""

    after: Annotated[str, Meta(description="A cursor: the `id` of an event; 0 is the beginning.")] | None = None
    follow: Flag = True


@routes.add(
    "GET", "/threads/{thread_id}/events", "read", owns=(THREAD,), query=StreamQuery, shows=str,
    shows_media_type=MEDIA_TYPE, refuses=(410,), grants="view",
)  # fmt: skip
async def stream_thread(call: Call) -> Response:
    """The events of a thread. Closing the stream cancels nothing."""
    thread = call.own(THREAD)
    snapshot_url = f"{BASE}/threads/{thread.id}/messages"
    if call.grant is not None:
        place = shared_place(call, thread, call.grant, snapshot_url)
    else:
        place = Place(call.app.streams.session_log(thread.session_id, thread.owner), snapshot_url, thread.id)
    return stream_of(call, call.who, place, await offset_asked(call, thread.session_id))


def shared_place(call: Call, thread: Thread, grant: Grant, snapshot_url: str) -> Place:
    """The events of a thread as a share shows them."""
    return Place(SharedLog(call.app.store, thread.session_id, grant), snapshot_url, thread.id, grant)


@routes.add(
    "GET", "/sessions/{session_id}/events", "read", owns=(SESSION,), query=StreamQuery, shows=str,
    shows_media_type=MEDIA_TYPE, refuses=(410,),
)  # fmt: skip
async def stream_session(call: Call) -> Response:
    """The events of a session and all its threads."""
    session = call.own(SESSION)
    log = call.app.streams.session_log(session.id, session.owner)
    place = Place(log, f"{BASE}/threads?session_id={session.id}")
    return stream_of(call, call.who, place, await offset_asked(call, session.id))


@routes.add("GET", "/events", "read", query=StreamQuery, shows=str, shows_media_type=MEDIA_TYPE, refuses=(410,))
async def stream_user(call: Call) -> Response:
    """The events of all that the caller has; an `id` is the commit's position and the event's place in it."""
    place = Place(call.app.streams.user_log(call.user_id), f"{BASE}/threads")
    return stream_of(call, call.who, place, await _position(call))


def stream_of(call: Call, who: VerifiedPrincipal | Grant, place: Place, after: Cursor) -> Response:
    """The answer that is a stream, for whoever may read it."""
    follow = call.query(StreamQuery).follow
    # Only what the stream needs goes along: thousands of idle ones must not each keep a request.
    return EventStreamResponse(call.app.streams, _opening(call.app.streams, who, place, after, follow))


@asynccontextmanager
async def _opening(
    streams: EventStreams, who: VerifiedPrincipal | Grant, place: Place, after: Cursor, follow: bool
) -> AsyncGenerator[EventStream]:
    try:
        opening = streams.open(who, place, after, follow)
        stream = await opening.__aenter__()
    except CursorExpired as expired:
        told = {**expired.extra, "snapshot_url": place.snapshot_url}
        raise CursorExpired(expired.detail, expired.hint, **told) from expired
    try:
        yield stream
    finally:
        await opening.__aexit__(None, None, None)


async def offset_asked(call: Call, session_id: str) -> Cursor:
    """Where in the session's log the stream begins."""
    text = _asked(call)
    if text is None:
        return (await call.read(log=session_log(session_id))).offset, 0
    if not _OFFSET.fullmatch(text):
        raise BadCursor("A cursor of this stream is a whole number.", "Take the `id` of an event.")
    return int(text), 0


async def _position(call: Call) -> Cursor:
    text = _asked(call)
    if text is None:
        return (await call.read()).position, WHOLE_COMMIT
    match = _POSITION.fullmatch(text)
    if match is None:
        raise BadCursor("A cursor of this stream is <position>.<k>.", "Take the `id` of an event.")
    position = int(match[1])
    return position, (WHOLE_COMMIT if position else 0) if match[2] is None else int(match[2])


def _asked(call: Call) -> str | None:
    """The cursor that was asked for. A browser that reconnects repeats the address, so the header counts more."""
    told = call.headers.all("last-event-id")
    if len(told) > 1:
        raise BadCursor("The request has more than one Last-Event-ID.")
    return told[0] if told and told[0] else call.query(StreamQuery).after
