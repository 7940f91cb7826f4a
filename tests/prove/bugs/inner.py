"""Inner: parts of modules and classes, taken and put in where no door leads."""

from types import ModuleType
from typing import Any


def inner(owner: ModuleType | type, name: str) -> Any:
    """A private part of a module or class."""
    return vars(owner)[name]


def put(owner: ModuleType | type, name: str, part: object) -> None:
    """Put a part in the place of a real one. A name that is not there would put it where nobody looks."""
    if name not in vars(owner):
        raise AttributeError(f"{owner.__name__} has no {name}: the real part has moved")
    setattr(owner, name, part)
