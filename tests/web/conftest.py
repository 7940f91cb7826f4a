"""Journeys: the page in a real Chromium, against a real server with the agent `script`."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.architecture.tree import ROOT
from tests.cli.shell import Server, Shell
from tests.web.chromium import ARGUMENTS, MISSING, find_chromium
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


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.clean_up()


@pytest.fixture
def server(shell: Shell, built: None) -> Server:
    return shell.serve()


@pytest.fixture
def visitor(chromium: Browser, shell: Shell, server: Server) -> Generator[Visitor]:
    """Somebody who has followed the link that the server printed."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(15_000)
    visitor = Visitor(context, server.url, (shell.data / "admin.key").read_text().strip())
    visitor.follow(server.stdout.readline().split()[-1])
    yield visitor
    context.close()
    visitor.http.close()
    assert not visitor.faults, visitor.faults
