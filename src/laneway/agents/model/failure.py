"""Failure: what went wrong with a provider, as a class that programs can tell apart and a text for people."""

from collections.abc import Iterable, Mapping
from typing import cast

from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelUnavailableError,
    UserError,
)

from laneway.agent import AgentFailed

DETAIL_LENGTH = 300
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

UNREACHABLE = "provider_unreachable"
GARBLED = "provider_garbled"
REFUSED = "provider_refused"


def failure(error: Exception, model: str, secrets: Iterable[str]) -> AgentFailed:
    """The failure of a run that stands for an exception of the provider's client."""
    class_ = _class_of(error)
    detail = _detail(error)
    for secret in secrets:
        detail = detail.replace(secret, "…")
    text = f"{model}: {_SUMMARY[class_]}" + _retry_hint(error) + (f" {detail}" if detail else "")
    return AgentFailed(text, class_)


_SUMMARY = {
    "rate_limited": "the provider takes no more requests for now.",
    "provider_error": "the provider failed.",
    UNREACHABLE: "the connection to the provider failed.",
    REFUSED: "the provider refused the request.",
    GARBLED: "the provider's answer made no sense.",
}


def _class_of(error: Exception) -> str:
    match error:
        case ModelRateLimitError() | ModelHTTPError(status_code=429):
            return "rate_limited"
        case ModelConnectionError() | ModelRequestTimeout():
            return UNREACHABLE
        case ModelServerError() | ModelUnavailableError():
            return "provider_error"
        case ModelRequestRejectedError() | UserError():
            return REFUSED
        case ModelHTTPError():
            return "provider_error" if error.status_code >= _SERVER_ERROR else REFUSED
        case _:
            return GARBLED


def _detail(error: Exception) -> str:
    """What the provider says about it, in one line. Its body goes no further: it may hold anything."""
    said = _message_in(error.body) if isinstance(error, ModelAPIError) else None
    if said is None and isinstance(error, AgentRunError) and not isinstance(error, ModelHTTPError):
        said = error.message
    line = " ".join((said or "").split())
    return line if len(line) <= DETAIL_LENGTH else line[: DETAIL_LENGTH - 1] + "…"


def _message_in(body: object) -> str | None:
    if isinstance(body, Mapping):
        fields = cast("Mapping[str, object]", body)  # decoded JSON: its keys are text
        inner = fields.get("message", fields.get("error"))
        return inner if isinstance(inner, str) else _message_in(inner)
    return None


def _retry_hint(error: Exception) -> str:
    wait = error.retry_after if isinstance(error, ModelAPIError) else None
    return f" It asks to wait {wait:g} s." if wait else ""
