"""Parcel writer: makes sessions and threads of parcels, by commands, in batches that hold nobody up."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

from laneway import wire
from laneway.agent import AgentProfile
from laneway.domain.command import ImportFile, ImportItems, ImportSession, ImportThread
from laneway.domain.decide.transfer import origin_id
from laneway.domain.errors import LanewayError, NotFound, TooLarge, Unavailable
from laneway.domain.instant import Instant
from laneway.domain.json import JsonObject, as_object
from laneway.domain.kinds import ATTACHMENT
from laneway.domain.parcel import (
    CommentParcel,
    EntryParcel,
    FileParcel,
    ItemParcel,
    LaneParcel,
    NoteParcel,
    Parcel,
    SessionParcel,
    ThreadParcel,
    TimerParcel,
    WaitingParcel,
)
from laneway.domain.principal import Principal
from laneway.domain.session import Attachment
from laneway.environment import Environment
from laneway.importer import BadImport, Skipped, Unreadable, Upload
from laneway.runtime.attachments import Attachments
from laneway.runtime.bounds import check
from laneway.runtime.submit import Runtime
from laneway.store import Page, Query, Store, Where

BATCH_ITEMS = 100
BATCH_BYTES = 512 * 1024
SKIPPED_TOLD = 1000
"""Things skipped that an answer lists; of the rest it tells the number."""
HERE = "it is here already"
CHANGED = "it was imported before, and does not begin any more as it did then"


@dataclass(frozen=True, slots=True)
class ImportBounds:
    """How much an import may bring."""

    unpacked_bytes: int
    file_bytes: int
    file_bytes_per_user: int


@dataclass(slots=True)
class Imported:
    """What an import has made, and what it has left out."""

    format: str
    sessions: int = 0
    threads: int = 0
    items: int = 0
    lanes: int = 0
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    untold: int = 0

    def skip(self, path: str, reason: str) -> None:
        """List something as left out, or count it when the list is long."""
        if len(self.skipped) < SKIPPED_TOLD:
            self.skipped.append(Skipped(path[:300], reason[:300]))
        else:
            self.untold += 1

    def reply(self) -> JsonObject:
        """The answer to whoever imports."""
        more = [Skipped("…", f"{self.untold} more")] if self.untold else []
        made = {"sessions": self.sessions, "threads": self.threads, "items": self.items, "lanes": self.lanes}
        skipped = [{"path": each.path, "reason": each.reason} for each in (*self.skipped, *more)]
        return {"format": self.format, "imported": made, "skipped": skipped}


@dataclass(frozen=True, slots=True)
class ImportServices:
    """What an import is recorded with."""

    runtime: Runtime
    store: Store
    attachments: Attachments
    environments: Mapping[str, Environment]
    profiles: Mapping[str, AgentProfile]
    """Of the agents, by their names."""
    bounds: ImportBounds


@dataclass(slots=True)
class _Session:
    """The session whose parcels are coming."""

    parcel: SessionParcel
    notes: list[NoteParcel] = field(default_factory=list[NoteParcel])
    entries: list[EntryParcel] = field(default_factory=list[EntryParcel])
    timers: list[TimerParcel] = field(default_factory=list[TimerParcel])
    files: dict[str, str] = field(default_factory=dict[str, str])
    id: str = ""
    is_refused: bool = False


class _Thread:
    """The thread whose parcels are coming: what waits, then its items, hashed as they come."""

    def __init__(self, parcel: ThreadParcel) -> None:
        self.parcel = parcel
        self.waiting: list[WaitingParcel] = []
        self.lanes: list[LaneParcel] = []
        self.comments: list[CommentParcel] = []
        self.batch: list[ItemParcel] = []
        self.id = ""
        self.is_refused = False
        self.was_here = False
        self.recorded = 0
        """Items that are here; those of the upload are skipped until as many have come."""
        self.recorded_digest = ""
        self.seen = 0
        self.added = 0
        self.batch_bytes = 0
        self._hash = hashlib.blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def see(self, item: ItemParcel) -> int:
        """Count an item in; returns its size."""
        body = wire.encode((item.role, item.agent, item.text, item.parts))
        self._hash.update(body)
        self.seen += 1
        return len(body)


class ParcelWriter:
    """One import under way. Parcels of one thing come together, so that only one session and thread are held."""

    def __init__(self, services: ImportServices, principal: Principal, upload: Upload, imported: Imported) -> None:
        self._services = services
        self._principal = principal
        self._upload = upload
        self._imported = imported
        self._session: _Session | None = None
        self._thread: _Thread | None = None
        self._bytes_left: int | None = None
        self._has_begun = False
        for each in upload.refused():
            imported.skip(each.path, each.reason)

    async def add(self, parcel: Parcel | Skipped) -> None:
        """Take in what comes next."""
        if isinstance(parcel, Skipped):
            self._imported.skip(parcel.path, parcel.reason)
            return
        try:
            check(parcel, self._services.environments)
            await self._add(parcel)
        except (Unavailable, BadImport):
            raise
        except LanewayError as error:
            self._refuse(parcel, error.detail)

    async def end(self) -> None:
        """Record what is still held."""
        await self._finish_thread()
        await self._open_session()

    @property
    def has_begun(self) -> bool:
        """Whether anything has been recorded."""
        return self._has_begun

    async def _add(self, parcel: Parcel) -> None:
        if isinstance(parcel, SessionParcel):
            await self.end()
            self._session = _Session(parcel)
            return
        session = self._session
        if session is None or session.is_refused:
            return
        match parcel:
            case NoteParcel():
                session.notes.append(parcel)
            case EntryParcel():
                session.entries.append(parcel)
            case TimerParcel():
                session.timers.append(parcel)
            case FileParcel():
                await self._open_session()
                await self._add_file(session, parcel)
            case ThreadParcel():
                await self._finish_thread()
                await self._open_session()
                self._thread = None if session.is_refused else _Thread(parcel)
            case WaitingParcel() | LaneParcel() | CommentParcel() | ItemParcel():
                await self._add_to_thread(session, parcel)

    def _refuse(self, parcel: Parcel, reason: str) -> None:
        """Leave out what the rules refuse; a session or thread goes with all that is in it."""
        match parcel:
            case SessionParcel():
                self._session, self._thread = None, None
                path = parcel.name
            case ThreadParcel():
                self._thread = None
                path = parcel.name
            case NoteParcel() | EntryParcel() | TimerParcel():
                path = self._session.parcel.name if self._session else ""
            case FileParcel():
                path = parcel.path
            case WaitingParcel() | LaneParcel() | CommentParcel() | ItemParcel():
                path = self._thread.parcel.name if self._thread else ""
        self._imported.skip(path, reason)

    # --- sessions and files --------------------------------------------------------------------------------------

    async def _open_session(self) -> None:
        """Record the session once all that belongs to it alone has come."""
        session = self._session
        if session is None or session.id or session.is_refused:
            return
        parcel = session.parcel
        entries = session.entries if parcel.environment == "plain" else []
        try:
            reply = await self._submit(
                ImportSession(
                    **self._made_of(parcel.name),
                    session=parcel,
                    notes=tuple(session.notes),
                    entries=tuple(entries),
                    timers=tuple(session.timers),
                )
            )
        except Unavailable:
            raise
        except LanewayError as error:
            session.is_refused = True
            self._imported.skip(parcel.name, error.detail)
            return
        session.id = str(reply["id"])
        self._imported.sessions += bool(reply["made"])
        if len(session.entries) > len(entries):
            self._imported.skip(parcel.name, f"the state of the environment {parcel.environment!r} is not imported")

    async def _add_file(self, session: _Session, parcel: FileParcel) -> None:
        if not session.id or parcel.name in session.files:
            return
        try:
            body = await asyncio.to_thread(self._upload.read, parcel.path)
        except Unreadable as error:
            self._imported.skip(parcel.path, str(error))
            return
        await self._check_room(len(body))
        bounds = self._services.bounds
        sha256, size = await self._services.attachments.put(_once(body), bounds.file_bytes or 2**62)
        reply = await self._submit(
            ImportFile(
                **self._made_of(session.parcel.name, "file", parcel.name),
                session_id=session.id,
                name=parcel.filename[:255],
                media_type=parcel.media_type,
                size=size,
                sha256=sha256,
                created_at=parcel.created_at,
            )
        )
        session.files[parcel.name] = str(reply["id"])

    async def _check_room(self, size: int) -> None:
        """Raise `TooLarge` when the user's files have no room for one of this size."""
        limit = self._services.bounds.file_bytes_per_user
        if self._bytes_left is None:
            self._bytes_left = limit - await self._bytes_used() if limit else 2**62
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise TooLarge(f"A user's files may have {limit} bytes together (attachment_bytes_per_user).")

    async def _bytes_used(self) -> int:
        query = Query(ATTACHMENT, (Where("owner", "=", self._principal.user_id),), limit=1000)
        used = 0
        while True:
            page = (await self._services.store.read(self._principal, query)).results[0]
            assert isinstance(page, Page)
            used += sum(each.size for each in page.records if isinstance(each, Attachment))
            if page.next_cursor is None:
                return used
            query = replace(query, cursor=page.next_cursor)

    # --- threads -------------------------------------------------------------------------------------------------

    async def _add_to_thread(
        self, session: _Session, parcel: WaitingParcel | LaneParcel | CommentParcel | ItemParcel
    ) -> None:
        thread = self._thread
        if thread is None or thread.is_refused:
            return
        if isinstance(parcel, WaitingParcel):
            thread.waiting.append(parcel)
        elif isinstance(parcel, LaneParcel):
            thread.lanes.append(parcel)
        elif isinstance(parcel, CommentParcel):
            thread.comments.append(parcel)
        else:
            await self._open_thread(session, thread)
            await self._add_item(session, thread, parcel)

    async def _open_thread(self, session: _Session, thread: _Thread) -> None:
        """Record the thread, without items, once what stands before them has come."""
        if thread.id or thread.is_refused:
            return
        parcel, name = thread.parcel, session.parcel.name
        try:
            reply = await self._submit(
                ImportThread(
                    **self._made_of(name, "thread", parcel.name),
                    session_id=session.id,
                    thread=parcel,
                    waiting=tuple(thread.waiting),
                    lanes=tuple(map(self._with_profile, thread.lanes)),
                    comments=tuple(thread.comments),
                    files=session.files,
                    parent_origin=self._origin(name, parcel.parent),
                    forked_origin=self._origin(name, parcel.forked_from),
                )
            )
        except LanewayError:
            thread.is_refused = True
            raise
        thread.id = str(reply["id"])
        if reply["made"]:
            self._imported.threads += 1
            self._imported.lanes += len(thread.lanes)
            return
        thread.was_here = True
        count = reply["count"]
        # A thread that was never imported is the one that was exported from here: it has all that it says.
        thread.is_refused = count is None
        thread.recorded = count if isinstance(count, int) else 0
        thread.recorded_digest = str(reply["digest"])

    async def _add_item(self, session: _Session, thread: _Thread, item: ItemParcel) -> None:
        if thread.is_refused:
            return
        size = thread.see(item)
        if thread.seen <= thread.recorded:
            if thread.seen == thread.recorded and thread.digest != thread.recorded_digest:
                thread.is_refused, thread.was_here = True, False
                self._imported.skip(thread.parcel.name, CHANGED)
            return
        thread.batch.append(item)
        thread.batch_bytes += size
        if len(thread.batch) >= BATCH_ITEMS or thread.batch_bytes >= BATCH_BYTES:
            await self._flush(session, thread)

    async def _finish_thread(self) -> None:
        """Record what is left of a thread whose parcels have all come."""
        session, thread, self._thread = self._session, self._thread, None
        if session is None or thread is None:
            return
        try:
            await self._open_thread(session, thread)
            await self._flush(session, thread)
        except Unavailable:
            raise
        except LanewayError as error:
            self._imported.skip(thread.parcel.name, error.detail)
            return
        if thread.was_here and not thread.added:
            self._imported.skip(thread.parcel.name, HERE)

    async def _flush(self, session: _Session, thread: _Thread) -> None:
        batch, thread.batch, thread.batch_bytes = tuple(thread.batch), [], 0
        if not batch or thread.is_refused:
            return
        command = ImportItems(
            **self._made_of(session.parcel.name, "thread", thread.parcel.name), thread_id=thread.id,
            after=thread.seen - len(batch), items=batch, digest=thread.digest, files=session.files,
        )  # fmt: skip
        try:
            await self._submit(command)
        except LanewayError:
            thread.is_refused = True
            raise
        thread.added += len(batch)
        self._imported.items += len(batch)

    def _with_profile(self, lane: LaneParcel) -> LaneParcel:
        """The lane under the present configuration of its agent: without one it is stale from the start."""
        profile = self._services.profiles.get(lane.agent)
        if profile is None:
            return replace(lane, backend=lane.backend or lane.agent, config_hash="")
        return replace(lane, backend=profile.kind, config_hash=profile.config_hash)

    # --- commands ------------------------------------------------------------------------------------------------

    def _origin(self, session: str, thread: str | None) -> str | None:
        if thread is None:
            return None
        return origin_id(self._principal.user_id, self._imported.format, session, "thread", thread)

    def _made_of(self, *names: str) -> "_Made":
        runtime, user_id = self._services.runtime, self._principal.user_id
        return {
            "at": runtime.clock.now(), "seed": runtime.clock.seed(), "user_id": user_id,
            "origin_id": origin_id(user_id, self._imported.format, *names),
            "keeps_name": self._imported.format == "laneway",
        }  # fmt: skip

    async def _submit(self, command: ImportSession | ImportFile | ImportThread | ImportItems) -> JsonObject:
        reply = as_object((await self._services.runtime.submit(self._principal, command)).reply)
        if reply is None:
            raise NotFound
        self._has_begun = True
        return reply


class _Made(TypedDict):
    at: Instant
    seed: bytes
    user_id: str
    origin_id: str
    keeps_name: bool


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
