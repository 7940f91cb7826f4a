"""The HTTP server: Laneway's routes behind its gate. Starting and stopping what they use is `App`'s affair."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from laneway.api.auth import Gate
from laneway.api.openapi import complete
from laneway.api.problems import MethodNotAllowed, problem
from laneway.api.rates import Failures
from laneway.api.route import Route, Routes, check_policies, mount
from laneway.api.routes import ALL
from laneway.api.sse import ABORT, abort_of
from laneway.app import App
from laneway.domain.errors import LanewayError, Malformed, NotFound
from laneway.runtime.metrics import Metrics

DESCRIPTION = """Many agent conversations at once, each in its own lane.

Errors are problem documents (RFC 9457) with a stable `code`. Lists are arrays; `X-Next-Cursor`, `Link` and
`X-Total-Count` say where they go on and how long they are. Writes take an `Idempotency-Key`. Unknown fields and
parameters are refused, never ignored."""


def create_api(app: App) -> FastAPI:
    """Build the server for an app, which its owner starts and stops."""
    return Api(app, ALL)


class Api(FastAPI):
    """FastAPI with the gate in front, and with documents made of the shapes that encode and decode."""

    def __init__(self, app: App, nouns: Sequence[Routes]) -> None:
        # Its own pages and parsers stay off: every path here has a policy.
        super().__init__(
            title="Laneway", version="1", description=DESCRIPTION, openapi_url=None, docs_url=None, redoc_url=None,
            redirect_slashes=False,
        )  # fmt: skip
        for noun in nouns:
            mount(self, app, noun)
        check_policies(self)
        self._declared: list[Route] = [route for noun in nouns for route in noun.all]
        self.add_exception_handler(HTTPException, self._refuse)
        self.add_exception_handler(LanewayError, _refuse_late)
        open_paths = [(route.method, route.path) for route in self._declared if route.policy == "open"]
        self.state.metrics = Metrics(app.store, app.clock, app.streams)
        self.state.failures = Failures(app.clock, app.settings.limits.auth_failures_per_min)
        self._gate = Gate(super().__call__, app, self.state.failures, self.state.metrics, open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Taken here, where `send` is still the server's own.
        scope[ABORT] = abort_of(send)
        await self._gate(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi(), self._declared)
        return self.openapi_schema

    async def _refuse(self, request: Request, error: Exception) -> Response:
        """What the router itself refuses."""
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            allowed = ", ".join(self._methods_of(request.scope))
            return problem(MethodNotAllowed(f"This takes {allowed} only."), {"Allow": allowed})
        if error.status_code == 404:
            return problem(NotFound())
        return problem(Malformed(str(error.detail)))

    def _methods_of(self, scope: Scope) -> list[str]:
        """What the path takes: of paths that both fit, the one with fewer parameters is meant."""
        fitting = [route for route in self.routes if route.matches(scope)[0] is not Match.NONE]
        fewest = min((route.path.count("{") for route in fitting if isinstance(route, APIRoute)), default=0)
        return sorted(
            method
            for route in fitting
            if isinstance(route, APIRoute) and route.path.count("{") == fewest
            for method in route.methods or ()
        )


async def _refuse_late(_: Request, error: Exception) -> Response:
    """A stream that could not be opened: nothing of it has been sent."""
    assert isinstance(error, LanewayError)
    return problem(error)
