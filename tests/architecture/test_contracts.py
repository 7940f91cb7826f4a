"""A contract is small enough that a second implementation is a day's work."""

import ast

from tests.architecture.tree import SOURCE, classes, dotted, where

CONTRACTS = ("store", "engine", "bus", "agent", "tool", "channel", "environment", "feed", "importer", "clock", "wire")
METHODS = 10


def test_a_contract_has_at_most_ten_public_methods():
    wide = [
        f"{where(path, node)} {node.name} has {len(methods(node))}"
        for path in (SOURCE / f"{name}.py" for name in CONTRACTS)
        if path.exists()
        for node in classes(path)
        if is_protocol(node) and len(methods(node)) > METHODS
    ]

    assert not wide


def test_every_method_of_a_contract_says_what_a_caller_may_rely_on():
    silent = [
        f"{where(path, method)} {node.name}.{method.name}"
        for path in (SOURCE / f"{name}.py" for name in CONTRACTS)
        if path.exists()
        for node in classes(path)
        if is_protocol(node)
        for method in methods(node)
        if not ast.get_docstring(method)
    ]

    assert not silent


def is_protocol(node: ast.ClassDef) -> bool:
    bases = (item.value if isinstance(item, ast.Subscript) else item for item in node.bases)
    return any(dotted(base).split(".")[-1] == "Protocol" for base in bases)


def methods(node: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        item
        for item in node.body
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and not item.name.startswith("_")
    ]
