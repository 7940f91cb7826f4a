"""Problems: every refusal as application/problem+json, by the family of its error."""

import re
import secrets
from collections.abc import Mapping

import structlog
from starlette.responses import Response

from laneway import wire
from laneway.domain import errors
from laneway.domain.errors import LanewayError
from laneway.runtime.counters import REFUSALS

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[LanewayError], int] = {
    errors.Malformed: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.HostRefused: 421,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


_BOUND = re.compile(r"\(([a-z_]{1,40})\)")
"""How a detail names the bound that was reached: by its setting, in brackets."""


class MethodNotAllowed(LanewayError):
    """The path exists, but not for this method."""

    code = "method_not_allowed"
    title = "Method not allowed"


def status_of(error: LanewayError) -> int:
    """The status of an error: that of the nearest family in the tree."""
    for kind in type(error).__mro__:
        if kind is MethodNotAllowed:
            return 405
        if kind in _STATUS:
            return _STATUS[kind]
    return 500


def problem(error: LanewayError, headers: Mapping[str, str] | None = None) -> Response:
    """Show an expected failure. One that is our own fault is logged, and says no more than its id."""
    status = status_of(error)
    if status == 500:
        fault_id = new_fault_id()
        log.error("request failed", fault_id=fault_id, exc_info=error)
        return fault(fault_id)
    bound = _BOUND.search(error.detail) if status in (413, 429, 503) else None
    REFUSALS.labels(error.code, bound[1] if bound else "").inc()
    document: dict[str, object] = {
        "type": f"urn:laneway:problem:{error.code}",
        "title": error.title,
        "status": status,
        "code": error.code,
        "detail": error.detail,
        "hint": error.hint,
    }
    document |= {name: value for name, value in error.extra.items() if value is not None}
    return Response(wire.encode(document), status, {**_headers(status, error), **(headers or {})}, MEDIA_TYPE)


def new_fault_id() -> str:
    """An id under which the log has what the client is not told."""
    return f"err_{secrets.token_hex(16)}"


def fault(fault_id: str) -> Response:
    """Show a fault of our own by its id."""
    document = {
        "type": "urn:laneway:problem:internal",
        "title": errors.Internal.title,
        "status": 500,
        "code": errors.Internal.code,
        "detail": "The server made a mistake. No more of it can be said here than its id.",
        "hint": "Tell whoever runs the server: its log has the rest under the id.",
        "fault_id": fault_id,
    }
    return Response(wire.encode(document), 500, media_type=MEDIA_TYPE)


def _headers(status: int, error: LanewayError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        headers["Retry-After"] = str(error.extra.get("retry_after_s") or 1)
    return headers
