"""Changed copies of frozen dataclasses are those that `dataclasses.replace` makes, for every kind of record."""

import dataclasses

import pytest

from laneway.domain.command import PauseQueue
from laneway.domain.frozen import replace
from laneway.testing.clock import START
from laneway.testing.store_suite.samples import one_of_each_kind

RECORDS = [record for _, record in one_of_each_kind("usr_1", "one", "text").values()]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_changed_copy_differs_in_what_was_named_alone(record: object) -> None:
    assert dataclasses.is_dataclass(record)
    assert not isinstance(record, type)

    copy = replace(record, owner="usr_2")

    assert copy == dataclasses.replace(record, owner="usr_2")
    assert copy != record
    assert replace(copy, owner="usr_1") == record
    with pytest.raises(dataclasses.FrozenInstanceError):
        copy.owner = "usr_3"  # pyright: ignore[reportAttributeAccessIssue] - it must not be possible


def test_what_has_no_slots_is_copied_all_the_same() -> None:
    command = PauseQueue(at=START, seed=b"1", thread_id="thr_1")

    assert replace(command, thread_id="thr_2") == PauseQueue(at=START, seed=b"1", thread_id="thr_2")


def test_a_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        replace(RECORDS[0], nonsense=1)
