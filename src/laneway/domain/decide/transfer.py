"""What comes from elsewhere: made anew, with ids of this server, and only once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from laneway.domain.alert import Timer, timer_resource
from laneway.domain.changes import Count, Decision, One
from laneway.domain.command import ImportFile, ImportItems, ImportSession, ImportThread
from laneway.domain.decide.outcome import is_message
from laneway.domain.decide.queue import header_of
from laneway.domain.decide.sessions import add_session
from laneway.domain.decide.users import audit
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft
from laneway.domain.errors import Busy, Conflict, NotFound, QueueFull, TooMany, UnknownEnvironment
from laneway.domain.event import (
    CommentAdded,
    ItemCompleted,
    ItemStarted,
    QueueItemAdded,
    QueuePaused,
    ThreadCreated,
    TimerCreated,
)
from laneway.domain.ids import Ids
from laneway.domain.item import Item, Part, item_resource
from laneway.domain.kinds import (
    ATTACHMENT,
    COMMENT,
    ENTRY,
    ITEM,
    LANE,
    NOTE,
    ORIGIN,
    QUEUE_ITEM,
    SESSION,
    THREAD,
    TIMER,
    VOTE,
)
from laneway.domain.lane import Lane, LaneKey, lane_id
from laneway.domain.parcel import WAITED, CommentParcel, ItemParcel, LaneParcel, Origin, VoteParcel, WaitingParcel
from laneway.domain.queue import QueueItem, queue_item_resource
from laneway.domain.session import Attachment, EnvironmentEntry, Note, Session
from laneway.domain.share import Comment, comment_resource
from laneway.domain.thread import UNTITLED, Thread, preview_of, thread_summary, title_from
from laneway.domain.vote import Vote, vote_id


def origin_id(user_id: str, *names: str) -> str:
    """Under which an owner's import of a named thing is remembered. Nobody else's import can meet it."""
    text = "\n".join(f"{len(name)} {name}" for name in (user_id, *names))
    return "org_" + hashlib.sha256(text.encode()).hexdigest()


# --- sessions --------------------------------------------------------------------------------------------------------


def import_session_needs(command: ImportSession) -> Needs:
    """What was made of it before, the session itself where it is still here, and how many there are."""
    here = (One(SESSION, command.session.name),) if command.keeps_name else ()
    return (One(ORIGIN, command.origin_id, ("session_id",)), *here, Count(SESSION, {"deleted": 0}))


def import_session(draft: Draft, command: ImportSession) -> Decision:
    """Make a session with its notes, entries and timers in one commit, unless it is here."""
    found = _session_here(draft, command)
    if found is not None:
        return draft.decision({"id": found.id, "made": False})
    _check_session(draft, command)
    parcel = command.session
    session = Session(
        draft.ids.make("ses"), command.user_id, parcel.title or "Imported", parcel.environment,
        parcel.mode, parcel.settings, parcel.created_at or draft.at, draft.at,
    )  # fmt: skip
    add_session(draft, session)
    for note in command.notes:
        made = Note(
            draft.ids.make("not"), session.owner, session.id, note.text, note.prompt, note.key,
            note.created_at or draft.at, note.updated_at or note.created_at or draft.at,
        )  # fmt: skip
        draft.put(NOTE, made)
    for entry in command.entries:
        name = f"{session.id}/{entry.collection}/{entry.key}"
        draft.put(
            ENTRY,
            EnvironmentEntry(name, session.owner, session.id, entry.collection, entry.key, entry.value, 1, draft.at),
        )
    for each in command.timers:
        timer = Timer(
            draft.ids.make("tmr"), session.owner, session.id, each.text, each.agent_id, each.missed,
            "done" if each.state == "done" else "paused", each.created_at or draft.at, each.at, each.every_s,
            each.cron, each.timezone,
        )  # fmt: skip
        draft.put(TIMER, timer)
        draft.tell(TimerCreated(timer_resource(timer)), owner=session.owner, session_id=session.id)
    _remember(draft, command, session.id, None, session.id, command.session.name)
    audit(draft, session.owner, "session.imported", session.id)
    return draft.decision({"id": session.id, "made": True})


def _session_here(draft: Draft, command: ImportSession) -> Session | None:
    origin = draft.view.get(ORIGIN, command.origin_id)
    made = draft.view.get(SESSION, origin.session_id) if origin else None
    if made is None and command.keeps_name:
        made = draft.view.get(SESSION, command.session.name)
    return None if made is None or made.deleted else made


def _check_session(draft: Draft, command: ImportSession) -> None:
    if command.session.environment not in draft.rules.environments:
        raise UnknownEnvironment(f"There is no environment {command.session.environment!r}.")
    limits = draft.rules.limits
    if limits.sessions_per_user and draft.view.count(SESSION) >= limits.sessions_per_user:
        raise TooMany(f"A user may have {limits.sessions_per_user} sessions (sessions_per_user).", "Delete one first.")
    for name, limit, count in (
        ("notes", limits.notes_per_session, len(command.notes)),
        ("entries", limits.entries_per_session, len(command.entries)),
        ("timers", limits.timers_per_session, len(command.timers)),
    ):
        if limit and count > limit:
            raise TooMany(f"A session may have {limit} {name} ({name}_per_session).")


# --- files -----------------------------------------------------------------------------------------------------------


def import_file_needs(command: ImportFile) -> Needs:
    """What was made of it before, and how many files the session has."""
    return (
        One(SESSION, command.session_id),
        One(ORIGIN, command.origin_id, ("made",)),
        Count(ATTACHMENT, {"session_id": command.session_id}),
    )


def import_file(draft: Draft, command: ImportFile) -> Decision:
    """Add a file to its session, unless it is there."""
    session = draft.session(command.session_id)
    origin = draft.view.get(ORIGIN, command.origin_id)
    if origin is not None and draft.view.get(ATTACHMENT, origin.made) is not None:
        return draft.decision({"id": origin.made, "made": False})
    limit = draft.rules.limits.attachments_per_session
    if limit and draft.view.count(ATTACHMENT) >= limit:
        raise TooMany(f"A session may have {limit} attachments (attachments_per_session).", "Remove one first.")
    made = Attachment(
        draft.ids.make("att"), session.owner, session.id, command.name, command.media_type, command.size,
        command.sha256, command.created_at or draft.at,
    )  # fmt: skip
    draft.put(ATTACHMENT, made)
    _remember(draft, command, session.id, None, made.id, None)
    return draft.decision({"id": made.id, "made": True})


# --- threads ---------------------------------------------------------------------------------------------------------


def import_thread_needs(command: ImportThread) -> Needs:
    """What was made of it before, the thread itself where it is still here, and those that it comes from."""
    here = (One(THREAD, command.thread.name),) if command.keeps_name else ()
    kin = tuple(One(ORIGIN, each) for each in (command.parent_origin, command.forked_origin) if each is not None)
    return (
        One(SESSION, command.session_id),
        One(ORIGIN, command.origin_id, ("thread_id",)),
        *here,
        *kin,
        Count(THREAD, {"deleted": 0, "archived": 0}),
        Count(QUEUE_ITEM, {"open": 1}),
    )


def import_thread(draft: Draft, command: ImportThread) -> Decision:
    """Make a thread without items; `count` says how many of its items are here, None that it was never imported."""
    session = draft.session(command.session_id)
    origin = draft.view.get(ORIGIN, command.origin_id)
    found = draft.view.get(THREAD, origin.thread_id) if origin and origin.thread_id else None
    if origin is not None and found is not None and not found.deleted:
        return draft.decision({"id": found.id, "made": False, "count": origin.count, "digest": origin.digest})
    if command.keeps_name:
        found = draft.view.get(THREAD, command.thread.name)
        if found is not None and not found.deleted and found.session_id == session.id:
            return draft.decision({"id": found.id, "made": False, "count": None, "digest": ""})
    limit = draft.rules.limits.threads_per_user
    if limit and draft.view.count(THREAD) >= limit:
        raise TooMany(f"A user may have {limit} threads (threads_per_user).", "Delete one first.")
    thread = draft.add(_thread(draft, session, command))
    draft.tell_thread(thread, ThreadCreated(thread_summary(thread)))
    for waiting in command.waiting:
        thread = _wait(draft, thread, waiting, command.files)
    if thread.settings.paused:
        draft.tell_thread(thread, QueuePaused(thread.pause_reason or WAITED))
    for lane in command.lanes:
        _keep_lane(draft, thread, lane)
    _comment(draft, thread, command.comments, None, 0)
    _remember(draft, command, session.id, thread.id, thread.id, command.thread.name)
    return draft.decision({"id": thread.id, "made": True, "count": 0, "digest": ""})


def _thread(draft: Draft, session: Session, command: ImportThread) -> Thread:
    parcel = command.thread
    limit = draft.rules.limits.queue_per_thread
    if limit and len(command.waiting) > limit:
        raise QueueFull(f"A thread's queue holds {limit} items (queue_per_thread).")
    per_user = draft.rules.limits.queue_per_user
    if per_user and command.waiting and draft.view.count(QUEUE_ITEM) + len(command.waiting) > per_user:
        raise QueueFull(f"Your queues hold {per_user} items together (queue_per_user).")
    # What this system has written is in its form already; a foreign title is cut to it.
    title = parcel.title if command.keeps_name or not parcel.title else title_from(parcel.title)
    is_paused = parcel.settings.paused or bool(command.waiting)
    return Thread(
        draft.ids.make("thr"), session.owner, session.id, parcel.agent_id or draft.rules.default_agent, parcel.kind,
        title or UNTITLED, parcel.title_source if title else "default", parcel.created_at or draft.at, draft.at,
        members=parcel.members, summary=parcel.summary, unread=parcel.unread, tags=parcel.tags, pinned=parcel.pinned,
        archived=parcel.archived, metadata=parcel.metadata, settings=replace(parcel.settings, paused=is_paused),
        pause_reason=(parcel.pause_reason or WAITED) if is_paused else None, usage=parcel.usage,
        parent_thread_id=_kin(draft, command.parent_origin), forked_from=_kin(draft, command.forked_origin),
    )  # fmt: skip


def _kin(draft: Draft, origin_id: str | None) -> str | None:
    origin = draft.view.get(ORIGIN, origin_id) if origin_id is not None else None
    return origin.thread_id if origin else None


def _wait(draft: Draft, thread: Thread, parcel: WaitingParcel, files: Mapping[str, str]) -> Thread:
    """Let an input wait again, at the end of a queue that is paused."""
    item = QueueItem(
        id=draft.ids.make("que"), owner=thread.owner, session_id=thread.session_id, thread_id=thread.id,
        state="held" if parcel.hold else "queued", delivery=parcel.delivery, hold=parcel.hold, sender=parcel.sender,
        parts=_parts(parcel.parts, files), text=parcel.text, created_at=parcel.created_at or draft.at,
        changed_at=draft.at, agents=parcel.agents, discard=parcel.discard,
    )  # fmt: skip
    thread = draft.save(replace(thread, queue=(*thread.queue, header_of(item)), queue_version=thread.queue_version + 1))
    draft.put(QUEUE_ITEM, item)
    draft.tell_thread(thread, QueueItemAdded(queue_item_resource(item, len(thread.queue))))
    return thread


def _keep_lane(draft: Draft, thread: Thread, parcel: LaneParcel) -> None:
    """Give the resume id to exactly this lane of this thread."""
    key = LaneKey(parcel.workflow, thread.id, parcel.agent)
    lane = Lane(
        lane_id(thread.session_id, key), thread.owner, thread.session_id, thread.id, key.workflow, key.scope, key.agent,
        parcel.backend, parcel.config_hash, parcel.resume_id, None, 1, "usable" if parcel.config_hash else "stale",
        draft.at,
    )  # fmt: skip
    draft.put(LANE, lane)


# --- items -----------------------------------------------------------------------------------------------------------


def import_items_needs(command: ImportItems) -> Needs:
    """The thread with its turn, and how far its import has come."""
    return (
        One(THREAD, command.thread_id, ("active_turn_id",)),
        One(ORIGIN, command.origin_id),
        Count(COMMENT, {"thread_id": command.thread_id}),
    )


def import_items(draft: Draft, command: ImportItems) -> Decision:
    """Copy the next items into the thread, told one by one as those of a fork are."""
    thread, origin = draft.thread(command.thread_id), draft.view.get(ORIGIN, command.origin_id)
    if origin is None or origin.thread_id != thread.id:
        raise NotFound
    if origin.count != command.after:
        raise Conflict("Another import of the same thread is under way.", "Import it again.")
    if thread.active_turn_id is not None:
        raise Busy("The thread runs a turn.", "Import it again when it is idle.")
    commented = draft.view.count(COMMENT)
    items = [_item(draft, thread, parcel, command.files) for parcel in command.items]
    for item, parcel in zip(items, command.items, strict=True):
        started = draft.tell_item(thread, ItemStarted(item_resource(item)), item)
        draft.put(ITEM, item, numbered_by=started)
        draft.tell_item(thread, ItemCompleted(item_resource(item)), item)
        if parcel.vote is not None:
            draft.put(VOTE, _vote(draft, item, parcel.vote))
        commented = _comment(draft, thread, parcel.comments, item.id, commented)
    draft.save(_with_messages(thread, [item for item in items if is_message(item)]))
    draft.put(ORIGIN, replace(origin, count=origin.count + len(items), digest=command.digest))
    return draft.decision({"count": origin.count + len(items)})


def _item(draft: Draft, thread: Thread, parcel: ItemParcel, files: Mapping[str, str]) -> Item:
    return Item(
        draft.ids.make("itm"), thread.owner, thread.session_id, thread.id, _turn_id(thread, parcel.turn), parcel.role,
        parcel.agent, _parts(parcel.parts, files), parcel.text, parcel.state, parcel.created_at or draft.at,
        sender=parcel.sender, call=replace(parcel.call, approval_id=None) if parcel.call else None,
    )  # fmt: skip


def _vote(draft: Draft, item: Item, parcel: VoteParcel) -> Vote:
    return Vote(
        vote_id(item.owner, item.id), item.owner, item.session_id, item.thread_id, item.id, parcel.value,
        parcel.comment, parcel.at or draft.at,
    )  # fmt: skip


def _comment(draft: Draft, thread: Thread, parcels: Sequence[CommentParcel], item_id: str | None, before: int) -> int:
    """Put comments beside a thread or an item of it; returns how many the thread has now."""
    limit = draft.rules.limits.comments_per_thread
    if limit and parcels and before + len(parcels) > limit:
        raise TooMany(f"A thread may have {limit} comments (comments_per_thread).")
    for parcel in parcels:
        comment = Comment(
            draft.ids.make("cmt"), thread.owner, thread.session_id, thread.id, thread.owner if parcel.is_own else None,
            parcel.author, parcel.text, item_id, parcel.created_at or draft.at,
        )  # fmt: skip
        draft.put(COMMENT, comment)
        draft.tell_thread(thread, CommentAdded(comment_resource(comment)))
    return before + len(parcels)


def _turn_id(thread: Thread, number: int) -> str:
    """The same turn in whichever batch an item of it comes. There is no record of a turn that ran elsewhere."""
    return Ids(hashlib.blake2b(f"{thread.id} {number}".encode(), digest_size=16).digest()).make("trn")


def _parts(parts: Sequence[Part], files: Mapping[str, str]) -> tuple[Part, ...]:
    """The parts with the ids that their files have here; a file that is not here is named by none."""
    return tuple(
        replace(part, attachment_id=files.get(part.attachment_id or "")) if part.type in ("image", "file") else part
        for part in parts
    )


def _with_messages(thread: Thread, messages: Sequence[Item]) -> Thread:
    if not messages:
        return thread
    last = messages[-1]
    return replace(
        thread, message_count=thread.message_count + len(messages), last_message=preview_of(last.text),
        last_message_at=last.created_at,
    )  # fmt: skip


def _remember(
    draft: Draft, command: ImportSession | ImportFile | ImportThread, session_id: str, thread_id: str | None,
    made: str, name: str | None,
) -> None:  # fmt: skip
    kept = name if command.keeps_name else None
    draft.put(ORIGIN, Origin(command.origin_id, command.user_id, session_id, thread_id, made, kept))
