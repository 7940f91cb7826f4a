"""Share: who else may read a thread, until when, and the comments that are left beside it."""

from dataclasses import dataclass, replace
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.item import Item, ItemRole, PartType, text_of
from laneway.domain.thread import Thread, ThreadSettings, Usage

Permission = Literal["view", "comment"]

_ROLES: tuple[ItemRole, ...] = ("user", "assistant")
_SPOKEN: frozenset[PartType] = frozenset({"text", "code", "data", "image", "file"})
_CALLS: frozenset[PartType] = frozenset({"tool_call", "tool_result"})


@dataclass(frozen=True, slots=True)
class Share:
    """Lets a named user, or whoever has the link, read one thread. A link's token is kept as its SHA-256 only."""

    id: str
    owner: str
    session_id: str
    thread_id: str
    permission: Permission
    tool_output: bool
    created_at: Instant
    expires_at: Instant
    sha256: str | None = None
    """Of the link's token; None: it is shared with a user."""
    grantee_id: str | None = None
    grantee: str | None = None
    """The user's name when it was shared."""


@dataclass(frozen=True, slots=True)
class ShareResource:
    """A share as its owner, and the user with whom it is shared, see it. `user` is None for a link."""

    id: str
    thread_id: str
    user: str | None
    permission: Permission
    tool_output: bool
    created_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote beside a thread: no agent is given it, and it is no part of the transcript."""

    id: str
    owner: str
    """The thread's owner, with whose thread it goes."""
    session_id: str
    thread_id: str
    author_id: str | None
    """The user who wrote it; None: somebody with a link."""
    author: str
    text: str
    item_id: str | None
    created_at: Instant


@dataclass(frozen=True, slots=True)
class CommentResource:
    """A comment as the API and events show it."""

    id: str
    thread_id: str
    author: str
    text: str
    item_id: str | None
    created_at: Instant


def share_resource(share: Share) -> ShareResource:
    """Show a share, never what proves it."""
    return ShareResource(
        share.id, share.thread_id, share.grantee, share.permission, share.tool_output, share.created_at,
        share.expires_at,
    )  # fmt: skip


def comment_resource(comment: Comment) -> CommentResource:
    """Show a comment."""
    return CommentResource(
        comment.id, comment.thread_id, comment.author, comment.text, comment.item_id, comment.created_at
    )


# --- what a share lets others see -------------------------------------------------------------------------------------


def shown_roles(tool_output: bool) -> tuple[ItemRole, ...]:
    """The roles of the items that a share shows."""
    return (*_ROLES, "tool") if tool_output else _ROLES


def shown_parts(tool_output: bool) -> frozenset[PartType]:
    """The types of the parts that a share shows: reasoning never is."""
    return _SPOKEN | _CALLS if tool_output else _SPOKEN


def shown_item(item: Item, tool_output: bool) -> Item | None:
    """An item as a share shows it: what was said, without who sent it; None when it shows nothing of it."""
    allowed = shown_parts(tool_output)
    parts = tuple(part for part in item.parts if part.type in allowed)
    if item.role not in shown_roles(tool_output) or item.state == "superseded" or not parts:
        return None
    return replace(item, parts=parts, text=text_of(parts), queue_item_id=None, sender=None)


def files_of(item: Item, tool_output: bool) -> frozenset[str]:
    """The attachments that a share shows with an item: those that a part names which it shows."""
    shown = shown_item(item, tool_output)
    return frozenset(part.attachment_id for part in shown.parts if part.attachment_id) if shown else frozenset()


def shown_thread(thread: Thread) -> Thread:
    """A thread as a share shows it: its title, its agent, how far it is. What its owner notes about it is not told."""
    return Thread(
        thread.id, "", thread.session_id, thread.agent_id, thread.kind, thread.title, thread.title_source,
        thread.created_at, thread.updated_at, status=thread.status, message_count=thread.message_count,
        last_message=thread.last_message, last_message_at=thread.last_message_at, settings=ThreadSettings(),
        usage=Usage(), version=thread.version,
    )  # fmt: skip
