"""Strict JSON: one set of rules for every body, the same for every store, applied before anything is decided."""

import json
import re
from typing import NoReturn, TypeVar, cast

import msgspec

from laneway import wire
from laneway.domain.errors import Invalid, LanewayError, Malformed, UnknownField
from laneway.domain.json import Json

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS = 10_000
MAX_INTEGER = 2**53

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_UNFIT = re.compile("[\0\ud800-\udfff]")
_DIGITS = len(str(MAX_INTEGER)) + 1
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`( - at `\$(?:\.(.*))?`)?", re.DOTALL)


def parse(body: bytes) -> Json:
    """Read a body; raises `Malformed` for whatever another parser, or a database, might read in another way."""
    if body.startswith(_BOM):
        raise Malformed("The body begins with a byte order mark.", "Send plain UTF-8.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start}.") from error
    value = _Reader().read(text)
    # Counting brackets is enough for nearly every body; only then is it worth a walk.
    if text.count("{") + text.count("[") > MAX_DEPTH or "\\u" in text:
        _check(value)
    return value


def check_text(text: str) -> str:
    """The text, unless it has a NUL or half a surrogate pair: `Malformed`."""
    if _UNFIT.search(text):
        raise Malformed("A text has a NUL character or half of a surrogate pair.", "Leave it out.")
    return text


def fit(value: Json, shape: type[T]) -> T:
    """Fit a parsed body to its shape; raises `UnknownField` or `Invalid` with the place."""
    try:
        return wire.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _unfit(str(error)) from error


def _unfit(reason: str) -> LanewayError:
    unknown = _UNKNOWN.fullmatch(reason)
    if unknown is None:
        return Invalid(f"The body does not fit: {reason}.")
    place = f" in {unknown[3]}" if unknown[3] else ""
    return UnknownField(f"There is no field {unknown[1]!r}{place} here.", "Check the spelling: nothing is ignored.")


class _Reader:
    """Reads one text, counting its keys on the way."""

    def __init__(self) -> None:
        self._keys = 0

    def read(self, text: str) -> Json:
        decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
        try:
            # JSON has any value at its top; what follows is checked against its shape.
            return cast(Json, decoder.decode(text))
        except RecursionError as error:
            raise _too_deep() from error
        except json.JSONDecodeError as error:
            raise Malformed(f"The body is not JSON: {error.msg} at character {error.pos}.") from error

    def _object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        self._keys += len(pairs)
        if self._keys > MAX_KEYS:
            raise Malformed(f"A body may have {MAX_KEYS} keys.")
        made = dict(pairs)
        if len(made) != len(pairs):
            raise Malformed("An object has the same key twice.")
        return made


def _integer(digits: str) -> int:
    # The length first: turning thousands of digits into a number is what takes long.
    if len(digits) > _DIGITS or abs(int(digits)) > MAX_INTEGER:
        raise Malformed(f"An integer lies outside of ±2^53: {digits[:20]}.", "Send it as a text.")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise Malformed(f"A number is too large: {digits[:20]}.")
    return value


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


def _too_deep() -> Malformed:
    return Malformed(f"A body may be nested {MAX_DEPTH} levels deep.")


def _check(value: Json) -> None:
    """Check depth and texts, level by level: recursion would end where the abuse begins."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    for each in level:
        if isinstance(each, dict | list):
            raise _too_deep()
        _inside(each)


def _inside(value: Json) -> list[Json]:
    """What a value contains, its texts checked."""
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        members = cast("dict[str, Json]", value)
        for key in members:
            check_text(key)
        return list(members.values())
    elif isinstance(value, list):
        return cast("list[Json]", value)
    return []
