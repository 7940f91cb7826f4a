"""Names say what a thing is. A name that fits everything collects everything."""

import re

from tests.architecture.tree import SOURCE, classes, modules, where

BANNED = {"base", "common", "core", "helper", "helpers", "manager", "misc", "service", "util", "utils"}


def test_no_module_has_a_name_that_fits_everything():
    vague = [where(path) for path in SOURCE.rglob("*") if path.stem.strip("_") in BANNED]

    assert not vague


def test_no_class_has_a_name_that_fits_everything():
    vague = [
        f"{where(path, node)} {node.name}"
        for path in modules(SOURCE)
        for node in classes(path)
        if BANNED & {word.lower() for word in re.findall(r"[A-Z][a-z]+", node.name)}
    ]

    assert not vague
