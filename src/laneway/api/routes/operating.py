"""Operating: whether the process lives, whether it can work, and what it counts. The first two reveal nothing else."""

from starlette.responses import Response

from laneway import wire
from laneway.api.call import Call
from laneway.api.resources import Health
from laneway.api.route import Routes
from laneway.domain.principal import SYSTEM
from laneway.runtime.metrics import Metrics

probes = Routes("Operating", base="")
"""What a process answers that is asked for nothing else: a worker."""
routes = Routes("Operating", base="")


@probes.add("GET", "/healthz", "open", shows=Health)
async def healthz(call: Call) -> Response:
    """Whether the process lives."""
    return call.show(Health("ok"))


@probes.add("GET", "/readyz", "open", shows=Health)
async def readyz(call: Call) -> Response:
    """Whether the store can be read; 503 when not."""
    await call.app.store.read(SYSTEM)
    return call.show(Health("ready"))


@probes.add("GET", "/metrics", "read", shows=str, shows_media_type="text/plain")
async def metrics(call: Call) -> Response:
    """What the server counts, for Prometheus. Needs a key."""
    counted = call.request.app.state.metrics
    assert isinstance(counted, Metrics)
    content, media_type = await counted.render()
    return Response(content, headers={"Cache-Control": "no-store"}, media_type=media_type)


@routes.add("GET", "/openapi.json", "read", shows=dict[str, object])
async def openapi(call: Call) -> Response:
    """This description."""
    return Response(wire.encode(call.request.app.openapi), media_type="application/json")
