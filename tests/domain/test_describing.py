"""When a thread is described, and what an outline says."""

from dataclasses import replace

import pytest

from laneway.domain.describing import OUTLINE_LENGTH, outline, summary_is_due, title_is_due
from laneway.testing.store_suite.samples import thread
from laneway.testing.turn import said

TALKED = replace(thread(), title_source="auto", last_turn_id="trn_1", message_count=2)


@pytest.mark.parametrize(
    ("change", "is_due"),
    [
        ({}, True),
        ({"title_source": "manual"}, False),
        ({"title_settled": True}, False),
        ({"message_count": 1}, False),
        ({"last_turn_id": None}, False),
        ({"kind": "alert"}, False),
        ({"kind": "task"}, False),
    ],
)
def test_a_better_title_is_looked_for_once_after_the_first_answer(change: dict[str, object], is_due: bool):
    assert title_is_due(replace(TALKED, **change)) is is_due


def test_a_summary_is_renewed_in_steps_that_grow_with_the_thread():
    made: list[int] = []
    talked = TALKED
    for count in range(300):
        talked = replace(talked, message_count=count)
        if summary_is_due(talked):
            made.append(count)
            talked = replace(talked, summarised=count)

    assert made == [6, 9, 13, 19, 28, 42, 63, 94, 141, 191, 241, 291]
    assert not summary_is_due(replace(talked, summary_source="owner", message_count=900))


def test_an_outline_is_what_the_users_messages_begin_with():
    items = [said("user", "First\nmore"), said("assistant", "Well"), said("user", " "), said("user", "Second")]

    assert outline(items) == "First · Second"
    assert outline([]) is None


def test_a_long_outline_has_the_first_and_the_latest():
    text = outline([said("user", f"question {number} {'x' * 40}") for number in range(100)]) or ""

    assert len(text) <= OUTLINE_LENGTH
    assert text.startswith("question 0 ")
    assert " · … · " in text
    assert text.endswith(f"question 99 {'x' * 40}")
