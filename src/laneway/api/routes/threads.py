"""Threads: private conversations of a session."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from laneway.api.bodies import (
    Body,
    Id,
    MessageBody,
    Name,
    Tags,
    Text,
    ThreadSettingsBody,
    Title,
    bounded,
    distinct,
    new_message,
)
from laneway.api.call import Call, offset_headers, records_of, shown_as
from laneway.api.conditional import check_version, etag
from laneway.api.paging import Order, Paging, page_query
from laneway.api.query import Flag, Moment
from laneway.api.resources import CreatedThread, Unread
from laneway.api.route import BASE, Routes
from laneway.domain.command import CreateThread, DeleteThread, NewMessage, ReadThread, UpdateThread
from laneway.domain.errors import Invalid, NotFound, NotYet, TooLarge
from laneway.domain.event import session_log
from laneway.domain.item import Item
from laneway.domain.json import Json, as_object
from laneway.domain.kinds import ITEM, THREAD
from laneway.domain.principal import SYSTEM
from laneway.domain.share import shown_thread
from laneway.domain.thread import (
    RESOURCE_FIELDS,
    Thread,
    ThreadKind,
    ThreadResource,
    ThreadStatus,
    ThreadSummary,
    thread_resource,
    thread_summary,
)
from laneway.store import Get, Page, Query, Where

routes = Routes("Threads")

Sort = Literal[
    "-last_message_at", "last_message_at", "-created_at", "created_at", "title", "-title", "-unread", "unread"
]
_COLUMNS = {"last_message_at": "active_at", "created_at": "created_at", "title": "title", "unread": "unread"}


class ThreadsQuery(Paging, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The filters of the list, which combine."""

    session_id: Id | None = None
    agent_id: Name | None = None
    kind: ThreadKind | None = None
    status: ThreadStatus | None = None
    tag: tuple[Annotated[str, Meta(max_length=100)], ...] = ()
    archived: Flag | None = None
    pinned: Flag | None = None
    unread: Flag | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    q: Annotated[str, Meta(max_length=1000)] | None = None
    from_: Moment | None = None
    to: Moment | None = None
    sort: Sort = "-last_message_at"
    shared: Literal["with_me"] | None = None


class CreateThreadBody(Body, frozen=True):
    """A new thread."""

    agent_id: Name | None = None
    session_id: Id | None = None
    kind: ThreadKind = "chat"
    title: Title | None = None
    initial_message: Text | None = None
    members: Annotated[list[Name], Meta(max_length=20)] | None = None
    tags: Tags | None = None
    metadata: dict[str, Json] | None = None
    template_id: Id | None = None
    settings: ThreadSettingsBody | None = None


class UpdateThreadBody(Body, frozen=True):
    """What of a thread changes: missing fields stay, metadata is merged, and null removes a key of it."""

    title: Title | UnsetType = UNSET
    summary: Annotated[str, Meta(max_length=4000)] | UnsetType | None = UNSET
    agent_id: Name | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    metadata: dict[str, Json] | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    settings: ThreadSettingsBody | UnsetType = UNSET


class ReadBody(Body, frozen=True):
    """The last item that was read."""

    item_id: Id


@routes.add("POST", "/threads", "write", body=CreateThreadBody, shows=CreatedThread, status=201, refuses=(404,))
async def create_thread(call: Call) -> Response:
    """Make a thread, in the default session unless one is named; `initial_message` starts a turn."""
    body = await call.body(CreateThreadBody)
    reply = as_object((await call.submit(_creation(call, body))).reply) or {}
    thread = shown_as(reply["thread"], ThreadResource)
    headers = {**etag(thread.version), "Location": f"{BASE}/threads/{thread.id}"}
    if reply["item_id"] is None:
        return call.show(thread, 201, headers)
    fields = {name: getattr(thread, name) for name in RESOURCE_FIELDS}
    return call.show({**fields, "item_id": reply["item_id"]}, 201, headers)


def _creation(call: Call, body: CreateThreadBody) -> CreateThread:
    if body.kind in ("alert", "task"):
        raise Invalid(f"Threads of kind {body.kind} are not made by hand.")
    if body.kind == "work" or body.members:
        raise NotYet("Coding workers and councils are not available yet.")
    message: NewMessage | None = None
    if body.initial_message is not None:
        message = new_message(MessageBody(message=body.initial_message), call.who.name)
    return CreateThread(
        at=call.at, seed=call.seed, user_id=call.user_id, session_id=body.session_id, agent_id=body.agent_id,
        title=body.title, tags=distinct(body.tags or []),
        metadata=_without_null(bounded(body.metadata or {}, "metadata")),
        settings=body.settings.changes() if body.settings else {}, message=message, template_id=body.template_id,
        sender=call.who.name,
    )  # fmt: skip


def _without_null(metadata: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in metadata.items() if value is not None}


@routes.add("GET", "/threads", "read", query=ThreadsQuery, shows=list[ThreadSummary])
async def list_threads(call: Call) -> Response:
    """The caller's threads. Archived ones are listed when asked for; other kinds than chats, too."""
    query = call.query(ThreadsQuery)
    if query.shared is not None:
        return await _list_shared(call, query)
    where = _conditions(query)
    if query.q is not None:
        where.append(Where("id", "matches", query.q))
    page = await call.find(page_query(THREAD, query, where, _order(query.sort)))
    return call.show_page([thread_summary(thread) for thread in records_of(page, Thread)], page)


async def _list_shared(call: Call, query: ThreadsQuery) -> Response:
    """The threads that others share with the caller, by what a share shows of them and nothing else."""
    own = (query.session_id, query.archived, query.pinned, query.unread, query.q, *query.tag, *query.metadata)
    if any(each is not None for each in own) or query.sort.endswith("unread"):
        raise Invalid("What others share is found by agent_id, kind, status, from and to.", "Leave the rest out.")
    ids = tuple(share.thread_id for share, _ in await call.app.shares.list_shared_with(call.user_id))
    where = [each for each in _conditions(query) if each.column != "archived" or query.status is not None]
    where += [Where("id", "in", ids), Where("deleted", "=", False)]
    page = (await call.app.store.read(SYSTEM, page_query(THREAD, query, where, _order(query.sort)))).results[0]
    assert isinstance(page, Page)
    return call.show_page([thread_summary(shown_thread(thread)) for thread in records_of(page, Thread)], page)


def _conditions(query: ThreadsQuery) -> list[Where]:
    equal = {"session_id": query.session_id, "agent_id": query.agent_id, "kind": query.kind, "status": query.status}
    where = [Where(column, "=", value) for column, value in equal.items() if value is not None]
    if query.kind is None and query.session_id is None:
        where.append(Where("kind", "=", "chat"))
    if query.status != "archived":
        where.append(Where("archived", "=", bool(query.archived)))
    elif query.archived is not None:
        where.append(Where("archived", "=", query.archived))
    if query.pinned is not None:
        where.append(Where("pinned", "=", query.pinned))
    if query.unread is not None:
        where.append(Where("unread", ">" if query.unread else "=", 0))
    where.extend(Where("tags", "has", tag) for tag in query.tag)
    where.extend(Where("metadata", "entry", pair) for pair in query.metadata.items())
    if query.from_ is not None:
        where.append(Where("active_at", ">=", query.from_))
    if query.to is not None:
        where.append(Where("active_at", "<", query.to))
    return where


def _order(sort: Sort) -> Order:
    return ((_COLUMNS[sort.removeprefix("-")], "desc" if sort.startswith("-") else "asc"),)


@routes.add("GET", "/threads/{thread_id}", "read", owns=(THREAD,), shows=ThreadResource, grants="view")
async def get_thread(call: Call) -> Response:
    """One thread, as of `Laneway-Offset`: a stream after it goes on exactly there."""
    owned = call.own(THREAD)
    snapshot = await call.read(Get(THREAD, owned.id), log=session_log(owned.session_id))
    thread = snapshot.results[0]
    if not isinstance(thread, Thread):
        raise NotFound
    if call.grant is not None:
        thread = shown_thread(thread)
    return call.show(thread_resource(thread), headers={**etag(thread.version), **offset_headers(snapshot)})


async def _update(call: Call) -> Response:
    thread, body = call.own(THREAD), await call.body(UpdateThreadBody)
    changes: dict[str, Json] = {
        name: value for name in body.__struct_fields__ if not isinstance(value := getattr(body, name), UnsetType)
    }
    if not isinstance(body.settings, UnsetType):
        changes["settings"] = body.settings.changes()
    if not isinstance(body.tags, UnsetType):
        changes["tags"] = distinct(body.tags)
    if not isinstance(body.metadata, UnsetType):
        try:
            bounded({**thread.metadata, **body.metadata}, "metadata")
        except TooLarge as error:
            await call.refuse(error)
    command = UpdateThread(at=call.at, seed=call.seed, thread_id=thread.id, changes=changes, if_version=call.if_version)
    changed = shown_as((await call.submit(command)).reply, ThreadResource)
    return call.show(changed, headers=etag(changed.version))


@routes.add(
    "PATCH", "/threads/{thread_id}", "write", owns=(THREAD,), body=UpdateThreadBody, shows=ThreadResource,
    is_conditional=True,
)  # fmt: skip
async def update_thread(call: Call) -> Response:
    """Change what is given."""
    return await _update(call)


@routes.add(
    "PUT", "/threads/{thread_id}", "write", owns=(THREAD,), body=UpdateThreadBody, shows=ThreadResource,
    is_conditional=True,
)  # fmt: skip
async def put_thread(call: Call) -> Response:
    """The same as PATCH: missing fields stay."""
    return await _update(call)


@routes.add("DELETE", "/threads/{thread_id}", "write", owns=(THREAD,), status=204, is_conditional=True)
async def delete_thread(call: Call) -> Response:
    """Delete a thread: what runs is cancelled, and every trace goes."""
    thread = call.own(THREAD)
    check_version(call.if_version, thread.version)
    await call.submit(DeleteThread(at=call.at, seed=call.seed, thread_id=thread.id))
    return call.nothing()


@routes.add("POST", "/threads/{thread_id}/read", "write", owns=(THREAD,), body=ReadBody, shows=Unread)
async def read_thread(call: Call) -> Response:
    """Mark the thread as read up to an item."""
    thread, body = call.own(THREAD), await call.body(ReadBody)
    item = (await call.read(Get(ITEM, body.item_id))).results[0]
    if not isinstance(item, Item) or item.thread_id != thread.id:
        raise NotFound
    left = await call.find(_answers_after(item))
    command = ReadThread(at=call.at, seed=call.seed, thread_id=thread.id, unread=left.total or 0)
    return call.show(shown_as((await call.submit(command)).reply, Unread))


def _answers_after(item: Item) -> Query:
    where = (
        Where("thread_id", "=", item.thread_id),
        Where("role", "=", "assistant"),
        Where("state", "in", ("complete", "interrupted")),
        Where("seq", ">", item.seq),
    )
    return Query(ITEM, where, limit=1, count=True)
