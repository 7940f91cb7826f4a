from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Server, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.clean_up()


@pytest.fixture
def server(shell: Shell) -> Iterator[Server]:
    server = shell.serve()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell with a server that tests share which leave nothing behind that another would see."""
    shell = Shell(tmp_path_factory.mktemp("settled"), {"LANEWAY_DRAIN_S": "0"})
    server = shell.serve()
    yield shell
    server.stop()
    shell.clean_up()
