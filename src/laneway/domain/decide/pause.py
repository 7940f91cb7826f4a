"""Pausing: whether a thread's queue may start turns, with the reason that people are shown."""

from dataclasses import replace

from laneway.domain.draft import Draft
from laneway.domain.event import QueuePaused, QueueResumed
from laneway.domain.thread import Thread

FOR_REVIEW = "the turn needs a review"
"""The reason of a pause that a review lifts."""


def paused(draft: Draft, thread: Thread, reason: str) -> Thread:
    """Pause the queue, once: the first reason stays."""
    if thread.settings.paused:
        return thread
    draft.tell_thread(thread, QueuePaused(reason))
    return replace(thread, settings=replace(thread.settings, paused=True), pause_reason=reason)


def resumed(draft: Draft, thread: Thread) -> Thread:
    """Let the queue go on; nothing to do when it is not paused."""
    if not thread.settings.paused:
        return thread
    draft.tell_thread(thread, QueueResumed())
    return replace(thread, settings=replace(thread.settings, paused=False), pause_reason=None)
