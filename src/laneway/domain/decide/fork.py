"""Fork: a thread begun anew from what another has said. Everything is copied; nothing of it leads back."""

from collections.abc import Sequence
from dataclasses import replace

from laneway.domain.changes import Count, Decision, One, Span
from laneway.domain.command import ForkThread
from laneway.domain.decide.outcome import is_message
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft
from laneway.domain.errors import Busy, NotFound, Superseded, TooMany, TranscriptTooLong
from laneway.domain.event import ItemCompleted, ItemStarted, ThreadCreated
from laneway.domain.item import IN_CONTEXT, Item, item_resource
from laneway.domain.kinds import ITEM, THREAD
from laneway.domain.thread import Thread, preview_of, thread_resource, thread_summary

FORK_ITEMS = 2000
"""How many items a fork may copy; more is refused."""


def fork_needs(command: ForkThread) -> Needs:
    """What is in the transcript up to the item that is named, or all of it."""
    below = None if command.after_seq is None else command.after_seq + 1
    thread = {"thread_id": command.thread_id}
    return (
        One(THREAD, command.thread_id),
        *((One(ITEM, command.after_item_id),) if command.after_item_id else ()),
        *(Span(ITEM, {**thread, "state": each}, below=below, limit=FORK_ITEMS + 1) for each in sorted(IN_CONTEXT)),
        Count(THREAD, {"deleted": 0, "archived": 0}),
    )


def fork_thread(draft: Draft, command: ForkThread) -> Decision:
    """Copy items 1..N, in their order, into a new thread of the same session. The original is not touched."""
    original = draft.thread(command.thread_id)
    items = _copied(draft, command)
    limit = draft.rules.limits.threads_per_user
    if limit and draft.view.count(THREAD) >= limit:
        raise TooMany(f"A user may have {limit} threads (threads_per_user).", "Delete one first.")
    thread = draft.add(
        Thread(
            draft.ids.make("thr"), original.owner, original.session_id, original.agent_id, "chat", original.title,
            original.title_source, draft.at, draft.at, members=original.members, summary=original.summary,
            tags=original.tags, metadata=original.metadata, settings=replace(original.settings, paused=False),
            forked_from=original.id,
        )
    )  # fmt: skip
    draft.tell_thread(thread, ThreadCreated(thread_summary(thread)))
    turns: dict[str, str] = {}
    for item in items:
        turn_id = turns.setdefault(item.turn_id, "") or draft.ids.make("trn")
        turns[item.turn_id] = turn_id
        _copy(draft, thread, item, turn_id)
    draft.save(_counted(thread, items))
    return draft.decision(thread_resource(draft.finished(thread.id)))


def _copied(draft: Draft, command: ForkThread) -> list[Item]:
    if command.after_item_id is not None:
        last = draft.view.get(ITEM, command.after_item_id)
        if last is None or last.thread_id != command.thread_id:
            raise NotFound
        if last.state == "superseded":
            raise Superseded("The message was taken out of the transcript by an earlier change.")
        if last.state == "partial":
            raise Busy("The item is still being said.", "Fork after an earlier one, or wait.")
    found = [
        item
        for item in draft.view.some(ITEM)
        if item.state in IN_CONTEXT and (command.after_seq is None or item.seq <= command.after_seq)
    ]
    if len(found) > FORK_ITEMS:
        raise TranscriptTooLong(
            f"A fork may copy {FORK_ITEMS} items; this would be more.", "Fork after an earlier one."
        )
    return sorted(found, key=lambda item: item.seq)


def _copy(draft: Draft, thread: Thread, item: Item, turn_id: str) -> None:
    """One item with a new identity. What it was sent by and asked about belongs to the original alone."""
    call = replace(item.call, approval_id=None) if item.call else None
    copy = replace(
        item, id=draft.ids.make("itm"), thread_id=thread.id, turn_id=turn_id, queue_item_id=None, call=call, attempt=1
    )
    started = draft.tell_item(thread, ItemStarted(item_resource(copy)), copy)
    draft.put(ITEM, copy, numbered_by=started)
    draft.tell_item(thread, ItemCompleted(item_resource(copy)), copy)


def _counted(thread: Thread, items: Sequence[Item]) -> Thread:
    messages = [item for item in items if is_message(item)]
    if not messages:
        return thread
    last = messages[-1]
    return replace(
        thread, message_count=len(messages), last_message=preview_of(last.text), last_message_at=last.created_at
    )
