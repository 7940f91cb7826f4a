"""Threads: private conversations: their transcript, and the messages that are sent to them."""

from collections.abc import Mapping, Sequence

from laneway.client.connection import Connection, given, route
from laneway.client.resources import CreatedThread, Page, Posted, Unread
from laneway.domain.instant import Instant
from laneway.domain.item import ItemResource, ItemRole
from laneway.domain.json import Json, JsonObject
from laneway.domain.queue import Delivery
from laneway.domain.thread import ThreadKind, ThreadResource, ThreadStatus, ThreadSummary

Message = str | Sequence[JsonObject]
"""A text, or the parts of a message: `{"type": "text", "text": …}`, `{"type": "file", "attachment_id": …}`, …"""

_END = 10**15 - 1
"""A place after every item."""


class Threads:
    """The part of a `Lane` that is about threads."""

    _connection: Connection

    async def create_thread(
        self,
        agent_id: str | None = None,
        *,
        session_id: str | None = None,
        title: str | None = None,
        initial_message: str | None = None,
        kind: ThreadKind | None = None,
        members: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        metadata: JsonObject | None = None,
        settings: JsonObject | None = None,
        template_id: str | None = None,
    ) -> CreatedThread:
        """Make a thread: of the default agent, in the default session, like no template, unless others are named."""
        body = given(
            agent_id=agent_id, session_id=session_id, title=title, initial_message=initial_message, kind=kind,
            members=members, tags=tags, metadata=metadata, settings=settings, template_id=template_id,
        )  # fmt: skip
        return await self._connection.write("POST", "/threads", CreatedThread, body)

    async def list_threads(
        self,
        *,
        session_id: str | None = None,
        agent_id: str | None = None,
        kind: ThreadKind | None = None,
        status: ThreadStatus | None = None,
        tag: str | None = None,
        archived: bool | None = None,
        pinned: bool | None = None,
        unread: bool | None = None,
        q: str | None = None,
        metadata: Mapping[str, str] | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        sort: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
        offset: int | None = None,
    ) -> Page[ThreadSummary]:
        """The user's threads, latest first. Filters combine; `since` and `until` are about the latest message."""
        query = {
            "session_id": session_id, "agent_id": agent_id, "kind": kind, "status": status, "tag": tag,
            "archived": archived, "pinned": pinned, "unread": unread, "q": q, "from": since, "to": until,
            "sort": sort, "limit": limit,
            "cursor": cursor, "offset": offset, **{f"metadata.{key}": value for key, value in (metadata or {}).items()},
        }  # fmt: skip
        return await self._connection.get_page("/threads", ThreadSummary, query)

    async def get_thread(self, thread_id: str) -> ThreadResource:
        """One thread."""
        return await self._connection.get(route("threads", thread_id), ThreadResource)

    async def update_thread(self, thread_id: str, *, if_version: int | None = None, **changes: Json) -> ThreadResource:
        """Change what is given: title, summary, agent_id, tags, metadata, pinned, archived, settings."""
        path = route("threads", thread_id)
        return await self._connection.write("PATCH", path, ThreadResource, changes, if_version=if_version)

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a thread: what runs is cancelled, and every trace goes."""
        await self._connection.delete(route("threads", thread_id))

    async def mark_read(self, thread_id: str, item_id: str) -> int:
        """Say that the thread has been read up to this item; returns how many messages are still unread."""
        path = route("threads", thread_id, "read")
        return (await self._connection.write("POST", path, Unread, {"item_id": item_id})).unread

    async def messages(
        self,
        thread_id: str,
        *,
        after: str | int | None = None,
        before: str | int | None = None,
        turn_id: str | None = None,
        role: ItemRole | None = None,
        limit: int = 20,
    ) -> Page[ItemResource]:
        """The transcript, in order; a running answer is in it as `partial`."""
        query = {"after": after, "before": before, "turn_id": turn_id, "role": role, "limit": limit}
        return await self._connection.get_page(route("threads", thread_id, "messages"), ItemResource, query)

    async def latest_messages(self, thread_id: str, *, limit: int = 20) -> Page[ItemResource]:
        """The end of the transcript, in order; events after the page's `offset` go on exactly there."""
        return await self.messages(thread_id, before=_END, limit=limit)

    async def post(
        self,
        thread_id: str,
        message: Message,
        *,
        delivery: Delivery | None = None,
        hold: bool | None = None,
        discard: bool | None = None,
        sender: str | None = None,
        agents: Sequence[str] | None = None,
        reply_to: str | None = None,
    ) -> Posted:
        """Send a message. It is recorded when this returns, and runs when its turn comes."""
        body = given(
            delivery=delivery, hold=hold, discard=discard, sender=sender, agents=agents, reply_to=reply_to,
        )  # fmt: skip
        path = route("threads", thread_id, "messages")
        return await self._connection.write("POST", path, Posted, body | written(message))

    async def post_anywhere(self, message: Message, *, agent_id: str | None = None) -> Posted:
        """Send a message without a thread: one is made for it in the default session."""
        body = given(agent_id=agent_id) | written(message)
        return await self._connection.write("POST", "/messages", Posted, body)


def written(message: Message) -> dict[str, Json]:
    """A message as the members of a body."""
    return {"message": message} if isinstance(message, str) else {"parts": list(message)}
