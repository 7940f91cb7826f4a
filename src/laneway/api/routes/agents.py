"""Agents: what can answer."""

from starlette.responses import Response

from laneway.agent import Agent
from laneway.api.call import Call
from laneway.api.paging import Paging, slice_of
from laneway.api.resources import AgentResource
from laneway.api.route import Routes
from laneway.domain.errors import NotFound

routes = Routes("Agents")


@routes.add("GET", "/agents", "read", query=Paging, shows=list[AgentResource])
async def list_agents(call: Call) -> Response:
    """The agents of this server, by name."""
    names, page = slice_of(sorted(call.app.agents), call.query(Paging))
    return call.show_page([_shown(call.app.agents[name]) for name in names], page)


@routes.add("GET", "/agents/{name}", "read", shows=AgentResource)
async def get_agent(call: Call) -> Response:
    """One agent."""
    agent = call.app.agents.get(call.path("name"))
    if agent is None:
        raise NotFound
    return call.show(_shown(agent))


def _shown(agent: Agent) -> AgentResource:
    profile, reason = agent.profile, agent.availability()
    return AgentResource(
        profile.name, profile.title, profile.description, profile.kind, profile.capabilities, reason is None, reason
    )
