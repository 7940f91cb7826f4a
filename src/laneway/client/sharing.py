"""Sharing: who else may read a thread, and the comments beside it."""

from laneway.client.connection import Connection, given, route
from laneway.client.resources import CreatedShare, Page, ReceivedShare
from laneway.domain.share import CommentResource, Permission, ShareResource
from laneway.domain.thread import ThreadSummary


class Sharing:
    """The part of a `Lane` that is about shares and comments."""

    _connection: Connection

    async def share(
        self,
        thread_id: str,
        *,
        user: str | None = None,
        permission: Permission = "view",
        tool_output: bool = False,
        expires_in_s: int | None = None,
    ) -> CreatedShare:
        """Share a thread with the user of that name, or, without one, with whoever has the link that comes back."""
        body = given(user=user, permission=permission, tool_output=tool_output, expires_in_s=expires_in_s)
        return await self._connection.write("POST", route("threads", thread_id, "shares"), CreatedShare, body)

    async def list_shares(self, thread_id: str, *, limit: int = 20, cursor: str | None = None) -> Page[ShareResource]:
        """The shares of a thread that hold."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("threads", thread_id, "shares"), ShareResource, query)

    async def end_share(self, share_id: str) -> None:
        """End a share; its streams close within a second."""
        await self._connection.delete(route("shares", share_id))

    async def list_shared_with_me(self, *, limit: int = 20, cursor: str | None = None) -> Page[ThreadSummary]:
        """The threads that others share with the user."""
        query = {"shared": "with_me", "limit": limit, "cursor": cursor}
        return await self._connection.get_page("/threads", ThreadSummary, query)

    async def list_received_shares(self, *, limit: int = 20, cursor: str | None = None) -> Page[ReceivedShare]:
        """What others share with the user: whose threads, what may be done there, and until when."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page("/shares", ReceivedShare, query)

    async def list_comments(
        self, thread_id: str, *, limit: int = 20, cursor: str | None = None
    ) -> Page[CommentResource]:
        """The comments beside a thread, oldest first."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("threads", thread_id, "comments"), CommentResource, query)

    async def comment(self, thread_id: str, text: str, *, item_id: str | None = None) -> CommentResource:
        """Write a comment beside a thread, or beside one of its messages."""
        body = given(text=text, item_id=item_id)
        return await self._connection.write("POST", route("threads", thread_id, "comments"), CommentResource, body)

    async def delete_comment(self, thread_id: str, comment_id: str) -> None:
        """Remove a comment; the thread's owner may."""
        await self._connection.delete(route("threads", thread_id, "comments", comment_id))
