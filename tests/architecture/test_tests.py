"""Tests wait for facts, never for time."""

import ast

from tests.architecture.tree import TESTS, calls, imports, modules, where

SLEEPS = {"time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep"}
# The fault suite kills real processes and waits for real leases to run out: there time is what is tested.
REAL_TIME = (TESTS / "prove",)


def test_no_test_sleeps():
    sleeping = [
        f"{where(path, node)} {name}"
        for path in modules(TESTS)
        if not any(path.is_relative_to(folder) for folder in REAL_TIME)
        for name, node in calls(path)
        if name in SLEEPS and not yields_only(node)
    ]

    assert not sleeping, "advance the clock, wait for a receipt or drain the app"


def test_no_test_imports_a_sleep_by_its_bare_name():
    hidden = [
        where(path, node)
        for path in modules(TESTS)
        if not any(path.is_relative_to(folder) for folder in REAL_TIME)
        for name, node in imports(path)
        if name in SLEEPS
    ]

    assert not hidden, "a bare sleep() would pass unseen; write the module's name"


def yields_only(call: ast.Call) -> bool:
    # sleep(0) lets other tasks run once; it waits for nothing.
    return [argument.value for argument in call.args if isinstance(argument, ast.Constant)] == [0]
