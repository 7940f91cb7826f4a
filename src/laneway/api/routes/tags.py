"""Tags: what the caller's threads are marked with."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Body
from laneway.api.call import Call, records_of
from laneway.api.paging import Paging, page_tally
from laneway.api.resources import TagResource
from laneway.api.route import Routes
from laneway.domain.command import RenameTag
from laneway.domain.errors import NotFound
from laneway.domain.kinds import THREAD
from laneway.domain.thread import Thread
from laneway.store import Query, Tally, Where

routes = Routes("Tags")

CHUNK = 100
"""Threads that one commit renames a tag of: other commits find their place between two of them."""


class RenameTagBody(Body, frozen=True):
    """The tag's new name. Where a thread has both, they become one."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


@routes.add("GET", "/tags", "read", query=Paging, shows=list[TagResource])
async def list_tags(call: Call) -> Response:
    """The tags of the caller's threads, archived ones too, with how many threads have each: the most used first."""
    page = await call.tally(page_tally(Tally(THREAD, "tags"), call.query(Paging)))
    return call.show_page([TagResource(each.key, each.count) for each in page.shares], page)


@routes.add(
    "PATCH", "/tags/{tag:path}", "write", body=RenameTagBody, shows=TagResource, refuses=(404,),
)  # fmt: skip
async def rename_tag(call: Call) -> Response:
    """Rename a tag in all threads that have it, some hundred at a time; a name that is in use merges the two."""
    tag = call.path("tag")
    threads, has_more = await _having(call, tag)
    if not threads and not call.headers.all("idempotency-key"):
        raise NotFound
    body = await call.body(RenameTagBody)
    done = 0
    while has_more and body.name != tag:
        await call.app.runtime.submit(call.principal, _renaming(call, tag, body.name, threads, done))
        done += len(threads)
        threads, has_more = await _having(call, tag)
    # The last commit keeps the answer for a repeated request; it always has something to do.
    return call.show((await call.submit(_renaming(call, tag, body.name, threads, done))).reply)


def _renaming(call: Call, tag: str, name: str, threads: tuple[str, ...], done: int) -> RenameTag:
    return RenameTag(at=call.at, seed=call.seed, tag=tag, name=name, thread_ids=threads, done=done)


async def _having(call: Call, tag: str) -> tuple[tuple[str, ...], bool]:
    """Some of the threads that have the tag, and whether there are more."""
    page = await call.find(Query(THREAD, (Where("tags", "has", tag),), limit=CHUNK))
    return tuple(thread.id for thread in records_of(page, Thread)), page.next_cursor is not None
