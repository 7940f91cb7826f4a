"""Threads: titles and previews from any text, status from the rest, and changes that fold into the whole (I-22)."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway import wire
from laneway.domain.json import Json
from laneway.domain.queue import QueueHeader
from laneway.domain.thread import (
    PREVIEW_LENGTH,
    TITLE_LENGTH,
    Thread,
    ThreadSettings,
    Usage,
    preview_of,
    thread_change,
    thread_resource,
    title_from,
    with_status,
)
from tests.domain.model_store import START

THREAD = Thread("thr_1", "ada", "ses_1", "guide", "chat", "New thread", "default", START, START)
WAITS = QueueHeader("que_1", "ada")
# What can reach a title: text without NUL and lone surrogates, which are refused or replaced at the edge.
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(texts)
def test_a_title_is_one_short_line(text: str):
    title = title_from(text)

    if title is None:
        assert not text.strip()
    else:
        assert 0 < len(title) <= TITLE_LENGTH
        assert title == " ".join(title.split())


@given(texts)
def test_a_title_begins_as_the_first_line_that_says_something_begins(text: str):
    title = title_from(text)
    says = [" ".join(line.split()) for line in text.split("\n") if line.split()]

    if says:
        assert title is not None
        assert title == says[0] or (title.endswith("…") and says[0].startswith(title[:-1]))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("hello", "hello"),
        ("\n\n  hello   world \r\nmore", "hello world"),
        ("", None),
        (" \t\n\u2028", None),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("word " * 30, ("word " * 12)[:59].rstrip() + "…"),
    ],
)
def test_titles(text: str, title: str | None):
    assert title_from(text) == title


@given(texts)
def test_a_preview_is_one_line_that_begins_as_the_text_does(text: str):
    preview = preview_of(text)
    line = " ".join(text[: 4 * PREVIEW_LENGTH].split())

    assert len(preview) <= PREVIEW_LENGTH
    assert preview == line or (preview.endswith("…") and line.startswith(preview[:-1]))


# --- status ----------------------------------------------------------------------------------------------------------

shapes = st.builds(
    replace,
    st.just(THREAD),
    archived=st.booleans(),
    active_status=st.sampled_from([None, "running", "waiting", "needs_review"]),
    settings=st.builds(ThreadSettings, paused=st.booleans()),
    queue=st.sampled_from([(), (WAITS,)]),
    turn_reason=st.sampled_from([None, "approval of pay"]),
    pause_reason=st.sampled_from([None, "stopped by ada"]),
)


@given(shapes, st.booleans())
def test_the_status_follows_from_the_rest(thread: Thread, runnable: bool):
    status = with_status(thread, runnable).status

    if thread.archived:
        assert status == "archived"
    elif thread.active_status is not None:
        assert status == thread.active_status
    elif thread.settings.paused:
        assert status == "paused"
    else:
        assert status == ("queued" if runnable else "idle")


@given(shapes, st.booleans())
def test_a_status_that_is_right_already_changes_nothing(thread: Thread, runnable: bool):
    settled = with_status(thread, runnable)

    assert with_status(settled, runnable) is settled


# --- changes ---------------------------------------------------------------------------------------------------------

changes = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "status": st.sampled_from(["idle", "queued", "running"]),
        "message_count": st.integers(0, 5),
        "queue": st.sampled_from([(), (WAITS,)]),
        "tags": st.sampled_from([(), ("a",), ("a", "b")]),
        "metadata": st.dictionaries(texts, st.none() | st.integers() | texts, max_size=3),
        "settings": st.builds(ThreadSettings, paused=st.booleans()),
        "usage": st.builds(Usage, input_tokens=st.integers(0, 9)),
        "summary": st.none() | texts,
        "deleted": st.booleans(),
    },
)


@given(st.lists(changes, max_size=8))
def test_folding_every_change_gives_the_resource(steps: list[Mapping[str, Json]]):
    known: dict[str, Json] = {}
    before: Thread | None = None
    after = THREAD
    for step in (dict[str, Json](), *steps):
        after = replace(after, **step)
        known.update(plain(thread_change(before, after) or {}))
        before = after

    assert known == plain(thread_resource(after))


@given(changes)
def test_a_change_names_only_what_differs(step: Mapping[str, Json]):
    after = replace(THREAD, **step)

    changed = thread_change(THREAD, after) or {}

    shown_before, shown_after = plain(thread_resource(THREAD)), plain(thread_resource(after))
    assert {name for name in shown_after if shown_after[name] != shown_before[name]} == set(changed)


def plain(value: Json) -> dict[str, Json]:
    return json.loads(wire.encode(value))
