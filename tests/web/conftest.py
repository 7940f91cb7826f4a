"""Journeys: the page in a real Chromium, against a real server with the agent `script`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.architecture.tree import ROOT
from tests.web.chromium import ARGUMENTS, MISSING, find_chromium
from tests.web.house import DESK, House, housed
from tests.web.visitor import Visitor


@pytest.fixture(scope="session")
def built() -> None:
    """The page as it is in `web/`."""
    subprocess.run([sys.executable, ROOT / "web" / "build.py"], check=True)


# Playwright's loop runs as long as this does: in a process that has other tests to run, no longer than the module.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        # Where nobody looks at what was left out, nothing may be left out.
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server for all tests: each visits it as somebody of its own."""
    with housed(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def own_house(built: None, tmp_path: Path) -> Iterator[House]:
    """A server for a test that breaks it."""
    with housed(tmp_path) as house:
        yield house


@pytest.fixture
def visitor(chromium: Browser, house: House) -> Iterator[Visitor]:
    """Somebody who has logged in, and has nothing yet."""
    with house.newcomer(chromium) as visitor:
        yield visitor
        visitor.leave()


@pytest.fixture
def owner(chromium: Browser, own_house: House) -> Iterator[Visitor]:
    """Whoever may break the server: they came by the link that it printed."""
    context = chromium.new_context(viewport=DESK)
    context.set_default_timeout(15_000)
    with Visitor(context, own_house.url, own_house.key) as visitor:
        visitor.follow(own_house.server.stdout.readline().split()[-1])
        yield visitor
