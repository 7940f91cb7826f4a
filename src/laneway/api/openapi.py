"""OpenAPI: what the routes declare, as a document whose schemas are those that encode and decode the bodies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from laneway.api.query import parameters_of

if TYPE_CHECKING:
    from laneway.api.route import Route, Routes

REFERENCE = "#/components/schemas/{name}"
_COMMON = (400, 401, 403, 421, 422, 429, 503)
_MEANING: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "No valid credential.",
    403: "The credential, or the page that asks, may not do this.",
    404: "There is nothing here under that name.",
    409: "The present state does not allow it.",
    410: "It was there and has been pruned.",
    412: "The version that was named is not the newest.",
    413: "Over a size limit.",
    415: "The body's media type is not taken.",
    421: "The Host is not one of this server's names.",
    422: "Readable, but not acceptable.",
    429: "Over a rate or a bound; try again after `Retry-After` seconds.",
    503: "The store or a part is away; try again after `Retry-After` seconds.",
}


class Problem(msgspec.Struct):
    """Why a request was refused (RFC 9457). `code` is stable; some codes bring further members."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str


def document(title: str, description: str, nouns: "Sequence[Routes]") -> dict[str, Any]:
    """Everything that the routes declare: their parameters, bodies, answers, and who may ask."""
    operations: dict[str, dict[str, Any]] = {}
    for noun in nouns:
        for route in noun.all:
            operations.setdefault(_path(route), {})[route.method.lower()] = {"tags": [noun.tag], **_operation(route)}
    shapes = [shape for noun in nouns for route in noun.all for shape in (route.body, route.shows) if shape is not None]
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "description": description, "version": "1"},
        "paths": operations,
        "components": {
            "schemas": _components(tuple(_distinct([*shapes, Problem]))),
            # Not the page's cookie: programs use a key, and a generated client that sent both would be refused.
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _operation(route: "Route") -> dict[str, Any]:
    parameters = [*_path_parameters(route), *_header_parameters(route)]
    if route.query is not None:
        parameters += _query_parameters(route.query)
    text = (route.handle.__doc__ or "").strip()
    made: dict[str, Any] = {
        "summary": text.split("\n", 1)[0].rstrip("."), "description": text, "operationId": route.handle.__name__,
        "parameters": parameters, "responses": _responses(route),
    }  # fmt: skip
    if route.body is not None:
        content = {route.body_media_type: {"schema": _reference(route.body)}}
        made["requestBody"] = {"required": not route.is_body_optional, "content": content}
    if route.policy == "open":
        made["security"] = []
    return made


def _distinct(shapes: Sequence[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for shape in shapes:
        # By equality: list[X] is made anew each time it is written.
        if shape not in seen:
            seen.append(shape)
            yield shape


def _components(shapes: tuple[Any, ...]) -> dict[str, Any]:
    return msgspec.json.schema_components(shapes, schema_hook=_any, ref_template=REFERENCE)[1]


def _any(kind: type) -> dict[str, Any]:
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError(kind)


def _reference(shape: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([shape], schema_hook=_any, ref_template=REFERENCE)
    return schema


def _responses(route: "Route") -> dict[str, dict[str, Any]]:
    shown: dict[str, Any] = {"description": "Done."}
    if route.shows is not None:
        shown["content"] = {route.shows_media_type: {"schema": _reference(route.shows)}}
    problem = {"application/problem+json": {"schema": _reference(Problem)}}
    statuses = {*_COMMON, *route.refuses, *_of_path(route), *_of_body(route), *_of_write(route)}
    refused = {str(status): {"description": _MEANING[status], "content": problem} for status in sorted(statuses)}
    return {str(route.status): shown, **refused}


def _of_path(route: "Route") -> tuple[int, ...]:
    return (404,) if "{" in route.path else ()


def _of_body(route: "Route") -> tuple[int, ...]:
    return (413, 415) if route.body is not None else ()


def _of_write(route: "Route") -> tuple[int, ...]:
    conditional = (412,) if route.is_conditional else ()
    return (409, *conditional) if route.policy == "write" else conditional


def _path(route: "Route") -> str:
    """The path without what only our own router understands."""
    return route.path.replace(":path}", "}")


def _path_parameters(route: "Route") -> list[dict[str, Any]]:
    names = [part[1:-1] for part in _path(route).split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _header_parameters(route: "Route") -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if route.is_repeatable:
        key = {"type": "string", "pattern": "^[!-~]{1,255}$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    if route.is_conditional:
        tag = {"type": "string", "pattern": '^"[0-9]{1,15}"$'}
        parameters.append({"name": "If-Match", "in": "header", "required": False, "schema": tag})
    return parameters


def _query_parameters(shape: type) -> list[dict[str, Any]]:
    schema_of_all = _components((shape,))[shape.__name__]
    properties, required = schema_of_all["properties"], schema_of_all["required"]
    made: list[dict[str, Any]] = []
    for each in parameters_of(shape):
        schema = {name: value for name, value in properties[each.name].items() if name != "default"}
        if each.is_family:
            made.append({"name": f"{each.name}.KEY", "in": "query", "schema": {"type": "string"}})
        else:
            needed = each.name in required
            made.append({"name": each.name, "in": "query", "required": needed, "schema": _without_null(schema)})
    return made


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is missing is not `null`: in an address there is none."""
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        return choices[0]
    if None in schema.get("enum", ()):
        return {**schema, "enum": [each for each in schema["enum"] if each is not None]}
    return schema
