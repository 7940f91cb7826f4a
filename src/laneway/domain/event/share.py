"""Shares, told to those whom they concern, and the comments that are left beside a thread."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.share import CommentResource, ShareResource


@dataclass(frozen=True, slots=True)
class ShareCreated(EventData):
    """A thread was shared. Told in its owner's home log, and in that of the user with whom it is shared."""

    type = "share.created"
    scope = "user"
    share: ShareResource


@dataclass(frozen=True, slots=True)
class ShareEnded(EventData):
    """A share was ended before its time. Told to the same."""

    type = "share.ended"
    scope = "user"
    share_id: str
    shared_thread_id: str


@dataclass(frozen=True, slots=True)
class CommentAdded(EventData):
    """Somebody who may comment wrote something beside the thread."""

    type = "comment.added"
    comment: CommentResource


@dataclass(frozen=True, slots=True)
class CommentDeleted(EventData):
    """The owner removed a comment."""

    type = "comment.deleted"
    comment_id: str
