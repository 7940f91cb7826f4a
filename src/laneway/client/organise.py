"""Organise: templates of threads, tags, votes on messages, and what turns have cost."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from laneway.client.connection import Connection, given, route
from laneway.client.resources import Analytics, Page, TagResource
from laneway.domain.instant import Instant
from laneway.domain.json import Json, JsonObject
from laneway.domain.template import TemplateResource
from laneway.domain.vote import VoteResource, VoteValue


class Organising:
    """The part of a `Lane` that keeps many threads in order."""

    _connection: Connection

    async def create_template(
        self,
        name: str,
        *,
        agent_id: str | None = None,
        title: str | None = None,
        settings: JsonObject | None = None,
        messages: Sequence[str | JsonObject] | None = None,
        tags: Sequence[str] | None = None,
        from_thread_id: str | None = None,
    ) -> TemplateResource:
        """Make a template. What is not given comes from the thread `from_thread_id`, when that is."""
        body = given(
            name=name, agent_id=agent_id, title=title, settings=settings, messages=messages, tags=tags,
            from_thread_id=from_thread_id,
        )  # fmt: skip
        return await self._connection.write("POST", "/templates", TemplateResource, body)

    async def list_templates(self, *, limit: int = 20, cursor: str | None = None) -> Page[TemplateResource]:
        """The user's templates, by name."""
        return await self._connection.get_page("/templates", TemplateResource, {"limit": limit, "cursor": cursor})

    async def get_template(self, template_id: str) -> TemplateResource:
        """One template."""
        return await self._connection.get(route("templates", template_id), TemplateResource)

    async def update_template(
        self, template_id: str, *, if_version: int | None = None, **changes: Json
    ) -> TemplateResource:
        """Change what is given: name, agent_id, title, settings, messages, tags."""
        path = route("templates", template_id)
        return await self._connection.write("PATCH", path, TemplateResource, changes, if_version=if_version)

    async def delete_template(self, template_id: str) -> None:
        """Remove a template; threads that were made with it stay."""
        await self._connection.delete(route("templates", template_id))

    async def list_tags(self, *, limit: int = 20, cursor: str | None = None) -> Page[TagResource]:
        """The tags of the user's threads, the most used first."""
        return await self._connection.get_page("/tags", TagResource, {"limit": limit, "cursor": cursor})

    async def rename_tag(self, tag: str, name: str) -> TagResource:
        """Rename a tag in all threads that have it; a name that is in use merges the two."""
        return await self._connection.write("PATCH", route("tags", tag), TagResource, {"name": name})

    async def analytics(
        self,
        *,
        by: Literal["day", "agent", "thread"] = "day",
        session_id: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        at_once: int = 1000,
    ) -> Analytics:
        """What turns were, took and cost: those of the last 30 days, when no time is named.

        All rows come, each request brings `at_once` of them.
        """
        query = {"by": by, "session_id": session_id, "from": since, "to": until, "limit": at_once}
        found, cursor = await self._connection.get_part("/analytics", Analytics, query)
        rows = list(found.rows)
        while cursor is not None:
            part, cursor = await self._connection.get_part("/analytics", Analytics, {**query, "cursor": cursor})
            rows += part.rows
        return msgspec.structs.replace(found, rows=tuple(rows))

    async def vote(self, thread_id: str, item_id: str, value: VoteValue, *, comment: str | None = None) -> VoteResource:
        """Vote for a message (1) or against it (-1); a later vote replaces the earlier one."""
        path = route("threads", thread_id, "messages", item_id, "vote")
        return await self._connection.write("PUT", path, VoteResource, given(value=value, comment=comment))

    async def withdraw_vote(self, thread_id: str, item_id: str) -> None:
        """Take a vote back."""
        await self._connection.delete(route("threads", thread_id, "messages", item_id, "vote"))

    async def list_votes(self, thread_id: str, *, limit: int = 20, cursor: str | None = None) -> Page[VoteResource]:
        """The user's votes on the messages of a thread."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("threads", thread_id, "votes"), VoteResource, query)
