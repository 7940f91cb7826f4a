"""Values: the keys of the environment `plain`, compared and set one by one."""

from starlette.responses import Response

from laneway.api.bodies import Body
from laneway.api.call import Call, shown_as
from laneway.api.conditional import etag
from laneway.api.resources import ValueResource
from laneway.api.route import Routes
from laneway.domain.errors import NotFound
from laneway.domain.json import Json
from laneway.domain.kinds import ENTRY, SESSION
from laneway.domain.session import EnvironmentEntry
from laneway.store import Get

routes = Routes("Values")

COLLECTION = "keys"
"""Where the environment `plain` keeps them."""


class PutValueBody(Body, frozen=True):
    """The new value: any JSON."""

    value: Json


@routes.add("GET", "/sessions/{session_id}/keys/{key}", "read", owns=(SESSION,), shows=ValueResource)
async def get_value(call: Call) -> Response:
    """One of the session's shared keys."""
    entry = await _entry(call)
    if entry is None:
        raise NotFound
    return call.show(ValueResource(entry.key, entry.value, entry.version), headers=etag(entry.version))


@routes.add(
    "PUT", "/sessions/{session_id}/keys/{key}", "write", owns=(SESSION,), body=PutValueBody, shows=ValueResource,
    is_conditional=True,
)  # fmt: skip
async def put_value(call: Call) -> Response:
    """Set a key. `If-Match: "0"` sets it only when it is not there yet."""
    body = await call.body(PutValueBody)
    value = await _command(call, {"op": "put", "value": body.value})
    return call.show(value, headers=etag(value.version))


@routes.add("DELETE", "/sessions/{session_id}/keys/{key}", "write", owns=(SESSION,), status=204, is_conditional=True)
async def delete_value(call: Call) -> Response:
    """Remove a key."""
    await _command(call, {"op": "delete"})
    return call.nothing()


async def _command(call: Call, command: dict[str, Json]) -> ValueResource:
    session = _plain(call)
    named = {**command, "key": call.path("key"), "if_version": call.if_version}
    answer = await call.app.environment_command(call.principal, session, named, call.idempotency())
    return shown_as(answer.reply, ValueResource)


async def _entry(call: Call) -> EnvironmentEntry | None:
    found = (await call.read(Get(ENTRY, f"{_plain(call)}/{COLLECTION}/{call.path('key')}"))).results[0]
    return found if isinstance(found, EnvironmentEntry) else None


def _plain(call: Call) -> str:
    """The id of the session, which must have the environment that has keys."""
    session = call.own(SESSION)
    if session.environment != "plain":
        raise NotFound
    return session.id
