"""Upkeep: what only an admin may ask the server to do with itself."""

from starlette.responses import Response

from laneway.api.bodies import Nothing
from laneway.api.call import Call
from laneway.api.route import Routes

routes = Routes("Operating")


@routes.add("POST", "/compact", "write", body=Nothing, is_body_optional=True, status=204, is_for_admins=True)
async def compact(call: Call) -> Response:
    """Erase what was deleted, fold old deltas and prune what is past its time, now. Only an admin may."""
    await call.body(Nothing, optional=True)
    await call.app.upkeep.tidy()
    await call.app.upkeep.prune()
    return call.nothing()
