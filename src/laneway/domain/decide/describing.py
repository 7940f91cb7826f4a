"""Describing: a title and a summary that were written while nothing ran. A late one never overwrites what is newer."""

from laneway.domain.changes import Decision
from laneway.domain.command import DescribeThread
from laneway.domain.draft import Draft
from laneway.domain.event import ThreadUpdated
from laneway.domain.frozen import replace
from laneway.domain.thread import Thread, thread_summary, title_from


def describe_thread(draft: Draft, command: DescribeThread) -> Decision:
    thread = draft.thread(command.thread_id)
    described = _summarised(_titled(thread, command), command)
    if (described.title, described.summary) != (thread.title, thread.summary):
        described = replace(described, version=thread.version + 1)
    described = draft.save(replace(described, usage=thread.usage.plus(command.usage)))
    draft.tell_thread(described, ThreadUpdated(thread_summary(draft.finished(thread.id))))
    return draft.decision()


def _titled(thread: Thread, command: DescribeThread) -> Thread:
    """With the title, unless the owner has given one meanwhile."""
    title = title_from(command.title or "")
    if title is not None and thread.title_source != "manual" and not thread.title_settled:
        thread = replace(thread, title=title, title_source="auto")
    return replace(thread, title_settled=True) if command.settles_title else thread


def _summarised(thread: Thread, command: DescribeThread) -> Thread:
    """With the summary, unless it is the owner's, or a later turn or a cut has made this one old."""
    if command.summary is None or thread.summary_source == "owner" or thread.last_turn_id != command.last_turn_id:
        return thread
    return replace(thread, summary=command.summary, summary_source="auto", summarised=thread.message_count)
