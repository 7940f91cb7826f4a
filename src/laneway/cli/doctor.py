"""doctor: looks at everything that has to be right, and says what is not."""

import asyncio
import socket
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import httpx
import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data
from laneway.cli.reach import KEY_FILE, Where
from laneway.cli.server_file import find_server
from laneway.config import Settings
from laneway.domain.errors import LanewayError
from laneway.runtime.audit import AuditReport

Verdict = Literal["ok", "note", "bad"]
_MARKS = {"ok": "✓", "note": "·", "bad": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; a `bad` one has to be mended."""

    check: str
    verdict: Verdict
    says: str


def doctor(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Check that everything is right. Looks at machine, settings, data directory, server, agents; changes nothing."""
    findings = list(_all(Where(data=data, config=config)))
    if as_json:
        show.as_json(findings)
    else:
        show.table(("", "check", ""), ((_MARKS[each.verdict], each.check, each.says) for each in findings))
    if any(each.verdict == "bad" for each in findings):
        raise typer.Exit(1)


def _all(where: Where) -> Iterator[Finding]:
    yield Finding("laneway", "ok", f"{version('laneway')} on Python {sys.version.split()[0]}, {sys.platform}")
    yield _sqlite()
    try:
        settings = where.settings()
    except LanewayError as error:
        yield Finding("settings", "bad", f"{error.detail} {error.hint}".strip())
        return
    yield Finding("settings", "ok", f"default agent {settings.default_agent}")
    yield from _directory(settings.data_dir)
    yield from _server(settings)
    yield from _agents(settings)


def _sqlite() -> Finding:
    import apsw  # noqa: PLC0415 - only this check and the server load the database library

    version = apsw.sqlite_lib_version()
    enough = tuple(map(int, version.split("."))) >= (3, 51, 3)
    return Finding("sqlite", "ok" if enough else "bad", version if enough else f"{version}: needs 3.51.3 or newer")


def _directory(data_dir: Path) -> Iterator[Finding]:
    if not data_dir.exists():
        yield Finding("data directory", "note", f"{data_dir} is not there yet; `laneway serve` makes it")
        return
    if not data_dir.is_dir():
        yield Finding("data directory", "bad", f"{data_dir} is not a directory")
        return
    yield _private(data_dir, 0o700)
    for name in ("laneway.db", KEY_FILE):
        if (data_dir / name).exists():
            yield _private(data_dir / name, 0o600)


def _private(path: Path, mode: int) -> Finding:
    found = stat.S_IMODE(path.stat().st_mode)
    if found & ~mode:
        return Finding(path.name, "bad", f"others may use it (mode {found:o}): chmod {mode:o} {path}")
    return Finding(path.name, "ok", str(path))


def _server(settings: Settings) -> Iterator[Finding]:
    server = find_server(settings.data_dir)
    if server is None:
        yield _port(settings)
        yield from _database(settings)
        return
    try:
        answer = httpx.get(f"{server.url}/healthz", trust_env=False, timeout=5)
        yield Finding("server", "ok" if answer.is_success else "bad", f"{server.url} answers {answer.status_code}")
    except httpx.HTTPError as error:
        yield Finding("server", "bad", f"process {server.pid} lives, but {server.url} does not answer: {error}")
    if settings.database_url is not None:
        yield from _database(settings)


def _port(settings: Settings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(place)
    except OSError as error:
        return Finding("port", "bad", f"{where} cannot be taken: {error.strerror}")
    return Finding("port", "ok", f"{where} is free; no server runs on the data directory")


def _database(settings: Settings) -> Iterator[Finding]:
    from laneway.cli.straight import check  # noqa: PLC0415 - only where there is no server to ask
    from laneway.deployment import examine  # noqa: PLC0415 - as above

    says, is_current = "opens, and its schema is known", True
    try:
        if settings.database_url is not None:
            says, is_current = asyncio.run(examine(settings.database_url.reveal()))
        elif not Path(settings.database_path).exists():
            return
        # To open another schema would bring it up to date, perhaps under servers that do not know that one.
        audited = asyncio.run(check(settings)) if is_current else None
        yield Finding("database", "ok" if is_current else "note", says)
        if audited is not None:
            yield _audit(audited)
    except LanewayError as error:
        yield Finding("database", "bad", f"{error.detail} {error.hint}".strip())


def _audit(report: AuditReport) -> Finding:
    if report.fault is not None:
        return Finding("audit log", "bad", f"{report.fault}; the {report.entries} before it are whole")
    newest = f", the newest has the hash {report.newest}" if report.newest else ""
    return Finding("audit log", "ok", f"{report.entries} entries follow each other{newest}")


def _agents(settings: Settings) -> Iterator[Finding]:
    from laneway.cli.straight import availability  # noqa: PLC0415 - agents are made by the app alone

    for name, reason in availability(settings).items():
        yield Finding(f"agent {name}", "ok" if reason is None else "note", reason or "can run")
