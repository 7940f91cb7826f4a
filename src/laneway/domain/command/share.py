"""Sharing a thread, and comments beside it."""

from dataclasses import dataclass

from laneway.domain.command.command import Command
from laneway.domain.instant import Instant
from laneway.domain.share import Permission


@dataclass(frozen=True, kw_only=True)
class ShareThread(Command):
    """Let a named user, or whoever has a link, read a thread. A user's earlier share of it is replaced."""

    thread_id: str
    permission: Permission
    tool_output: bool
    expires_at: Instant
    sha256: str | None = None
    grantee_id: str | None = None
    grantee: str | None = None


@dataclass(frozen=True, kw_only=True)
class EndShare(Command):
    """End a share; its streams close within a second."""

    share_id: str


@dataclass(frozen=True, kw_only=True)
class AddComment(Command):
    """Write something beside a thread, or beside one of its messages."""

    thread_id: str
    author_id: str | None
    author: str
    text: str
    item_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteComment(Command):
    """Remove a comment."""

    thread_id: str
    comment_id: str
