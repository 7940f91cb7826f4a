"""The server file: where the server of a data directory is, for commands that are started later."""

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from laneway import wire

NAME = "server.json"


@dataclass(frozen=True, slots=True)
class ServerFile:
    """What it says."""

    url: str
    pid: int
    host: str = ""
    """The machine that it runs on: several may share a data directory, and a process id means something on one."""


@contextmanager
def announced(data_dir: Path, url: str) -> Generator[None]:
    """Say where the server is for as long as the context lasts. Readable by its owner only, whole or not there."""
    path = data_dir / NAME
    draft = data_dir / f".{NAME}.{secrets.token_hex(4)}"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(file, "w", encoding="utf-8") as written:
        json.dump({"url": url, "pid": os.getpid(), "host": socket.gethostname()}, written)
    draft.replace(path)
    try:
        yield
    finally:
        # On a Postgres several servers may share the directory: the file is about the one that came last.
        if (said := _read(path)) is not None and said.url == url and said.pid == os.getpid():
            path.unlink(missing_ok=True)


def find_server(data_dir: Path) -> ServerFile | None:
    """The live server of a data directory; None when there is none, or when it died without removing its file."""
    said = _read(data_dir / NAME)
    is_here = said is not None and said.host in ("", socket.gethostname()) and _is_alive(said.pid)
    return said if is_here else None


def _read(path: Path) -> ServerFile | None:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return wire.decode(path.read_bytes(), ServerFile)
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
