"""The HTTP server: Laneway's routes behind its gate. Starting and stopping what they use is `App`'s affair."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.routing import Route as Path
from starlette.types import Receive, Scope, Send

from laneway.api.auth import Gate
from laneway.api.openapi import document
from laneway.api.page import BuiltPage
from laneway.api.problems import MethodNotAllowed, problem
from laneway.api.rates import Failures
from laneway.api.route import Route, Routes, check_policies, paths
from laneway.api.routes import ALL
from laneway.api.routes.operating import probes
from laneway.api.sse import ABORT, abort_of
from laneway.app import App
from laneway.domain.errors import LanewayError, Malformed, NotFound
from laneway.runtime.metrics import Metrics

DESCRIPTION = """Many agent conversations at once, each in its own lane.

Errors are problem documents (RFC 9457) with a stable `code`. Lists are arrays; `X-Next-Cursor`, `Link` and
`X-Total-Count` say where they go on and how long they are. Writes take an `Idempotency-Key`. Unknown fields and
parameters are refused, never ignored."""


def create_api(app: App) -> "Api":
    """Build the server for an app, which its owner starts and stops."""
    return Api(app, ALL)


def create_probes(app: App) -> "Api":
    """Build what a worker answers: health and metrics, behind the same gate."""
    return Api(app, (probes,))


class Api(Starlette):
    """The routes, and those of the caller's own, with the gate in front of all of them."""

    def __init__(
        self, app: App, nouns: Sequence[Routes], more: Sequence[BaseRoute] = (), page: BuiltPage | None = None
    ) -> None:
        super().__init__(
            routes=[*paths(app, nouns), *more],
            exception_handlers={HTTPException: self._refuse, LanewayError: _refuse_late},
        )
        self.router.redirect_slashes = False
        check_policies(self.routes)
        self._nouns = nouns
        self._declared: list[Route] = [route for noun in nouns for route in noun.all]
        open_paths = [(route.method, route.path) for route in self._declared if route.policy == "open"]
        self.state.page = page or BuiltPage()
        self.state.metrics = Metrics(app.store, app.clock, app.streams, app.data_dir)
        self.state.failures = Failures(app.clock, app.settings.limits.auth_failures_per_min)
        self._gate = Gate(super().__call__, app, self.state.failures, open_paths)
        self.state.requests = self._gate.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Taken here, where `send` is still the server's own.
        scope[ABORT] = abort_of(send)
        await self._gate(scope, receive, send)

    @cached_property
    def openapi(self) -> Mapping[str, Any]:
        """What the routes declare, as an OpenAPI document."""
        return document("Laneway", DESCRIPTION, self._nouns)

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
        fewest = min((route.path.count("{") for route in fitting if isinstance(route, Path)), default=0)
        return sorted(
            method
            for route in fitting
            if isinstance(route, Path) and route.path.count("{") == fewest
            for method in route.methods or ()
        )


async def _refuse_late(_: Request, error: Exception) -> Response:
    """A stream that could not be opened: nothing of it has been sent."""
    assert isinstance(error, LanewayError)
    return problem(error)
