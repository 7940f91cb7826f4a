"""Problems: turn a refused request back into the error that the server raised, by its stable code."""

from collections.abc import Iterator, Mapping
from typing import cast

import httpx
import msgspec

from laneway import wire
from laneway.domain import errors
from laneway.domain.errors import LanewayError

_FAMILIES: Mapping[int, type[LanewayError]] = {
    400: errors.Malformed,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.Gone,
    412: errors.Stale,
    413: errors.TooLarge,
    415: errors.Unsupported,
    421: errors.HostRefused,
    422: errors.Invalid,
    429: errors.TooMany,
    # Of Laneway it is 503 alone; the other two are a proxy's, whose server did not answer.
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}
_DOCUMENT = frozenset({"type", "title", "status", "code", "detail", "hint"})


def error_from(response: httpx.Response) -> LanewayError:
    """The error of a problem document that has been read; any other body gives the family of its status."""
    document = _document(response)
    family = _FAMILIES.get(response.status_code, errors.Internal)
    kind = _CODES.get(str(document.get("code")), family)
    detail = str(document.get("detail") or document.get("title") or f"The server answered {response.status_code}.")
    extra = {name: value for name, value in document.items() if name not in _DOCUMENT}
    if (wait := response.headers.get("retry-after", "")).isdecimal():
        extra.setdefault("retry_after_s", int(wait))
    # Past the subclass's own __init__, whose parameters differ: the document has all that there is to say.
    error = kind.__new__(kind)
    LanewayError.__init__(error, detail, str(document.get("hint") or ""), **cast("dict[str, str]", extra))
    return error


def _document(response: httpx.Response) -> dict[str, object]:
    try:
        return wire.decode(response.content, dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _tree(root: type[LanewayError]) -> Iterator[type[LanewayError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


_CODES = {kind.code: kind for kind in _tree(LanewayError)}
