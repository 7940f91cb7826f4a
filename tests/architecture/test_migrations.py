"""Migrations run once each, in the order of their numbers: two with one number would be one that never runs."""

import pytest

from tests.architecture.tree import SOURCE


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_every_migration_has_a_number_of_its_own_and_none_is_left_out(store: str):
    names = sorted(path.name for path in (SOURCE / "stores" / store / "migrations").glob("*.sql"))

    assert [int(name.split("_")[0]) for name in names] == list(range(1, len(names) + 1)), names
