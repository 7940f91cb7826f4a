"""Leaving: users are changed, kept out, or deleted with all that is theirs. Somebody who administers always stays."""

from dataclasses import replace

from laneway.domain.alert import timer_resource
from laneway.domain.changes import Count, Decision, One, Some
from laneway.domain.command import DeleteUser, UpdateUser
from laneway.domain.decide.pause import paused
from laneway.domain.decide.shares import withdraw
from laneway.domain.decide.users import audit, check_name
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import Conflict, LastAdmin, NotFound
from laneway.domain.event import TimerUpdated, UserUpdated
from laneway.domain.kinds import KEY, LOGIN, QUEUE_ITEM, SESSION, SHARE, TIMER, TURN, USER
from laneway.domain.turn import CancelRequest, cancelled_by_deletion
from laneway.domain.user import User, user_resource

MOST = 10_000
"""How many sessions or timers of one user a single commit changes."""


def update_needs(command: UpdateUser) -> Needs:
    """A user, whoever has the new name, and, for one who is kept out, whatever of theirs runs or would run."""
    named = (Some(USER, {"name": command.name}),) if command.name is not None else ()
    if command.active is not False:
        return (*_user(command.user_id), *named)
    mine = {"owner": command.user_id}
    return (
        *_user(command.user_id),
        *named,
        *_turns(command.user_id),
        Some(LOGIN, mine),
        Some(QUEUE_ITEM, {**mine, "open": 1}, limit=MOST, follow=("thread_id",)),
        Some(TIMER, mine, limit=MOST),
    )


def delete_needs(command: DeleteUser) -> Needs:
    """A user, and what a deletion ends at once. The rest of what is theirs goes with the erasure."""
    mine = {"owner": command.user_id}
    return (
        *_user(command.user_id),
        *_turns(command.user_id),
        Some(TURN, {**mine, "status": "needs_review"}),
        Some(KEY, mine),
        Some(LOGIN, mine),
        Some(SESSION, mine, limit=MOST),
        Some(SHARE, {"grantee_id": command.user_id}, limit=MOST),
    )


def _user(user_id: str) -> Needs:
    return One(USER, user_id), Count(USER, {"administers": 1})


def _turns(user_id: str) -> Needs:
    return tuple(Some(TURN, {"owner": user_id, "status": status}) for status in ("running", "waiting"))


def update_user(draft: Draft, command: UpdateUser) -> Decision:
    before = _found(draft, command.user_id)
    check_version(command.if_version, before.version)
    if command.name is not None and command.name != before.name:
        check_name(draft, command.name)
    user = replace(
        before,
        name=before.name if command.name is None else command.name,
        role=command.role or before.role,
        active=before.active if command.active is None else command.active,
        version=before.version + 1,
    )
    _check_administered(draft, before, user)
    draft.put(USER, user)
    if before.active and not user.active:
        _keep_out(draft, user)
    draft.tell(UserUpdated(user_resource(user)), owner=user.id, session_id=None)
    for act in _acts(before, user):
        audit(draft, user.id, act, user.id, command.by)
    return draft.decision(user_resource(user))


def _acts(before: User, after: User) -> tuple[str, ...]:
    """What a change amounts to: the name of each permission that it changes, or that it changes none."""
    role = (f"user.role.{after.role}",) if before.role != after.role else ()
    active = ("user.activated" if after.active else "user.deactivated",) if before.active != after.active else ()
    return role + active or ("user.updated",)


def _keep_out(draft: Draft, user: User) -> None:
    """End the logins and what runs, and let nothing start again by itself. Keys are dead while the user is inactive."""
    for login in draft.view.some(LOGIN):
        draft.drop(LOGIN, login.id)
    for turn in draft.view.some(TURN):
        if turn.cancel is None:
            draft.put(TURN, replace(turn, cancel=CancelRequest("stop", draft.at)))
    for thread_id in sorted({item.thread_id for item in draft.view.some(QUEUE_ITEM)}):
        draft.save(paused(draft, draft.thread(thread_id), "the user was deactivated"))
    for timer in draft.view.some(TIMER):
        if timer.state == "active":
            stopped = replace(timer, state="paused", version=timer.version + 1)
            draft.put(TIMER, stopped)
            draft.tell(TimerUpdated(timer_resource(stopped)), owner=timer.owner, session_id=timer.session_id)


def delete_user(draft: Draft, command: DeleteUser) -> Decision:
    """One small commit: locked out, cancelled, fenced and hidden. The rows go afterwards."""
    user = _found(draft, command.user_id)
    check_version(command.if_version, user.version)
    _check_administered(draft, user, None)
    sessions = draft.view.some(SESSION)
    if len(sessions) >= MOST:
        raise Conflict(f"The user has {MOST} sessions or more.", "Delete some of them first.")
    for turn in draft.view.some(TURN):
        draft.put(TURN, cancelled_by_deletion(turn, draft.at))
    for session in sessions:
        if not session.deleted:
            draft.put(SESSION, replace(session, deleted=True, updated_at=draft.at))
            draft.erase(session.id)
    for key in draft.view.some(KEY):
        draft.drop(KEY, key.id)
    for login in draft.view.some(LOGIN):
        draft.drop(LOGIN, login.id)
    for share in draft.view.some(SHARE):
        withdraw(draft, share)
    draft.drop(USER, user.id)
    draft.erase(user.id)
    audit(draft, user.id, "user.deleted", user.id, command.by)
    return draft.decision()


def _found(draft: Draft, user_id: str) -> User:
    user = draft.view.get(USER, user_id)
    if user is None:
        raise NotFound
    return user


def _check_administered(draft: Draft, before: User, after: User | None) -> None:
    """Raise `LastAdmin` when nobody would be left who administers."""
    administers = after is not None and after.administers
    if before.administers and not administers and draft.view.count(USER) <= 1:
        raise LastAdmin("Nobody else could manage users then.", "Give another user the role admin first.")
