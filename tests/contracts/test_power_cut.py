"""The quick half of the storage faults; `./dev prove` runs thousands of each."""

import pytest

from tests.prove import disk_full, power_cut


def test_a_hundred_power_cuts_lose_nothing_that_was_acknowledged() -> None:
    report = power_cut.run(seed=7, rounds=100)

    assert report["cuts"] == 100
    assert report["problems"] == 0, report


def test_the_auditor_catches_a_store_that_acknowledges_too_early() -> None:
    report = power_cut.run(seed=7, rounds=20, synchronous="NORMAL")

    assert report["problems"], "with synchronous = NORMAL power cuts lose commits, and the audit has to see it"


def test_an_operation_that_fails_refuses_its_commit_and_nothing_else() -> None:
    report = disk_full.refused_operations(seed=7, rounds=12)

    assert report["problems"] == 0, report


def test_a_full_disk_refuses_writes_and_goes_on_when_there_is_room() -> None:
    report = disk_full.full_disk(seed=7)

    if "skipped" in report:
        pytest.skip(f"no file system of its own may be made here: {report['skipped']}")
    assert report["problems"] == 0, report
