"""History: the transcript of a thread changed by its owner."""

from laneway.client.connection import Connection, given, route
from laneway.client.resources import Posted
from laneway.client.threads import Message, written
from laneway.domain.thread import ThreadResource


class History:
    """The part of a `Lane` that changes what was said."""

    _connection: Connection

    async def edit_message(self, thread_id: str, item_id: str, message: Message) -> Posted:
        """Say something else instead: a running turn is stopped, the message and what followed it go."""
        path = route("threads", thread_id, "messages", item_id, "edit")
        return await self._connection.write("POST", path, Posted, written(message))

    async def regenerate(self, thread_id: str, item_id: str) -> Posted:
        """Have the question of this item answered again; it stays, and what came after it goes."""
        path = route("threads", thread_id, "messages", item_id, "regenerate")
        return await self._connection.write("POST", path, Posted, {})

    async def delete_message(self, thread_id: str, item_id: str) -> None:
        """Take the exchange of this item, and what followed it, out of the transcript."""
        await self._connection.delete(route("threads", thread_id, "messages", item_id))

    async def fork_thread(self, thread_id: str, *, after_item_id: str | None = None) -> ThreadResource:
        """Begin a new thread with a copy of what was said, up to an item or to the end."""
        path = route("threads", thread_id, "fork")
        return await self._connection.write("POST", path, ThreadResource, given(after_item_id=after_item_id))
