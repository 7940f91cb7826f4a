"""Auth: what every request passes before it is routed or its body is read: Host, Origin, one valid credential."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from laneway.api.origins import Origins, origins_of
from laneway.api.problems import fault, new_fault_id, problem
from laneway.api.proxies import Proxies
from laneway.api.rates import Failures, Requests
from laneway.api.security_headers import SECURITY_HEADERS
from laneway.app import App
from laneway.clock import Clock
from laneway.domain.errors import CsrfRefused, LanewayError, TwoCredentials, Unauthorized
from laneway.runtime.counters import REQUEST_SECONDS, REQUESTS
from laneway.runtime.credentials import Credentials, VerifiedPrincipal

log = structlog.get_logger(__name__)

COOKIE = "laneway_login"
TLS_COOKIE = f"__Host-{COOKIE}"
CSRF_HEADER = "x-csrf-token"
ROUTE = "laneway.route"
"""Where a request's scope names the path of the route that answers it."""


@dataclass(frozen=True, slots=True)
class Headers:
    """A request's headers, as often as each was sent."""

    pairs: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def first(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")


class Gate:
    """Lets requests through to the routes. What fails here costs a hash and a look-up at most, and reads no body."""

    def __init__(self, inner: ASGIApp, app: App, failures: Failures, open_paths: Iterable[tuple[str, str]]) -> None:
        limits = app.settings.limits
        self._clock = app.clock
        self._inner = inner
        self._tracing = app.tracing
        self._credentials: Credentials = app.credentials
        self._origins: Origins = origins_of(app.settings)
        self._proxies = Proxies(app.settings.trusted_proxies)
        self._failures = failures
        self.requests = Requests(app.clock, limits.requests_per_s, limits.burst)
        self._open_paths = tuple((method, compile_path(path)[0]) for method, path in open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # Nothing here speaks over web sockets, so nothing accepts one.
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send, self._clock)
        scope = self._proxies.seen_through(scope)
        with self._tracing.request(scope["method"], scope["headers"]) as traced:
            await self._answer(scope, receive, answer)
            traced.is_answered(scope.get(ROUTE, ""), answer.status or 0)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._admit(scope)
            await self._inner(scope, receive, answer.send)
        except LanewayError as error:
            await problem(error)(scope, receive, answer.send)
        except Exception:
            # What a route raises was caught there: this is a fault of the framework, or of the lines above.
            if answer.status is not None:
                raise
            fault_id = new_fault_id()
            log.exception("request failed", fault_id=fault_id)
            await fault(fault_id)(scope, receive, answer.send)
        finally:
            self._count(scope, answer)

    def _count(self, scope: Scope, answer: "_Answer") -> None:
        REQUESTS.labels(scope["method"], scope.get(ROUTE, ""), str(answer.status or 0)).inc()
        REQUEST_SECONDS.observe(answer.seconds)

    async def _admit(self, scope: Scope) -> None:
        headers = _headers_of(scope)
        method: str = scope["method"]
        self._origins.check_host(headers.all("host"))
        origins = headers.all("origin")
        self._origins.check_origin(origins)
        if any(method == each and path.match(scope["path"]) for each, path in self._open_paths):
            return
        verified, is_cookie = await self._verify(headers, source_of(scope))
        if is_cookie:
            site, mode = headers.first("sec-fetch-site"), headers.first("sec-fetch-mode")
            self._origins.check_cookie_use(method, origins, site, mode)
        self.requests.take(verified.principal.user_id)
        scope["laneway.verified"] = verified

    async def _verify(self, headers: Headers, source: str) -> tuple[VerifiedPrincipal, bool]:
        shown = headers.all("authorization")
        cookies = cookies_of(headers)
        if len(shown) + len(cookies) > 1:
            raise TwoCredentials("The request has more than one credential.", "Send a key or a cookie, not both.")
        if cookies:
            verified = await self._credentials.resolve_login(cookies[0])
            wrong, repeated = cookies[0], cookies[0]
        else:
            scheme, _, wrong = (shown[0] if shown else "").strip().partition(" ")
            repeated = None
            verified = await self._credentials.resolve_key(wrong.strip()) if scheme.lower() == "bearer" else None
        if verified is None:
            if wrong.strip() and not await self._credentials.was_key(wrong.strip()):
                self._failures.count(source, repeated)
            raise Unauthorized("This needs a valid key or login.", "Send `Authorization: Bearer <key>`, or log in.")
        return verified, bool(cookies)


class _Answer:
    """Passes an answer on, with the security headers on it."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._since = clock.monotonic()
        self.status: int | None = None
        self.seconds = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.seconds = self._clock.monotonic() - self._since
            headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
            # A file says itself what it may do, which is less than a page may.
            own = {name for name, _ in headers}
            headers.extend(pair for pair in SECURITY_HEADERS if pair[0] not in own)
            message = {**message, "headers": headers}
        await self._send(message)


def cookie_name(scheme: str) -> str:
    """The login's cookie: with TLS its name makes the browser hold it to this host."""
    return TLS_COOKIE if scheme == "https" else COOKIE


def cookies_of(headers: Headers) -> list[str]:
    """Every login cookie that the request carries: two of one name are two credentials."""
    found: list[str] = []
    for header in headers.all("cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name in (COOKIE, TLS_COOKIE):
                found.append(value.strip('"'))
    return found


def credential_of(headers: Headers) -> str:
    """The secret that a request was let in with."""
    return (cookies_of(headers) or [headers.first("authorization").strip().partition(" ")[2].strip()])[0]


def csrf_token_of(cookie: str) -> str:
    """The token that a page proves itself with: made of its login's cookie, which no script can read."""
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(headers: Headers) -> None:
    """Raise `CsrfRefused` for a write that a browser sends with the cookie and without, or with a wrong, token."""
    cookies = cookies_of(headers)
    # A browser says that it is one; a program that shows the cookie by hand cannot have been led to it by a page.
    if not cookies or not (headers.first("sec-fetch-site") or headers.first(CSRF_HEADER)):
        return
    if not hmac.compare_digest(headers.first(CSRF_HEADER).encode(), csrf_token_of(cookies[0]).encode()):
        raise CsrfRefused("The login's CSRF token is missing or wrong.", "Send X-CSRF-Token as GET /me tells it.")


def _headers_of(scope: Scope) -> Headers:
    return Headers(tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]))


def source_of(scope: Scope) -> str:
    """Where a request comes from; behind a trusted proxy the server has put the client's own address here."""
    client = scope.get("client")
    return str(client[0]) if client else ""
