"""Lane: one object with everything that a server, or an embedded app, can be asked for."""

from laneway.client.connection import Connection, route
from laneway.client.conversation import Conversations
from laneway.client.organise import Organising
from laneway.client.people import People
from laneway.client.resources import AgentResource, Page, SearchResult
from laneway.client.sessions import Files, Notes, Sessions, Timers
from laneway.client.sharing import Sharing
from laneway.client.stream import EventStreams
from laneway.client.transfer import Transfers
from laneway.client.turns import Queues


class Lane(Sessions, Notes, Files, Timers, Organising, People, Sharing, Transfers, Conversations, Queues):
    """The same methods and the same errors whether the server is far away or runs inside this process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._streams = EventStreams(connection)

    async def close(self) -> None:
        """End this object's requests and streams. Nothing that runs is cancelled by it."""
        await self._connection.close()

    async def list_agents(self) -> Page[AgentResource]:
        """The agents, whether available or not."""
        return await self._connection.get_page("/agents", AgentResource)

    async def get_agent(self, name: str) -> AgentResource:
        """One agent."""
        return await self._connection.get(route("agents", name), AgentResource)

    async def compact(self) -> None:
        """Fold and prune now what is past its time. Only an admin may."""
        await self._connection.request("POST", "/compact")

    async def search(self, q: str, *, session_id: str | None = None, limit: int = 20) -> Page[SearchResult]:
        """Find messages and titles that have all the words, newest first."""
        query = {"q": q, "session_id": session_id, "limit": limit}
        return await self._connection.get_page("/search", SearchResult, query)
