"""Json: the values that records, events and tools may carry."""

from collections.abc import Mapping
from typing import cast

Json = object
"""Any JSON value: None, bool, int, float, str, and sequences and string-keyed mappings of them."""

JsonObject = Mapping[str, object]


def as_object(value: Json) -> JsonObject | None:
    """The value when it is a JSON object, None otherwise."""
    # JSON objects have text keys only; isinstance cannot say so.
    return cast(JsonObject, value) if isinstance(value, Mapping) else None
