"""Sessions, their notes and attachments, and the telling of a changed state."""

from dataclasses import replace

from laneway.domain.changes import Changes, Decision, Put
from laneway.domain.command import (
    AddAttachment,
    AddNote,
    CreateSession,
    DeleteAttachment,
    DeleteNote,
    DeleteSession,
    SelectThread,
    TellState,
    UpdateNote,
    UpdateSession,
)
from laneway.domain.decide.users import audit
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import NotFound, TooMany, UnknownEnvironment
from laneway.domain.event import Event, SessionCreated, SessionDeleted, SessionUpdated, StateChanged
from laneway.domain.instant import Instant, seconds_between
from laneway.domain.kinds import ATTACHMENT, ENTRY, NOTE, SELECTION, SESSION, TURN
from laneway.domain.session import Attachment, Note, Selection, Session, session_resource
from laneway.domain.turn import cancelled_by_deletion

STATE_TOLD_EVERY_S = 1.0
DEFAULT_TITLE = "Default session"


def create_session(draft: Draft, command: CreateSession) -> Decision:
    if command.environment not in draft.rules.environments:
        raise UnknownEnvironment(
            f"There is no environment {command.environment!r}.",
            f"Choose one of: {', '.join(sorted(draft.rules.environments))}.",
        )
    limit = draft.rules.limits.sessions_per_user
    if limit and draft.view.count(SESSION) >= limit:
        raise TooMany(f"A user may have {limit} sessions (sessions_per_user).", "Delete one first.")
    session = Session(
        draft.ids.make("ses"), command.user_id, command.title or "New session", command.environment, command.mode,
        command.settings, draft.at, draft.at,
    )  # fmt: skip
    return draft.decision(session_resource(add_session(draft, session)))


def default_session(draft: Draft, user_id: str) -> Session:
    """The user's default session, made when it is missing."""
    for session in draft.view.some(SESSION):
        if session.default_of == user_id:
            return session
    return add_session(
        draft,
        Session(
            draft.ids.make("ses"), user_id, DEFAULT_TITLE, "plain", "copilot", {}, draft.at, draft.at, is_default=True
        ),
    )


def add_session(draft: Draft, session: Session) -> Session:
    """Put a new session, and tell it in its owner's home log."""
    draft.put(SESSION, session)
    draft.tell(SessionCreated(session_resource(session)), owner=session.owner, session_id=session.id)
    return session


def update_session(draft: Draft, command: UpdateSession) -> Decision:
    before = session = draft.session(command.session_id)
    check_version(command.if_version, session.version)
    session = replace(
        session,
        title=session.title if command.title is None else command.title,
        mode=session.mode if command.mode is None else command.mode,
        settings=session.settings if command.settings is None else {**session.settings, **command.settings},
        updated_at=draft.at,
        version=session.version + 1,
    )
    draft.put(SESSION, session)
    draft.tell(SessionUpdated(session_resource(session)), owner=session.owner, session_id=session.id)
    if command.mode is not None and command.mode != before.mode:
        # Whether tools that act on the world ask first.
        audit(draft, session.owner, f"session.mode.{session.mode}", session.id)
    return draft.decision(session_resource(session))


def delete_session(draft: Draft, command: DeleteSession) -> Decision:
    """One small commit: hidden, cancelled and fenced; one event for the whole cascade. The rows go afterwards."""
    session = draft.session(command.session_id)
    for turn in draft.view.some(TURN):
        draft.put(TURN, cancelled_by_deletion(turn, draft.at))
    draft.put(SESSION, replace(session, deleted=True, updated_at=draft.at))
    draft.tell(SessionDeleted(), owner=session.owner, session_id=session.id)
    draft.erase(session.id)
    audit(draft, session.owner, "session.deleted", session.id)
    return draft.decision()


# --- state -----------------------------------------------------------------------------------------------------------


def state_changed(draft: Draft, session: Session) -> Session:
    """Count a change of the session's state, and tell it unless one was told within the last second."""
    session = replace(session, state_version=session.state_version + 1)
    if _told_recently(session, draft.at):
        draft.put(SESSION, session)
        return session
    return _tell_state(draft, session)


def with_state_change(session: Session, changes: Changes, at: Instant) -> Changes:
    """An environment's changes with the session's new state version, when they touch the state at all."""
    if not any(each.kind is ENTRY for each in (*changes.puts, *changes.drops)):
        return changes
    session = replace(session, state_version=session.state_version + 1)
    if _told_recently(session, at):
        return changes.plus(Changes(puts=(Put(SESSION, session),)))
    session = replace(session, state_told_at=at, state_told_version=session.state_version)
    told = Event(StateChanged(session.state_version), session.owner, session.id, at)
    return changes.plus(Changes(puts=(Put(SESSION, session),), events=(told,)))


def _told_recently(session: Session, at: Instant) -> bool:
    # A telling that lies in the future was told by a clock that has been set back since.
    return bool(session.state_told_at) and 0 <= seconds_between(session.state_told_at, at) < STATE_TOLD_EVERY_S


def tell_state(draft: Draft, command: TellState) -> Decision:
    session = draft.session(command.session_id)
    if session.state_untold and not _told_recently(session, draft.at):
        _tell_state(draft, session)
    return draft.decision()


def _tell_state(draft: Draft, session: Session) -> Session:
    session = replace(session, state_told_at=draft.at, state_told_version=session.state_version)
    draft.put(SESSION, session)
    draft.tell(StateChanged(session.state_version), owner=session.owner, session_id=session.id)
    return session


# --- notes -----------------------------------------------------------------------------------------------------------


def add_note(draft: Draft, command: AddNote) -> Decision:
    session = draft.session(command.session_id)
    same = next(iter(draft.view.some(NOTE)), None) if command.key else None
    if same is None:
        limit = draft.rules.limits.notes_per_session
        if limit and draft.view.count(NOTE) >= limit:
            raise TooMany(f"A session may have {limit} notes (notes_per_session).", "Remove one first.")
        note = Note(
            draft.ids.make("not"), session.owner, session.id, command.text, command.prompt, command.key, draft.at,
            draft.at,
        )  # fmt: skip
    else:
        note = replace(same, text=command.text, prompt=command.prompt, updated_at=draft.at, version=same.version + 1)
    draft.put(NOTE, note)
    state_changed(draft, session)
    return draft.decision(note)


def update_note(draft: Draft, command: UpdateNote) -> Decision:
    session, note = draft.session(command.session_id), _note(draft, command.session_id, command.note_id)
    check_version(command.if_version, note.version)
    note = replace(
        note,
        text=note.text if command.text is None else command.text,
        prompt=note.prompt if command.prompt is None else command.prompt,
        key=note.key if command.key is None else command.key,
        updated_at=draft.at,
        version=note.version + 1,
    )
    draft.put(NOTE, note)
    state_changed(draft, session)
    return draft.decision(note)


def delete_note(draft: Draft, command: DeleteNote) -> Decision:
    session, note = draft.session(command.session_id), _note(draft, command.session_id, command.note_id)
    draft.drop(NOTE, note.id)
    state_changed(draft, session)
    return draft.decision()


def _note(draft: Draft, session_id: str, note_id: str) -> Note:
    note = draft.view.get(NOTE, note_id)
    if note is None or note.session_id != session_id:
        raise NotFound
    return note


# --- selections and attachments --------------------------------------------------------------------------------------


def select_thread(draft: Draft, command: SelectThread) -> Decision:
    thread = draft.thread(command.thread_id)
    if thread.session_id != command.session_id:
        raise NotFound
    selection = Selection(
        f"{command.user_id}/{command.session_id}", command.user_id, command.session_id, command.thread_id
    )
    draft.put(SELECTION, selection)
    return draft.decision({"thread_id": command.thread_id})


def add_attachment(draft: Draft, command: AddAttachment) -> Decision:
    if command.session_id is None:
        session = default_session(draft, command.user_id)
    else:
        session = draft.session(command.session_id)
    limit = draft.rules.limits.attachments_per_session
    # A default session that is made by this command holds nothing yet; one that is there is named by its caller.
    if limit and command.session_id is not None and draft.view.count(ATTACHMENT) >= limit:
        raise TooMany(f"A session may have {limit} attachments (attachments_per_session).", "Remove one first.")
    attachment = Attachment(
        draft.ids.make("att"), session.owner, session.id, command.name, command.media_type, command.size,
        command.sha256, draft.at,
    )  # fmt: skip
    draft.put(ATTACHMENT, attachment)
    return draft.decision(attachment)


def delete_attachment(draft: Draft, command: DeleteAttachment) -> Decision:
    if draft.view.get(ATTACHMENT, command.attachment.id) is None:
        raise NotFound
    draft.drop(ATTACHMENT, command.attachment.id)
    audit(draft, command.attachment.owner, "attachment.deleted", command.attachment.id)
    return draft.decision()
