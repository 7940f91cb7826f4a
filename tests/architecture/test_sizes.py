"""What is small enough to be read in one sitting stays so."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import SOURCE, modules, syntax, where

FILE_LINES = 500
FUNCTION_LINES = 50

# What is over a limit for now, with its size: "path" or "path::function". An entry may shrink and go, never grow.
ALLOWED: dict[str, int] = {}


def test_files_and_functions_stay_readable():
    sizes = dict(measured())

    too_long = {name: f"{size} lines" for name, (size, limit) in sizes.items() if size > ALLOWED.get(name, limit)}

    assert not too_long, "split these by idea, never into part two"


def test_the_list_of_exceptions_only_shrinks():
    sizes = dict(measured())

    stale = [name for name, size in ALLOWED.items() if name not in sizes or sizes[name][0] < size]

    assert not stale, "these became smaller: lower their number, or delete the entry once they are within the limit"


def measured() -> Iterator[tuple[str, tuple[int, int]]]:
    for path in modules(SOURCE):
        yield where(path), (len(path.read_text(encoding="utf-8").splitlines()), FILE_LINES)
        yield from functions(path)


def functions(path: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{where(path)}::{node.name}", (lines, FUNCTION_LINES)
