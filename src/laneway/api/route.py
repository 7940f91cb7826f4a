"""Route: what a path, a method and a policy lead to, declared once for the server and for its OpenAPI document."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path
from starlette.types import Receive, Scope, Send

from laneway.api.auth import ROUTE, check_csrf
from laneway.api.call import Call
from laneway.api.problems import fault, new_fault_id, problem
from laneway.api.query import read_query
from laneway.app import App
from laneway.domain.errors import Forbidden, LanewayError, NotFound
from laneway.domain.principal import ADMINISTRATORS
from laneway.domain.record import Kind, Record
from laneway.domain.share import Permission
from laneway.runtime.counters import UNKNOWN_IDS
from laneway.store import Get

log = structlog.get_logger(__name__)

Policy = Literal["open", "read", "write"]
"""`open` needs no credential, `read` a valid one, `write` one whose scope is not `read`."""
Handle = Callable[[Call], Awaitable[Response]]

BASE = "/api/v1"
_ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}")


@dataclass(frozen=True)
class Route:
    """One route. `owns` names the records in its path, outermost first: each is the caller's, or all is a 404."""

    method: str
    path: str
    policy: Policy
    handle: Handle
    owns: tuple[Kind[Record], ...] = ()
    query: type[object] | None = None
    body: type[object] | None = None
    body_media_type: str = "application/json"
    is_body_optional: bool = False
    shows: object = None
    shows_media_type: str = "application/json"
    status: int = 200
    refuses: tuple[int, ...] = ()
    """Statuses beyond those that every route of its kind may answer with."""
    is_conditional: bool = False
    is_for_admins: bool = False
    grants: Permission | None = None
    """What somebody needs who is not the thread's owner, but with whom it is shared; None: it is the owner's alone."""

    @property
    def is_repeatable(self) -> bool:
        """Whether it takes an Idempotency-Key: every write, and what is written by who has nothing but a link."""
        return self.policy == "write" or (self.method == "POST" and "{token}" in self.path)

    async def answer(self, app: App, request: Request) -> Response:
        """Check scope, ownership and parameters, in this order, and let the route answer."""
        try:
            call = Call(app, request)
            await self._admit(call)
            try:
                return await self._handled(call)
            except NotFound:
                if self.method == "DELETE" and await call.first_reply() is not None:
                    return call.nothing()
                raise
        except LanewayError as error:
            return problem(error)
        except Exception:
            # The one boundary of a request: the process and its other requests go on.
            fault_id = new_fault_id()
            log.exception("request failed", fault_id=fault_id, route=self.path)
            return fault(fault_id)

    async def _handled(self, call: Call) -> Response:
        owned = await self._owned(call) if self.owns else {}
        grant, request = call.grant, call.request
        call = Call(call.app, request, read_query(request.scope["query_string"], self.query))
        call.owned, call.grant = owned, grant
        if self.policy == "write":
            call.idempotency()  # refused when malformed, wherever it would not be needed
        return await self.handle(call)

    async def _admit(self, call: Call) -> None:
        """Raise `Forbidden` when the credential does not allow this, and have it on record that it was asked for."""
        try:
            if self.policy == "write" and call.principal.scope == "read":
                raise Forbidden("This key may only read.", "Use a key with the scope `full`.")
            if self.policy == "write":
                check_csrf(call.headers)
            if self.is_for_admins and call.principal.role not in ADMINISTRATORS:
                raise Forbidden("Only an admin may do this.")
        except Forbidden as refusal:
            await call.record_act(f"request.{refusal.code}", f"{self.method} {self.path}")
            raise

    async def _owned(self, call: Call) -> dict[str, Record]:
        """The records that the path names: the caller's, or those of a thread that is shared with the caller."""
        try:
            return await self._found(call)
        except NotFound:
            if self.grants is None or not await call.is_granted(self.grants):
                UNKNOWN_IDS.labels(self.path).inc()
                raise
            return await self._found(call)

    async def _found(self, call: Call) -> dict[str, Record]:
        ids = [call.request.path_params[_parameter(kind)] for kind in self.owns]
        if not all(_ID.fullmatch(each) for each in ids):
            raise NotFound
        found = (await call.read(*(Get(kind, each) for kind, each in zip(self.owns, ids, strict=True)))).results
        owned: dict[str, Record] = {}
        for kind, record in zip(self.owns, found, strict=True):
            if not isinstance(record, kind.type) or not _belongs(record, owned):
                raise NotFound
            owned[kind.name] = record
        return owned


def _parameter(kind: Kind[Record]) -> str:
    return "item_id" if kind.name in ("item", "queue_item") else f"{kind.name}_id"


def _belongs(record: Record, outer: Mapping[str, Record]) -> bool:
    """Whether a record is in the thread or session that stands before it in the path."""
    return all(getattr(record, f"{name}_id", None) == each.id for name, each in outer.items())


class Routes:
    """The routes of one noun, declared beside the functions that answer them."""

    def __init__(self, tag: str, base: str = BASE) -> None:
        self.tag = tag
        self._base = base
        self.all: list[Route] = []

    def add(
        self,
        method: str,
        path: str,
        policy: Policy,
        *,
        owns: tuple[Kind[Record], ...] = (),
        query: type[object] | None = None,
        body: type[object] | None = None,
        body_media_type: str = "application/json",
        is_body_optional: bool = False,
        shows: object = None,
        shows_media_type: str = "application/json",
        status: int = 200,
        refuses: tuple[int, ...] = (),
        is_conditional: bool = False,
        is_for_admins: bool = False,
        grants: Permission | None = None,
    ) -> Callable[[Handle], Handle]:
        """Declare a route; there is no default for its policy."""

        def declare(handle: Handle) -> Handle:
            route = Route(
                method, self._base + path, policy, handle, owns, query, body, body_media_type, is_body_optional, shows,
                shows_media_type, status, refuses, is_conditional, is_for_admins, grants,
            )  # fmt: skip
            self.all.append(route)
            return handle

        return declare


def paths(app: App, nouns: Iterable[Routes]) -> list[BaseRoute]:
    """The routes of all nouns, as the server matches them."""
    return [_path(app, route) for noun in nouns for route in noun.all]


def _path(app: App, route: Route) -> Path:
    path = Path(route.path, _Endpoint(route, app), name=route.handle.__name__)
    path.methods = {route.method}  # and no HEAD beside GET: what takes it says so
    return path


class UndeclaredPolicy(Exception):
    """A route of the server has no policy: the server does not start with it."""


def check_policies(routes: Iterable[BaseRoute]) -> None:
    """Raise `UndeclaredPolicy` for a route that was put on the server in any other way than by its declaration."""
    for route in routes:
        endpoint = getattr(route, "endpoint", None)
        if getattr(endpoint, "policy", None) not in ("open", "read", "write"):
            raise UndeclaredPolicy(getattr(route, "path", repr(route)))


@dataclass(frozen=True)
class _Endpoint:
    """A route as the server calls it."""

    route: Route
    app: App

    @property
    def policy(self) -> Policy:
        return self.route.policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = self.route.path
        response = await self.route.answer(self.app, Request(scope, receive, send))
        await response(scope, receive, send)
