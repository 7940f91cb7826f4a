"""The locks: every dependency is pinned with its hashes, and none is older than what is known to be mended."""

import re
from itertools import pairwise

import pytest

from tests.architecture.tree import ROOT

FLOORS = {"starlette": (0, 49, 1), "python-multipart": (0, 0, 18), "apsw": (3, 51, 3)}
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "uv.txt"])
def test_every_requirement_is_pinned_with_hashes(name: str):
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    starts = [match.start() for match in re.finditer(r"^[a-z0-9]", text, re.MULTILINE)]

    loose = [
        text[start:end].split("\n", 1)[0]
        for start, end in pairwise([*starts, len(text)])
        if not _PIN.match(text[start:end]) or "--hash=sha256:" not in text[start:end]
    ]

    assert starts
    assert loose == []


def test_nothing_is_older_than_what_is_known_to_be_mended():
    pinned = dict(_PIN.findall((ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")))

    old = {
        name: pinned[name]
        for name, floor in FLOORS.items()
        if tuple(int(part) for part in pinned[name].split(".")[:3]) < floor
    }

    assert old == {}
