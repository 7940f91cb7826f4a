"""The audit chain: whatever is done to a stretch of it, the first link behind shows it."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.audit import AuditEntry, fault_of, hash_of, linked

AT = "2026-01-01T00:00:00.000000Z"


def chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        entry = AuditEntry(f"aud_{number}", "usr_1", "key.created", f"key_{number}", AT)
        entries.append(linked(entry, number, entries[-1] if entries else None))
    return entries


def first_fault(entries: list[AuditEntry]) -> str | None:
    faults = (fault_of(entry, before) for entry, before in zip(entries, [None, *entries], strict=False))
    return next((fault for fault in faults if fault is not None), None)


@given(st.integers(0, 20))
def test_a_chain_that_nobody_touched_has_no_fault(length: int) -> None:
    assert first_fault(chain(length)) is None


@pytest.mark.parametrize("name", ["id", "owner", "act", "subject", "at", "previous", "hash"])
@given(length=st.integers(1, 10), place=st.integers(0, 9))
def test_a_changed_field_is_found_where_it_is(name: str, length: int, place: int) -> None:
    entries = chain(length)
    place %= length
    entries[place] = replace(entries[place], **{name: "another"})

    assert first_fault(entries) == f"entry {place + 1} was changed"


@given(length=st.integers(2, 10), place=st.integers(0, 9))
def test_a_change_that_made_its_own_hash_anew_is_found_behind_it(length: int, place: int) -> None:
    entries = chain(length)
    place %= length - 1
    changed = replace(entries[place], subject="another")
    entries[place] = replace(changed, hash=hash_of(changed))

    assert first_fault(entries) == f"entry {place + 2} does not follow the entry before it"


@given(length=st.integers(2, 10), place=st.integers(0, 9))
def test_a_removed_entry_leaves_a_gap(length: int, place: int) -> None:
    entries = chain(length)
    place %= length - 1
    del entries[place]

    assert first_fault(entries) == f"entry {place + 1} is missing: {place + 2} comes in its place"


def test_a_hash_can_be_made_again_without_laneway() -> None:
    """What is promised to whoever checks an export with tools of their own."""
    (entry,) = chain(1)

    said = (
        '{"act":"key.created","at":"2026-01-01T00:00:00.000000Z","id":"aud_1","number":1,"owner":"usr_1",'
        '"previous":"","subject":"key_1"}'
    )
    assert entry.hash == hashlib.sha256(said.encode()).hexdigest()
