"""Describing: when a thread gets a better title or a newer summary, and what a summary is where no model writes one."""

from collections.abc import Iterable

from laneway.domain.item import Item
from laneway.domain.thread import Thread, title_from

FIRST_SUMMARY = 6
"""From so many messages on a thread has a summary: a shorter one is read as quickly."""
LONGEST_WAIT = 50
"""A summary is renewed after so many messages at the latest; earlier in shorter threads."""
OUTLINE_LENGTH = 500
_KINDS = frozenset({"chat", "work"})
"""Alerts and children are named and reported by what made them."""


def title_is_due(thread: Thread) -> bool:
    """Whether a model may look for a better title: once, after the first answer, never over one that was given."""
    has_answer = thread.message_count >= 2 and thread.last_turn_id is not None
    return thread.kind in _KINDS and has_answer and thread.title_source == "auto" and not thread.title_settled


def summary_is_due(thread: Thread) -> bool:
    """Whether the thread has grown enough. The steps grow with it, so that all summaries together cost a share of what
    the thread has cost."""
    if thread.kind not in _KINDS or thread.summary_source == "owner" or thread.message_count < FIRST_SUMMARY:
        return False
    step = min(max(thread.summarised // 2, 1), LONGEST_WAIT)
    return thread.summarised == 0 or thread.message_count >= thread.summarised + step


def outline(items: Iterable[Item]) -> str | None:
    """A summary without a model: what the user's messages begin with, in order; of many, the first and the latest."""
    lines = [line for item in items if item.role == "user" and (line := title_from(item.text))]
    kept = lines[:1]
    left = OUTLINE_LENGTH - len(kept[0]) if kept else 0
    latest: list[str] = []
    for line in reversed(lines[1:]):
        left -= len(line) + 3
        if left < 4:
            latest.append("…")
            break
        latest.append(line)
    return " · ".join([*kept, *reversed(latest)]) or None
