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
