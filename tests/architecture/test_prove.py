"""The page about the fault suite names all that the suite has."""

from tests.architecture.tree import ROOT
from tests.prove.planted import BUGS
from tests.prove.table import BY_ID

PAGE = ROOT / "docs" / "how-to" / "prove.md"


def test_every_planted_bug_is_listed_with_the_scenario_that_catches_it():
    page = PAGE.read_text(encoding="utf-8")

    missing = [name for name, bug in BUGS.items() if f"| `{name}` | {bug.scenario} | {bug.what} |" not in page]

    assert not missing


def test_every_scenario_is_told():
    page = PAGE.read_text(encoding="utf-8")

    assert not [id for id in BY_ID if f"\n| {id} |" not in page]


def test_every_planted_bug_has_a_scenario():
    assert {bug.scenario for bug in BUGS.values()} <= BY_ID.keys()
