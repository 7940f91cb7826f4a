"""Json: the values that records, events and tools may carry."""

from collections.abc import Mapping

Json = object
"""Any JSON value: None, bool, int, float, str, and sequences and string-keyed mappings of them."""

JsonObject = Mapping[str, object]
