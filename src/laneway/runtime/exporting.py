"""Exporting: a session as a zip, written while it is read. The same session gives the same bytes."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import TypeVar, cast

from laneway import wire
from laneway.domain.alert import Timer
from laneway.domain.errors import NotFound
from laneway.domain.instant import Instant
from laneway.domain.item import Item
from laneway.domain.kinds import (
    ATTACHMENT,
    COMMENT,
    ENTRY,
    ITEM,
    NOTE,
    ORIGIN,
    QUEUE_ITEM,
    SESSION,
    THREAD,
    TIMER,
    VOTE,
)
from laneway.domain.parcel import FileParcel, Origin
from laneway.domain.principal import Principal
from laneway.domain.queue import QueueItem
from laneway.domain.record import Kind, Record
from laneway.domain.session import Attachment, EnvironmentEntry, Note, Session
from laneway.domain.share import Comment
from laneway.domain.thread import Thread
from laneway.domain.vote import Vote
from laneway.importer import MANIFEST, VERSION
from laneway.runtime import markdown
from laneway.runtime.attachments import Attachments
from laneway.runtime.parcelling import (
    Beside,
    Names,
    comment_parcels,
    entry_parcels,
    file_parcels,
    item_parcel,
    line,
    note_parcels,
    session_parcel,
    thread_parcel,
    timer_parcels,
    waiting_parcels,
)
from laneway.store import Fold, Get, Page, Query, Store, Where

PAGE = 200
CHUNK = 64 * 1024
AT_MOST = 100_000
"""Of what lies beside one thread's items: its bounds are far below."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can tell: an export carries no time of its own."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A thread before it is read: what decides its place."""

    id: str
    name: str
    created_at: Instant
    kin: tuple[str, ...]


class Exports:
    """Reads sessions out. What belongs to a session alone is read first, then thread by thread.

    Each thread is read as of one moment as far as its first two hundred items reach; later items of a thread that runs
    meanwhile may be newer than its first. Nothing that was there at the beginning is missing.
    """

    def __init__(self, store: Store, attachments: Attachments) -> None:
        self._store = store
        self._attachments = attachments

    async def of(self, principal: Principal, session_id: str) -> AsyncIterator[bytes]:
        """The bytes of a session's export. Raises `NotFound` before the first of them."""
        session = (await self._store.read(principal, Get(SESSION, session_id))).results[0]
        if not isinstance(session, Session) or session.deleted:
            raise NotFound
        return _filled(_Export(self._store, self._attachments, principal, session).written())


async def _filled(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What there is: an empty chunk would end a chunked answer."""
    async for chunk in chunks:
        if chunk:
            yield chunk


class _Export:
    """One export under way."""

    def __init__(self, store: Store, attachments: Attachments, principal: Principal, session: Session) -> None:
        self._store = store
        self._attachments = attachments
        self._principal = principal
        self._session = session
        self._sink = _Sink()

    async def written(self) -> AsyncIterator[bytes]:
        with zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED) as archive:
            manifest = {"format": "laneway", "version": VERSION}
            _write(archive, MANIFEST, iter([wire.encode(manifest) + b"\n"]))
            files, names = await self._head(archive)
            yield self._sink.taken()
            threads = await self._threads(names)
            within = {each.id for each in threads}
            for number, each in enumerate(threads, 1):
                async for chunk in self._thread(archive, number, each, names, within):
                    yield chunk
            for path in sorted({each.path for each in files}):
                async for chunk in self._file(archive, path):
                    yield chunk
        yield self._sink.taken()

    async def _head(self, archive: zipfile.ZipFile) -> tuple[Sequence[FileParcel], Names]:
        """Write what belongs to the session alone; returns its files, and what is called how."""
        of_session = Where("session_id", "=", self._session.id)
        origins = [each async for each in self._all(ORIGIN, Origin, of_session)]
        files, numbers = file_parcels([each async for each in self._all(ATTACHMENT, Attachment, of_session)])
        names = Names({each.made: each.name for each in origins if each.name is not None}, numbers)
        parcels = (
            session_parcel(self._session, names),
            *note_parcels([each async for each in self._all(NOTE, Note, of_session)]),
            *entry_parcels([each async for each in self._all(ENTRY, EnvironmentEntry, of_session)]),
            *timer_parcels([each async for each in self._all(TIMER, Timer, of_session)]),
            *files,
        )
        _write(archive, "session.jsonl", map(line, parcels))
        return files, names

    async def _threads(self, names: Names) -> list[_Listed]:
        """The session's threads by age and name, a parent and an original before what came of it."""
        found: dict[str, _Listed] = {}
        async for thread in self._all(THREAD, Thread, Where("session_id", "=", self._session.id)):
            kin = tuple(each for each in (thread.parent_thread_id, thread.forked_from) if each is not None)
            found[thread.id] = _Listed(thread.id, names.of(thread.id), thread.created_at, kin)
        ordered: dict[str, _Listed] = {}
        for each in sorted(found.values(), key=lambda each: (each.created_at, each.name)):
            _place(each, found, ordered)
        return list(ordered.values())

    async def _thread(
        self, archive: zipfile.ZipFile, number: int, listed: _Listed, names: Names, within: set[str]
    ) -> AsyncIterator[bytes]:
        """One thread as lines, and as a page for people."""
        read = await self._read(listed.id)
        if read is None:
            return
        waits = waiting_parcels(read.thread, read.waiting, names)
        parcel = thread_parcel(read.thread, bool(waits), names, within)
        name = f"threads/{number:05}-{_slug(read.thread.title)}"
        turns: dict[str, int] = {}
        with SpooledTemporaryFile(max_size=1024 * 1024) as for_people:
            for_people.write(markdown.heading(parcel).encode())
            with archive.open(_info(f"{name}.jsonl"), "w", force_zip64=True) as lines:
                lines.writelines(map(line, (parcel, *waits, *comment_parcels(read.beside.comments.get(None, ())))))
                async for records in self._pages(read.items, read.page):
                    told = [
                        item_parcel(item, turns.setdefault(item.turn_id, len(turns) + 1), read.beside, names)
                        for item in records
                        if isinstance(item, Item)
                    ]
                    # Compressing takes long enough to be felt by everybody else on the loop.
                    await asyncio.to_thread(lines.writelines, map(line, told))
                    for_people.writelines(markdown.message(item).encode() for item in told)
                    yield self._sink.taken()
            for_people.seek(0)
            await asyncio.to_thread(_write, archive, f"{name}.md", iter(lambda: for_people.read(CHUNK), b""))
        yield self._sink.taken()

    async def _read(self, thread_id: str) -> "_Read | None":
        """A thread with all that lies beside its items and the first page of these; None when it is gone."""
        of_thread = Where("thread_id", "=", thread_id)
        items = Query(ITEM, (of_thread,), order=(("seq", "asc"),), limit=PAGE)
        read = await self._store.read(
            self._principal, Get(THREAD, thread_id), Fold(thread_id),
            Query(QUEUE_ITEM, (of_thread, Where("open", "=", 1)), limit=AT_MOST),
            Query(VOTE, (of_thread,), limit=AT_MOST), Query(COMMENT, (of_thread,), limit=AT_MOST), items,
        )  # fmt: skip
        thread, folded, waiting, votes, comments, page = read.results
        if not isinstance(thread, Thread) or thread.deleted:
            return None
        assert isinstance(page, Page)
        beside = Beside(
            cast("dict[str, str]", folded),  # what `Fold` promises
            {each.item_id: each for each in _records(votes, Vote)},
            _by_item(_records(comments, Comment)),
        )
        return _Read(thread, _records(waiting, QueueItem), beside, items, page)

    async def _file(self, archive: zipfile.ZipFile, path: str) -> AsyncIterator[bytes]:
        try:
            stored = self._attachments.path(path.removeprefix("attachments/"))
        except NotFound:
            # Deleted since it was listed: the import says that it is missing.
            return
        with stored.open("rb") as file, archive.open(_info(path), "w", force_zip64=True) as member:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                await asyncio.to_thread(member.write, chunk)
                yield self._sink.taken()

    async def _all(self, kind: Kind[Record], type_: type[R], where: Where) -> AsyncIterator[R]:
        """All records of a kind that a condition leaves."""
        async for records in self._pages(Query(kind, (where,), limit=PAGE)):
            for record in records:
                if isinstance(record, type_):
                    yield record

    async def _pages(self, query: Query, page: Page | None = None) -> AsyncIterator[Sequence[Record]]:
        """The pages of a query, of which the first may have been read."""
        while True:
            if page is None:
                read = (await self._store.read(self._principal, query)).results[0]
                assert isinstance(read, Page)
                page = read
            yield page.records
            if page.next_cursor is None:
                return
            query, page = replace(query, cursor=page.next_cursor), None


@dataclass(frozen=True, slots=True)
class _Read:
    """What one read has told of a thread."""

    thread: Thread
    waiting: Sequence[QueueItem]
    beside: Beside
    items: Query
    page: Page
    """The first of `items`."""


class _Sink(io.RawIOBase):
    """Takes what a zip is made of, which cannot go back, and gives it out as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        chunk = bytes(memoryview(data))  # pyright: ignore[reportArgumentType] - any buffer, as RawIOBase has it
        self._chunks.append(chunk)
        return len(chunk)

    def taken(self) -> bytes:
        """What has come since the last time."""
        taken = b"".join(self._chunks)
        self._chunks = []
        return taken


def _records(page: object, type_: type[R]) -> list[R]:
    assert isinstance(page, Page)
    return [each for each in page.records if isinstance(each, type_)]


def _by_item(comments: Sequence[Comment]) -> dict[str | None, list[Comment]]:
    """Comments by the item that they are on; those on the thread itself are under None."""
    by_item: dict[str | None, list[Comment]] = {}
    for comment in comments:
        by_item.setdefault(comment.item_id, []).append(comment)
    return by_item


def _place(each: _Listed, found: dict[str, _Listed], ordered: dict[str, _Listed]) -> None:
    """Put a thread after those that it comes from, however many generations there are."""
    line_of = [each]
    while line_of:
        last = line_of[-1]
        first = next(
            (found[id] for id in last.kin if id in found and id not in ordered and found[id] not in line_of), None
        )
        if first is None:
            ordered[last.id] = line_of.pop()
        else:
            line_of.append(first)


def _slug(title: str) -> str:
    """A title as a part of a file name; the number before it keeps it unique."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:40].strip("-") or "thread"


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o600 << 16
    return info


def _write(archive: zipfile.ZipFile, name: str, chunks: Iterator[bytes]) -> None:
    with archive.open(_info(name), "w", force_zip64=True) as member:
        for chunk in chunks:
            member.write(chunk)
