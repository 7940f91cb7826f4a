"""The page about the fault suite names all that the suite has."""

import subprocess
import sys

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


PLANT_EACH = """
import os
from tests.prove.planted import BUGS

for name, bug in BUGS.items():
    if not (child := os.fork()):
        bug.plant()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, name
"""


def test_every_planted_bug_finds_the_parts_that_it_takes_the_place_of():
    done = subprocess.run((sys.executable, "-c", PLANT_EACH), cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
