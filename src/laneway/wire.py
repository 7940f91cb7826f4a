"""Wire: how records and events become bytes. The only place where a value of any type is encoded or decoded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, TypeVar

import msgspec

from laneway.domain.event import Delta, Event, ItemDelta

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_LEARNING = Lock()
SCHEMA = 1
"""The schema number that events carry. Stored events are never rewritten: readers upcast."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row of the log, as every reader gets it: live, replayed, on any node, the same bytes."""

    log: str
    offset: int
    seq: int | None
    position: int
    """The order of commits across logs."""
    ordinal: int
    """The event's place in its commit, from 1."""
    type: str
    owner: str
    session_id: str | None
    thread_id: str | None
    body: bytes
    """The event without its numbers: what `frame` completes."""


def encode(value: object) -> bytes:
    """Encode any record, resource or JSON value as UTF-8 JSON."""
    return _ENCODER.encode(value)


def decode(body: bytes | str, type_: type[T]) -> T:
    """Decode JSON into a record's type; raises msgspec.ValidationError when it does not fit."""
    return _decoder(type_).decode(body)


def convert(
    value: object,
    type_: type[T],
    *,
    strict: bool = True,
    from_attributes: bool = False,
    dec_hook: Callable[[type, Any], Any] | None = None,
) -> T:
    """Fit a value to a type; raises msgspec.ValidationError when it does not fit. The rest is as msgspec's own."""
    _decoder(type_)
    return msgspec.convert(value, type_, strict=strict, from_attributes=from_attributes, dec_hook=dec_hook)


@cache
def _decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    # msgspec keeps on each class what it has learned of its fields, from before it has learned it all. A second thread
    # that met the class in that moment would end the process by a segmentation fault: so one thread learns at a time.
    with _LEARNING:
        return msgspec.json.Decoder(type_)


def encode_event(event: Event) -> bytes:
    """Encode an event once, without its numbers, from the comma-less first member to the closing brace."""
    envelope: dict[str, object] = {
        "type": event.data.type,
        "session_id": event.session_id,
        "thread_id": event.thread_id,
        "turn_id": event.turn_id,
        "agent": event.agent,
        "at": event.at,
        "schema": SCHEMA,
        "data": event.data,
    }
    if event.thread is not None:
        envelope["thread"] = event.thread
    return _ENCODER.encode(envelope)[1:]


def encode_delta(delta: Delta) -> bytes:
    """Encode a delta as the event it is."""
    return _ENCODER.encode(
        {
            "type": ItemDelta.type,
            "session_id": delta.session_id,
            "thread_id": delta.thread_id,
            "turn_id": delta.turn_id,
            "agent": delta.agent,
            "at": delta.at,
            "schema": SCHEMA,
            "data": delta.data,
        }
    )[1:]


def text_of_delta(body: bytes) -> str:
    """The text in an encoded delta."""
    return decode(b"{" + body, _Delta).data.text


@dataclass(frozen=True, slots=True)
class _DeltaText:
    text: str


@dataclass(frozen=True, slots=True)
class _Delta:
    """The one part of an encoded delta that a fold reads."""

    data: _DeltaText


def frame(event: StoredEvent) -> bytes:
    """The event's JSON object: its numbers in front of the stored bytes, escaped to ASCII."""
    numbers = f'{{"offset":{event.offset},' if event.seq is None else f'{{"offset":{event.offset},"seq":{event.seq},'
    return numbers.encode() + escape_to_ascii(event.body)


def escape_to_ascii(body: bytes) -> bytes:
    """Escape what is not ASCII in encoded JSON, so that no line separator of Unicode breaks a stream's framing."""
    if body.isascii():
        return body
    return _NOT_ASCII.sub(_escape, body.decode()).encode()


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
