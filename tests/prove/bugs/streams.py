"""Bugs of streams: too wide, trusting hints, framed by what Python takes for lines, never given back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import laneway.runtime.event_log
from laneway import wire
from laneway.runtime import event_stream, event_tail
from tests.prove.bugs.inner import inner


def tell_the_whole_session() -> None:
    """A live stream is filtered by its session, not by its thread."""
    hand_out = inner(event_tail.Tail, "_hand_out")

    def to_everybody(self: event_tail.Tail, frame: laneway.runtime.event_log.Frame) -> None:
        hand_out(self, frame)
        for follower in self.followers:
            if follower.thread_id not in (None, frame.thread_id):
                follower.offer(frame)

    setattr(event_tail.Tail, "_hand_out", to_everybody)  # noqa: B010 - a private name


def trust_the_hints() -> None:
    """Nobody looks for what a lost ring would have told."""

    async def poll(self: event_tail.Tails) -> None:
        return

    event_tail.Tails.poll = poll


def frame_by_splitlines() -> None:
    """Text goes out as it is, cut into lines where Python sees lines."""

    def encode_frame(id: str, event: str, data: bytes) -> bytes:
        lines = "".join(f"data: {line}\n" for line in data.decode().splitlines())
        return f"id: {id}\nevent: {event}\n{lines}\n".encode()

    laneway.runtime.event_log.encode_frame = encode_frame
    wire.escape_to_ascii = lambda body: body


def keep_every_place() -> None:
    """A stream that has ended still counts."""
    opened = event_stream.EventStreams.open

    @asynccontextmanager
    async def kept(self: event_stream.EventStreams, who: Any, *more: Any, **named: Any) -> AsyncGenerator[Any]:
        users = vars(self)["_users"]
        async with opened(self, who, *more, **named) as stream:
            users[who.principal.user_id] += 1
            yield stream

    event_stream.EventStreams.open = kept
