"""Lane: one object with everything that a server, or an embedded app, can be asked for."""

from laneway.client.connection import Connection, given, route
from laneway.client.conversation import Conversations
from laneway.client.organise import Organising
from laneway.client.resources import AgentResource, CreatedKey, KeyResource, Me, Page, SearchResult
from laneway.client.sessions import Files, Notes, Sessions, Timers
from laneway.client.stream import EventStreams
from laneway.client.turns import Queues
from laneway.domain.principal import Scope


class Lane(Sessions, Notes, Files, Timers, Organising, Conversations, Queues):
    """The same methods and the same errors whether the server is far away or runs inside this process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._streams = EventStreams(connection)

    async def close(self) -> None:
        """End this object's requests and streams. Nothing that runs is cancelled by it."""
        await self._connection.close()

    async def me(self) -> Me:
        """The user whose key this is."""
        return await self._connection.get("/me", Me)

    async def list_keys(self, *, limit: int = 20, cursor: str | None = None) -> Page[KeyResource]:
        """The user's API keys."""
        return await self._connection.get_page("/keys", KeyResource, {"limit": limit, "cursor": cursor})

    async def create_key(
        self, *, name: str | None = None, user: str | None = None, scope: Scope | None = None
    ) -> CreatedKey:
        """Make a key; it is told once, here. `user` names another user, which only an admin may do."""
        return await self._connection.write("POST", "/keys", CreatedKey, given(name=name, user=user, scope=scope))

    async def revoke_key(self, key_id: str) -> None:
        """End a key; its streams close within a second."""
        await self._connection.delete(route("keys", key_id))

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
