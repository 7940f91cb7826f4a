"""threads: the list of conversations."""

import asyncio
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Limit, Url
from laneway.cli.reach import Where, reach
from laneway.client.resources import Page
from laneway.domain.thread import ThreadKind, ThreadStatus, ThreadSummary


def threads(
    session: Annotated[str | None, typer.Option("--session", help="Of this session only.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Of this agent only.")] = None,
    status: Annotated[ThreadStatus | None, typer.Option("--status", help="In this status only.")] = None,
    kind: Annotated[ThreadKind | None, typer.Option("--kind", help="Of this kind; chats without it.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="With this tag only.")] = None,
    find: Annotated[str | None, typer.Option("--find", help="With these words in the title or a message.")] = None,
    unread: Annotated[bool | None, typer.Option("--unread", help="With unread messages only.")] = None,
    pinned: Annotated[bool | None, typer.Option("--pinned", help="Pinned ones only.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Active from this time on (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Active before this time (RFC 3339).")] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="-last_message_at, created_at, title, -unread.")] = None,
    archived: Annotated[bool | None, typer.Option("--archived", help="Archived ones only.")] = None,
    limit: Limit = 20,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Go on after an earlier page.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """List threads, the latest first."""

    async def listed() -> Page[ThreadSummary]:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            return await lane.list_threads(
                session_id=session, agent_id=agent, status=status, kind=kind, tag=tag, q=find, unread=unread,
                archived=archived, pinned=pinned, since=since, until=until, sort=sort, limit=limit, cursor=cursor,
            )  # fmt: skip

    page = asyncio.run(listed())
    if as_json:
        show.as_json(page.items)
        return
    show.table(("thread", "title", "agent", "status", "waiting", "last message"), map(_row, page))
    show.note_next(page)


def _row(thread: ThreadSummary) -> tuple[object, ...]:
    waiting = thread.queue_depth or ""
    return thread.id, thread.title, thread.agent_id, thread.status, waiting, thread.last_message_at
