"""Reading: JSON, texts and times from outside, of which nothing is taken for granted."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar, cast

import msgspec

from laneway import wire
from laneway.domain.instant import Instant, format_instant
from laneway.domain.item import Part
from laneway.domain.json import Json, JsonObject, as_object
from laneway.importer import Unreadable

T = TypeVar("T")

MAX_DEPTH = 32
TEXT_LENGTH = 1024 * 1024 + 1024
CUT = "\n[cut off by the import]"
_EARLIEST, _LATEST = 0.0, 253_402_300_799.0  # 1970 to 9999: the years that sort as text
_HALF_PAIR = re.compile(
    rb"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_REPLACED = rb"\ufffd"


def parse(body: bytes | msgspec.Raw) -> Json:
    """Read JSON; half of a surrogate pair becomes U+FFFD, as NUL does in texts. Raises `Unreadable`."""
    return _decoded(bytes(body), object)


def elements(body: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON array, not yet read: one that is odd inside hinders no other. Raises `Unreadable`."""
    return _decoded(body, list[msgspec.Raw])


def _decoded(body: bytes, type_: type[T]) -> T:
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        try:
            return wire.decode(body, type_)
        except msgspec.DecodeError:
            mended = _HALF_PAIR.sub(lambda match: match[1] or _REPLACED, body)
            if mended == body:
                raise
            return wire.decode(mended, type_)
    except RecursionError as error:
        raise Unreadable("its JSON is nested too deep") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8: byte {error.start}") from error
    except msgspec.DecodeError as error:
        raise Unreadable(f"it is not JSON as it should be: {error}") from error


def an_object(value: Json) -> JsonObject:
    """The value when it is a JSON object; an empty one otherwise."""
    return as_object(value) or {}


def an_array(value: Json) -> Sequence[Json]:
    """The value when it is a JSON array; an empty one otherwise."""
    return cast("list[Json]", value) if isinstance(value, list) else []


def a_text(value: Json) -> str:
    """The value when it is a text, fit to be stored; an empty one otherwise."""
    return clean(value) if isinstance(value, str) else ""


def a_name(value: Json) -> str:
    """A text or a number that names something: one line, not too long."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else a_text(value)
    return " ".join(text.split())[:200]


def clean(text: str) -> str:
    """A text as it may be stored and read by a person: no NUL, no half of a surrogate pair, not endless."""
    if len(text) > TEXT_LENGTH:
        text = text[: TEXT_LENGTH - len(CUT)] + CUT
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def an_instant(value: Json) -> Instant | None:
    """A time, given in seconds since 1970 or as RFC 3339; None when it is neither, or of no year from 1970 to 9999."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_instant(datetime.fromtimestamp(value, UTC)) if _EARLIEST <= value < _LATEST else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return format_instant(moment) if _EARLIEST <= moment.timestamp() < _LATEST else None
    except (ValueError, OverflowError):
        return None


def text_parts(text: str) -> tuple[Part, ...]:
    """A text as the parts of a message."""
    return (Part("text", text=text),) if text else ()


def bounded_json(value: Json) -> Json:
    """A JSON value as it may be stored: texts clean, no deeper than requests may be. Raises `Unreadable`."""
    return _bounded(value, MAX_DEPTH)


def _bounded(value: Json, depth: int) -> Json:
    if not depth:
        raise Unreadable(f"a value is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        return clean(value)
    if (told := as_object(value)) is not None:
        return {clean(key): _bounded(each, depth - 1) for key, each in told.items()}
    if isinstance(value, list):
        return [_bounded(each, depth - 1) for each in cast("list[Json]", value)]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value
