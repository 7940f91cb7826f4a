"""Inner: private parts of modules and classes. A bug goes where no door leads."""

from types import ModuleType
from typing import Any


def inner(owner: ModuleType | type, name: str) -> Any:
    """A private part of a module or class."""
    return vars(owner)[name]
