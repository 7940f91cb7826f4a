"""Login: the page's cookie, for a key or for a one-time link."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from laneway.api.auth import cookie_name, csrf_token_of
from laneway.api.bodies import Body, Nothing
from laneway.api.call import Call
from laneway.api.resources import LoggedIn, Me
from laneway.api.route import Routes
from laneway.domain.errors import Unauthorized
from laneway.runtime.credentials import LOGIN_S, VerifiedPrincipal

routes = Routes("Login")
links = Routes("Login", base="")


class LogIn(Body, frozen=True):
    """The key that is shown."""

    key: Annotated[str, Meta(max_length=200)]


class LinkQuery(msgspec.Struct, frozen=True):
    """What a one-time link carries."""

    code: Annotated[str, Meta(max_length=200)] = ""


@routes.add("POST", "/login", "open", body=LogIn, shows=LoggedIn)
async def log_in(call: Call) -> Response:
    """Exchange an API key for a login cookie, which is new each time."""
    body = await call.body(LogIn)
    verified = await call.app.credentials.resolve_key(body.key)
    if verified is None:
        call.count_failure()
        raise Unauthorized("The key is not valid.")
    token = await call.app.credentials.login(verified)
    response = call.show(me_of(verified, token))
    _set_cookie(call, response, token)
    return response


@routes.add("POST", "/logout", "read", body=Nothing, is_body_optional=True, status=204)
async def log_out(call: Call) -> Response:
    """End the login of the cookie; its streams close within a second."""
    await call.body(Nothing, optional=True)
    await call.app.credentials.logout(call.who)
    response = call.nothing()
    name = cookie_name(call.request.url.scheme)
    response.delete_cookie(name, path="/", secure=call.request.url.scheme == "https", httponly=True, samesite="strict")
    return response


@links.add("GET", "/login", "open", query=LinkQuery, status=303)
async def follow_login_link(call: Call) -> Response:
    """Use a one-time login link, and go on to the page."""
    try:
        token = await call.app.credentials.redeem(call.query(LinkQuery).code)
    except Unauthorized:
        call.count_failure()
        raise
    response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    _set_cookie(call, response, token)
    return response


def me_of(verified: VerifiedPrincipal, cookie: str | None = None) -> Me:
    """Show who a credential proves; for a login also the token that its writes must carry."""
    principal = verified.principal
    if cookie is None:
        return Me(principal.user_id, verified.name, principal.role, principal.scope)
    return LoggedIn(principal.user_id, verified.name, principal.role, principal.scope, csrf_token_of(cookie))


def _set_cookie(call: Call, response: Response, token: str) -> None:
    scheme = call.request.url.scheme
    response.set_cookie(
        cookie_name(scheme), token, max_age=int(LOGIN_S), path="/", secure=scheme == "https", httponly=True,
        samesite="strict",
    )  # fmt: skip
