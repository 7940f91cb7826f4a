"""Describe: prints what the page talks to, for its types: the API's OpenAPI document, and a schema for each event."""

import json
import sys
from typing import Any

import msgspec

from laneway.api import create_api
from laneway.app import App
from laneway.config import load
from laneway.domain import event
from laneway.domain.event import EventData

REFERENCE = "#/components/schemas/{name}"


def main() -> None:
    document = create_api(App(load(environ={}, flags={"database": ":memory:"}))).openapi
    schemas = document["components"]["schemas"]
    types = event_types()
    shapes, found = msgspec.json.schema_components(types, schema_hook=any_json, ref_template=REFERENCE)
    for name, schema in found.items():
        schemas.setdefault(name, schema)
    schemas["EventByType"] = {
        "type": "object",
        "properties": {each.type: shape for each, shape in zip(types, shapes, strict=True)},
        "required": [each.type for each in types],
    }
    json.dump(document, sys.stdout)


def event_types() -> list[type[EventData]]:
    found = [value for value in vars(event).values() if isinstance(value, type) and issubclass(value, EventData)]
    return sorted((each for each in found if hasattr(each, "type")), key=lambda each: each.type)


def any_json(kind: type) -> dict[str, Any]:
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError(kind)


if __name__ == "__main__":
    main()
