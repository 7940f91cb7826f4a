"""Public names are listed once, in laneway/__init__.py. Everything else may change on any day."""

import ast

import laneway
from tests.architecture.tree import SOURCE, syntax


def test_every_public_name_is_listed_once_and_exists():
    assert sorted(set(laneway.__all__)) == sorted(laneway.__all__)
    assert [name for name in laneway.__all__ if not hasattr(laneway, name)] == []


def test_every_name_that_the_package_brings_in_is_listed():
    brought_in = {
        alias.asname or alias.name
        for node in syntax(SOURCE / "__init__.py").body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("laneway")
        for alias in node.names
    }

    unlisted = {name for name in brought_in if not name.startswith("_")} - set(laneway.__all__)

    assert not unlisted
