"""Drafts: what one decision gathers: each record put once, threads told by their last event, nothing foreign seen."""

from dataclasses import replace

import pytest

from laneway.domain.command import ReadThread
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import NotFound, Stale
from laneway.domain.event import LaneUpdated, QueuePaused, QueueResumed, ThreadDeleted
from laneway.domain.kinds import QUEUE_ITEM, THREAD, TURN
from laneway.domain.lane import LaneKey
from laneway.domain.queue import QueueHeader, QueueItem
from laneway.domain.rules import AgentTraits, Rules
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn
from laneway.domain.view import LoadedView
from tests.domain.model_store import START

LATER = "2026-01-01T00:00:05.000000Z"
ONE = Thread("thr_1", "ada", "ses_1", "guide", "chat", "One", "manual", START, START)
TWO = replace(ONE, id="thr_2")
ITEM = QueueItem("que_1", "ada", "ses_1", "thr_1", "queued", "queue", False, "ada", (), "hi", START, START)
TURN_1 = Turn("trn_1", "ada", "ses_1", "thr_1", 1, "running", 1, 1, "message", ("que_1",), (), START)


def draft() -> Draft:
    view = LoadedView(START)
    for kind, record in ((THREAD, ONE), (THREAD, TWO), (QUEUE_ITEM, ITEM), (TURN, TURN_1)):
        view.keep(kind, record.id, record)
    view.keep(THREAD, "thr_9", None)
    command = ReadThread(at=LATER, seed=bytes(16), thread_id="thr_1", unread=0)
    return Draft(view, command, Rules({"guide": AgentTraits()}, "guide"))


def test_a_decision_that_changes_nothing_is_empty():
    drafted = draft()
    drafted.thread("thr_1")

    changes = drafted.decision().changes

    assert (changes.puts, changes.drops, changes.events, changes.erase) == ((), (), (), ())


def test_a_changed_thread_is_put_once_with_its_status_and_time():
    drafted = draft()
    thread = drafted.thread("thr_1")
    for count in range(3):
        thread = drafted.save(replace(thread, message_count=count, queue=(QueueHeader("que_1", "ada"),)))

    (put,) = drafted.decision().changes.puts

    assert isinstance(put.record, Thread)
    assert (put.record.message_count, put.record.status, put.record.updated_at) == (2, "queued", LATER)


def test_a_change_is_told_by_the_thread_s_last_event():
    drafted = draft()
    thread = drafted.thread("thr_1")
    drafted.tell_thread(thread, QueuePaused("a"))
    drafted.tell_thread(thread, QueueResumed())
    drafted.tell_thread(thread, LaneUpdated(LaneKey("chat", "thr_1", "guide"), 1))
    drafted.save(replace(thread, unread=3))

    events = drafted.decision().changes.events

    assert [event.thread for event in events] == [None, {"unread": 3, "updated_at": LATER}, None]


def test_each_of_two_threads_is_told_by_its_own_last_event():
    drafted = draft()
    one, two = drafted.thread("thr_1"), drafted.thread("thr_2")
    drafted.tell_thread(one, QueuePaused("one"))
    drafted.tell_thread(two, QueuePaused("two"))
    drafted.save(replace(one, unread=1))
    drafted.save(replace(two, unread=2))

    told = {event.thread_id: event.thread for event in drafted.decision().changes.events}

    assert told == {"thr_1": {"unread": 1, "updated_at": LATER}, "thr_2": {"unread": 2, "updated_at": LATER}}


def test_a_change_that_nothing_tells_is_told_as_an_update():
    drafted = draft()
    drafted.save(replace(drafted.thread("thr_1"), unread=3))

    (event,) = drafted.decision().changes.events

    assert event.data.type == "thread.updated"
    assert event.thread == {"unread": 3, "updated_at": LATER}


def test_a_deleted_thread_says_no_more_than_that():
    drafted = draft()
    thread = drafted.thread("thr_1")
    drafted.save(replace(thread, deleted=True))
    drafted.tell_thread(thread, ThreadDeleted())

    (event,) = drafted.decision().changes.events

    assert (event.data.type, event.thread) == ("thread.deleted", None)


def test_what_a_reply_shows_is_what_is_stored():
    drafted = draft()
    drafted.save(replace(drafted.thread("thr_1"), unread=3))

    shown = drafted.finished("thr_1")
    (put,) = drafted.decision().changes.puts

    assert put.record == shown


def test_a_later_put_of_a_record_replaces_it_and_keeps_its_number():
    drafted = draft()
    thread = drafted.thread("thr_1")
    index = drafted.tell_thread(thread, QueueResumed())
    drafted.put(QUEUE_ITEM, ITEM, numbered_by=index)
    drafted.put(QUEUE_ITEM, replace(ITEM, state="consumed"))

    puts = [put for put in drafted.decision().changes.puts if put.kind is QUEUE_ITEM]

    assert [(put.record, put.numbered_by) for put in puts] == [(replace(ITEM, state="consumed"), index)]


def test_what_was_drafted_is_what_is_read_again():
    drafted = draft()
    drafted.put(QUEUE_ITEM, replace(ITEM, text="changed"))
    drafted.put(TURN, replace(TURN_1, attempt=2))
    drafted.save(replace(drafted.thread("thr_1"), unread=3))

    assert drafted.queue_item("thr_1", "que_1").text == "changed"
    assert drafted.turn("trn_1").attempt == 2
    assert drafted.thread("thr_1").unread == 3


def test_a_missing_thread_and_an_item_of_another_thread_are_not_found():
    drafted = draft()

    with pytest.raises(NotFound):
        drafted.thread("thr_9")
    with pytest.raises(NotFound):
        drafted.queue_item("thr_2", "que_1")


def test_two_decisions_with_the_same_seed_make_the_same_ids():
    assert draft().ids.make("itm") == draft().ids.make("itm")


@pytest.mark.parametrize(
    ("named", "version", "is_stale"), [(None, 5, False), (5, 5, False), (4, 5, True), (6, 5, True)]
)
def test_a_named_version_has_to_be_the_newest(named: int | None, version: int, is_stale: bool):
    if is_stale:
        with pytest.raises(Stale):
            check_version(named, version)
    else:
        check_version(named, version)
