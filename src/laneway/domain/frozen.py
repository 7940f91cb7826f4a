"""Frozen: changed copies of frozen dataclasses, at a third of the price of `dataclasses.replace`.

A turn makes some fifty of them. The general function looks each field up and runs the constructor, which writes frozen
fields the slow way; here the slots of a record are copied as they are.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")
Get = Callable[[object], tuple[object, ...]]
Set = Callable[[object, object], None]


def replace(record: T, /, **changes: object) -> T:
    """A copy of a frozen dataclass in which some fields differ."""
    kind = type(record)
    slots = _slots(kind)
    if slots is None:
        copied: Any = record
        return dataclasses.replace(copied, **changes)
    get_all, setters = slots
    made = object.__new__(kind)
    for set_value, value in zip(setters.values(), get_all(record), strict=False):
        set_value(made, value)
    for name, value in changes.items():
        setters[name](made, value)
    return made


@cache
def _slots(kind: type[Any]) -> tuple[Get, Mapping[str, Set]] | None:
    """How to read all fields of a class at once, and how to write each; None when it takes its constructor to do so."""
    names = [each.name for each in dataclasses.fields(kind)]
    if kind.__dictoffset__ or hasattr(kind, "__post_init__"):
        return None
    # The class stands at the end because the getter of a single attribute would return no tuple.
    return attrgetter(*names, "__class__"), {name: getattr(kind, name).__set__ for name in names}
