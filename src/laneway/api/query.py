"""Query: the parameters of an address, fitted to a shape. Nothing is ignored, guessed or read leniently."""

import re
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from laneway import wire
from laneway.api.strict_json import check_text
from laneway.domain.errors import Invalid, Malformed, UnknownField
from laneway.domain.json import Json
from laneway.runtime.schedule import rfc3339

T = TypeVar("T")

Flag = Annotated[bool, Meta(description="`true` or `false` (`1` or `0`).")]
Moment = Annotated[
    str, Meta(description="An RFC 3339 time with any offset.", extra_json_schema={"format": "date-time"})
]
Reader = Literal["text", "whole", "flag", "moment"]

_WHOLE = re.compile("[0-9]{1,15}")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: how its text is read, and whether it may come several times or stands for a family."""

    name: str
    field: str
    reader: Reader
    is_many: bool = False
    is_family: bool = False


def read_query(text: bytes, shape: type[T] | None) -> T | None:
    """Fit an address's query to a shape; raises `Malformed`, `UnknownField` or `Invalid`."""
    pairs = _pairs_of(text)
    known = {each.name: each for each in parameters_of(shape)} if shape is not None else {}
    values: dict[str, Any] = {}
    for name, value in pairs:
        family, dot, member = name.partition(".")
        parameter = known.get(family if dot else name)
        if parameter is None or parameter.is_family != bool(dot):
            raise UnknownField(f"There is no parameter {name!r} here.", "Check the spelling: nothing is ignored.")
        if parameter.is_family:
            values.setdefault(parameter.name, {})[member] = value
        elif parameter.is_many:
            values.setdefault(parameter.name, []).append(_read(parameter, value))
        elif parameter.name in values:
            raise Invalid(f"The parameter {name} comes more than once.")
        else:
            values[parameter.name] = _read(parameter, value)
    if shape is None:
        return None
    try:
        return wire.convert(values, shape)
    except msgspec.ValidationError as error:
        raise Invalid(f"The parameters do not fit: {error}.") from error


def _pairs_of(text: bytes) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise Malformed("The address's query is not readable, or not UTF-8.") from error
    return [(check_text(name), check_text(value)) for name, value in pairs]


def _read(parameter: Parameter, value: str) -> Json:
    match parameter.reader:
        case "text":
            return value
        case "moment":
            return rfc3339(value)
        case "whole":
            if not _WHOLE.fullmatch(value):
                raise Invalid(f"The parameter {parameter.name} is a whole number in plain digits.")
            return int(value)
        case "flag":
            if value not in _FLAGS:
                raise Invalid(f"The parameter {parameter.name} is true or false.")
            return _FLAGS[value]


@cache
def parameters_of(shape: type) -> tuple[Parameter, ...]:
    """What a shape's fields say about its parameters."""
    hints = get_type_hints(shape, include_extras=True)
    return tuple(_parameter(each.encode_name, each.name, hints[each.name]) for each in msgspec.structs.fields(shape))


def _parameter(name: str, field: str, hint: Any) -> Parameter:
    if get_origin(hint) in (Union, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    if hint is Moment:
        return Parameter(name, field, "moment")
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(plain) is dict:
        return Parameter(name, field, "text", is_family=True)
    if get_origin(plain) is tuple:
        return Parameter(name, field, "text", is_many=True)
    return Parameter(name, field, "flag" if plain is bool else "whole" if plain is int else "text")
