"""Keys: who the caller is, and the API keys that prove it."""

from dataclasses import asdict, replace
from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.auth import cookies_of
from laneway.api.bodies import Body, Name
from laneway.api.call import Call, records_of
from laneway.api.paging import Paging, page_query
from laneway.api.query import Moment
from laneway.api.resources import CreatedKey, KeyResource, LoggedIn
from laneway.api.route import Routes
from laneway.api.routes.login import me_of
from laneway.domain.command import RevokeKey
from laneway.domain.errors import Forbidden, Invalid
from laneway.domain.kinds import KEY
from laneway.domain.principal import ADMINISTRATORS, RANK, Role, Scope
from laneway.domain.user import Key
from laneway.runtime.schedule import rfc3339
from laneway.store import Where

routes = Routes("Keys")


class CreateKeyBody(Body, frozen=True):
    """What a new key may do: at most what the key that makes it may."""

    name: Annotated[str, Meta(max_length=200)] = ""
    user: Name | None = None
    """The name of another user, who is made when missing: an admin may, and the key then has that user's role."""
    role: Role | None = None
    scope: Scope | None = None
    expires_at: Moment | None = None


@routes.add("GET", "/me", "read", shows=LoggedIn)
async def get_me(call: Call) -> Response:
    """Who asks."""
    return call.show(me_of(call.who, next(iter(cookies_of(call.headers)), None)))


@routes.add("GET", "/keys", "read", query=Paging, shows=list[KeyResource])
async def list_keys(call: Call) -> Response:
    """The caller's keys, oldest first, without those that were revoked."""
    where = (Where("owner", "=", call.user_id), Where("revoked", "=", False))
    page = await call.find(page_query(KEY, call.query(Paging), where, (("created_at", "asc"),)))
    return call.show_page([_shown(call, key) for key in records_of(page, Key)], page)


@routes.add("POST", "/keys", "write", body=CreateKeyBody, shows=CreatedKey, status=201)
async def create_key(call: Call) -> Response:
    """Make a key. It is told here, and again only to the same request with its Idempotency-Key."""
    body = await call.body(CreateKeyBody)
    mine = call.principal
    if body.user is not None and body.user != call.who.name:
        return await _create_for(call, body.user, body)
    role, scope = body.role or mine.role, body.scope or mine.scope
    if RANK[role] > RANK[mine.role] or (scope == "full" and mine.scope == "read"):
        raise Forbidden("A key may not do more than the key that makes it.")
    expires_at = None if body.expires_at is None else rfc3339(body.expires_at)
    key, text = await call.app.credentials.create_key(
        mine, mine.user_id, body.name, role, scope, expires_at, once=call.idempotency()
    )
    return call.show(CreatedKey(**asdict(_shown(call, key)), key=text), 201)


async def _create_for(call: Call, user: str, body: CreateKeyBody) -> Response:
    """A key for somebody else, so that an admin can hand out the first one."""
    if call.principal.role not in ADMINISTRATORS:
        raise Forbidden("Only an admin makes keys for other users.")
    if body.role is not None or body.scope is not None or body.expires_at is not None:
        raise Invalid("A key for another user has that user's role, and no other bounds.")
    key, text = await call.app.credentials.create_key_of(user, body.name, call.principal, call.idempotency())
    return call.show(CreatedKey(**asdict(replace(_shown(call, key), user=user)), key=text), 201)


@routes.add("DELETE", "/keys/{key_id}", "write", owns=(KEY,), status=204)
async def revoke_key(call: Call) -> Response:
    """End a key and the logins that it made; their streams close within a second."""
    await call.submit(RevokeKey(at=call.at, seed=call.seed, key_id=call.own(KEY).id))
    return call.nothing()


def _shown(call: Call, key: Key) -> KeyResource:
    used = call.app.credentials.last_used_at(key.id)
    return KeyResource(
        key.id, call.who.name, key.name, key.prefix, key.role, key.scope, key.created_at, used, key.expires_at
    )
