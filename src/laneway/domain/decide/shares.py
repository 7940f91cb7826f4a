"""Shares and comments: an owner lets others read a thread; those who may comment write beside it."""

from laneway.domain.changes import Count, Decision, One, Some
from laneway.domain.command import AddComment, DeleteComment, EndShare, ShareThread
from laneway.domain.decide.users import audit
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft
from laneway.domain.errors import NotFound, TooMany
from laneway.domain.event import CommentAdded, CommentDeleted, EventData, ShareCreated, ShareEnded
from laneway.domain.kinds import COMMENT, ITEM, SHARE, THREAD
from laneway.domain.share import Comment, Share, comment_resource, share_resource


def share_needs(command: ShareThread) -> Needs:
    """The thread and all its shares."""
    return One(THREAD, command.thread_id), Some(SHARE, {"thread_id": command.thread_id})


def comment_needs(command: AddComment) -> Needs:
    """The thread, the message that is meant, and how many comments there are."""
    item = (One(ITEM, command.item_id),) if command.item_id is not None else ()
    return One(THREAD, command.thread_id), Count(COMMENT, {"thread_id": command.thread_id}), *item


def share_thread(draft: Draft, command: ShareThread) -> Decision:
    thread = draft.thread(command.thread_id)
    kept: list[Share] = []
    for share in draft.view.some(SHARE):
        if share.expires_at <= draft.at:
            draft.drop(SHARE, share.id)
        else:
            kept.append(share)
    earlier = next((s for s in kept if s.grantee_id is not None and s.grantee_id == command.grantee_id), None)
    limit = draft.rules.limits.shares_per_thread
    if earlier is None and limit and len(kept) >= limit:
        raise TooMany(f"A thread may have {limit} shares (shares_per_thread).", "End one first.")
    share = Share(
        earlier.id if earlier else draft.ids.make("shr"), thread.owner, thread.session_id, thread.id,
        command.permission, command.tool_output, draft.at, command.expires_at, command.sha256, command.grantee_id,
        command.grantee,
    )  # fmt: skip
    draft.put(SHARE, share)
    _tell(draft, share, ShareCreated(share_resource(share)))
    audit(draft, share.owner, "share.created", share.id)
    return draft.decision(share_resource(share))


def end_share(draft: Draft, command: EndShare) -> Decision:
    share = draft.view.get(SHARE, command.share_id)
    if share is None:
        raise NotFound
    withdraw(draft, share)
    audit(draft, share.owner, "share.ended", share.id)
    return draft.decision()


def withdraw(draft: Draft, share: Share) -> None:
    """End a share and tell those whom it concerns."""
    draft.drop(SHARE, share.id)
    _tell(draft, share, ShareEnded(share.id, share.thread_id))


def _tell(draft: Draft, share: Share, event: EventData) -> None:
    for user_id in (share.owner, share.grantee_id):
        if user_id is not None:
            draft.tell(event, owner=user_id, session_id=None)


def add_comment(draft: Draft, command: AddComment) -> Decision:
    thread = draft.thread(command.thread_id)
    if command.item_id is not None:
        item = draft.view.get(ITEM, command.item_id)
        if item is None or item.thread_id != thread.id:
            raise NotFound
    limit = draft.rules.limits.comments_per_thread
    if limit and draft.view.count(COMMENT) >= limit:
        raise TooMany(f"A thread may have {limit} comments (comments_per_thread).")
    comment = Comment(
        draft.ids.make("cmt"), thread.owner, thread.session_id, thread.id, command.author_id, command.author,
        command.text, command.item_id, draft.at,
    )  # fmt: skip
    draft.put(COMMENT, comment)
    draft.tell_thread(thread, CommentAdded(comment_resource(comment)))
    return draft.decision(comment_resource(comment))


def delete_comment(draft: Draft, command: DeleteComment) -> Decision:
    thread, comment = draft.thread(command.thread_id), draft.view.get(COMMENT, command.comment_id)
    if comment is None or comment.thread_id != thread.id:
        raise NotFound
    draft.drop(COMMENT, comment.id)
    draft.tell_thread(thread, CommentDeleted(comment.id))
    return draft.decision()
