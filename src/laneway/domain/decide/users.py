"""Users, keys and logins: who may come in. Each change of a credential leaves an audit entry."""

from dataclasses import replace

from laneway.domain.audit import AuditEntry
from laneway.domain.changes import Decision
from laneway.domain.command import CreateKey, CreateLogin, CreateUser, EndLogin, RecordAct, RevokeKey
from laneway.domain.draft import Draft
from laneway.domain.errors import NameTaken, NotFound, UserInactive
from laneway.domain.event import KeyCreated, KeyRevoked
from laneway.domain.kinds import AUDIT, KEY, LOGIN, USER
from laneway.domain.user import Key, Login, User


def create_user(draft: Draft, command: CreateUser) -> Decision:
    check_name(draft, command.name)
    user = User(command.user_id, command.user_id, command.name, command.role, active=True, created_at=draft.at)
    draft.put(USER, user)
    audit(draft, user.id, "user.created", user.id, command.by)
    return draft.decision(user)


def check_name(draft: Draft, name: str) -> None:
    """Raise `NameTaken` when another user has the name."""
    if draft.view.some(USER):
        raise NameTaken(f"There is a user {name!r} already.", "Choose another name.")


def create_key(draft: Draft, command: CreateKey) -> Decision:
    user = draft.view.get(USER, command.user_id)
    if user is None:
        raise NotFound
    if not user.active:
        raise UserInactive("The user is not active.", "Make them active first.")
    key = Key(
        draft.ids.make("key"), command.user_id, command.name, command.prefix, command.sha256, command.role,
        command.scope, draft.at, command.expires_at,
    )  # fmt: skip
    draft.put(KEY, key)
    draft.tell(KeyCreated(key.id, key.name), owner=key.owner, session_id=None)
    audit(draft, key.owner, "key.created", key.id, command.by)
    return draft.decision(key)


def revoke_key(draft: Draft, command: RevokeKey) -> Decision:
    key = draft.view.get(KEY, command.key_id)
    if key is None or key.revoked:
        raise NotFound
    draft.put(KEY, replace(key, revoked=True))
    for login in draft.view.some(LOGIN):
        draft.drop(LOGIN, login.id)
    draft.tell(KeyRevoked(key.id), owner=key.owner, session_id=None)
    audit(draft, key.owner, "key.revoked", key.id)
    return draft.decision()


def create_login(draft: Draft, command: CreateLogin) -> Decision:
    login = Login(
        draft.ids.make("log"), command.user_id, command.sha256, command.key_id, command.role, command.scope, draft.at,
        command.expires_at,
    )  # fmt: skip
    draft.put(LOGIN, login)
    audit(draft, login.owner, "login.created", login.id)
    return draft.decision(login)


def end_login(draft: Draft, command: EndLogin) -> Decision:
    login = draft.view.get(LOGIN, command.login_id)
    if login is not None:
        draft.drop(LOGIN, login.id)
        audit(draft, login.owner, "login.ended", login.id)
    return draft.decision()


def record_act(draft: Draft, command: RecordAct) -> Decision:
    audit(draft, command.owner, command.act, command.subject)
    return draft.decision()


def audit(draft: Draft, owner: str, act: str, subject: str, by: str | None = None) -> None:
    """Record a security-relevant act, once. It names ids only, never a user's text."""
    by = None if by == owner else by
    draft.put(AUDIT, AuditEntry(draft.ids.make("aud"), owner, act, subject, draft.at, by=by))
