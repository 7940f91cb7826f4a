"""Balancer: the nginx of deploy/ before servers of a test, at addresses of the test's own."""

import re
import shutil
import socket
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
START_S = 20
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx has folders for, which belong to root unless they are named."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def balanced(folder: Path, port: int, servers: Sequence[int]) -> Generator[str]:
    """The address of an nginx with the file of deploy/, but for the addresses and where it writes."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/bin:/usr/bin")
    if nginx is None:
        pytest.skip("there is no nginx here")
    places = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in KINDS)
    told = CONFIGURATION.read_text(encoding="utf-8")
    told = told.replace("http {", f"http {{ access_log off; {places}")
    told = re.sub(r"listen \d+", f"listen 127.0.0.1:{port}", told)
    for name, server in zip(("one", "two"), servers, strict=True):
        told = told.replace(f"server {name}:8420", f"server 127.0.0.1:{server}")
    written, log = folder / "nginx.conf", folder / "nginx.log"
    written.write_text(told, encoding="utf-8")
    command = [nginx, "-e", str(log), "-c", str(written), "-g", f"daemon off; pid {folder}/nginx.pid;"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _await(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_S)


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once somebody listens there."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), START_S).close()
        except ConnectionRefusedError:
            continue
        return
    raise AssertionError(log.read_text(encoding="utf-8"))
