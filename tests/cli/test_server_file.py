import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from laneway.cli.server_file import ServerFile, announced, find_server


def test_a_server_is_found_for_as_long_as_it_runs(tmp_path: Path):
    with announced(tmp_path, "http://127.0.0.1:1"):
        found = find_server(tmp_path)
        mode = stat.S_IMODE((tmp_path / "server.json").stat().st_mode)

    assert found == ServerFile("http://127.0.0.1:1", os.getpid(), socket.gethostname())
    assert mode == 0o600
    assert find_server(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_server_on_another_machine_is_not_found(tmp_path: Path):
    said = {"url": "http://127.0.0.1:1", "pid": os.getpid(), "host": "elsewhere"}
    (tmp_path / "server.json").write_text(json.dumps(said))

    assert find_server(tmp_path) is None


def test_a_server_that_died_is_not_found(tmp_path: Path):
    died = subprocess.Popen([sys.executable, "-c", ""])
    died.wait()
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": died.pid}))

    assert find_server(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1, "pid": 2}', '{"url": "x"}', "\x00\xff"])
def test_a_broken_file_is_no_server(tmp_path: Path, text: str):
    (tmp_path / "server.json").write_text(text)

    assert find_server(tmp_path) is None
