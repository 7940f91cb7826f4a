"""SSE: an event stream as an HTTP answer. It ends when the reader goes, falls too far behind, or may no longer read."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from laneway.domain.errors import LanewayError
from laneway.runtime.event_reader import EventStream
from laneway.runtime.event_stream import EventStreams

log = structlog.get_logger(__name__)

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
ABORT = "laneway.abort"
"""The scope's member that cuts the connection, where the server has a way to: a full socket is never flushed."""


class EventStreamResponse(StreamingResponse):
    """Sends what a stream gives, on the task of the request."""

    def __init__(self, streams: EventStreams, opening: AbstractAsyncContextManager[EventStream]) -> None:
        self._streams = streams
        self._opening = opening
        # No charset: the media type's own definition says UTF-8, and some readers compare it whole.
        super().__init__((), headers={**HEADERS, "Content-Type": MEDIA_TYPE})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Opened here, not by the route: whatever becomes of the request, the place it took is given back.
        async with self._opening as stream:
            leaving = asyncio.ensure_future(_close_when_left(stream, receive))
            try:
                if not await self._send_all(stream, send) and (abort := scope.get(ABORT)):
                    abort()
            finally:
                leaving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await leaving

    async def _send_all(self, stream: EventStream, send: Send) -> bool:
        """Send to the end; False when the reader took too little, and the connection must be cut."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            while (chunk := await stream.next()) is not None:
                if not await self._write(stream, send, chunk):
                    return False
        except LanewayError as error:
            # The status has been sent, so all that is left is to end: the reader asks again and is told.
            log.warning("stream broken off", code=error.code, detail=error.detail)
        with contextlib.suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        return True

    async def _write(self, stream: EventStream, send: Send, chunk: bytes) -> bool:
        abort = _Abort()
        self._streams.writing(stream, abort)
        try:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except asyncio.CancelledError:
            if not abort.is_ours():
                raise
            return False
        except OSError:
            stream.close("left")
        finally:
            self._streams.written(stream)
        return True


class _Abort:
    """Ends a write of this task from outside, and knows such an end from any other cancellation."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._is_called = False

    def __call__(self) -> None:
        if self._task is not None and not self._is_called:
            self._is_called = True
            self._task.cancel()

    def is_ours(self) -> bool:
        """Whether the cancellation that has arrived is the one that was asked for here."""
        return self._is_called and self._task is not None and self._task.uncancel() == 0


async def _close_when_left(stream: EventStream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close("left")


def abort_of(send: Send) -> Callable[[], object] | None:
    """What cuts the connection behind a server's `send`. ASGI has no word for it; without one, close must do."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    abort = getattr(transport, "abort", None)
    return abort if callable(abort) else None
