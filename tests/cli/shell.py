"""Shell: runs the real command line in processes of its own, in a home that nobody else uses."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

LIMIT_S = 90
"""A process that hangs fails its test; one that works is never near it."""


@dataclass(frozen=True)
class Shell:
    """A clean environment with a data directory."""

    home: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    started: list["Server | Terminal"] = field(default_factory=list["Server | Terminal"])

    def given(self, **variables: str) -> "Shell":
        """The same with variables of the environment."""
        return replace(self, variables=variables)

    def clean_up(self) -> None:
        """End what a failed test has left running."""
        for each in self.started:
            each.kill()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What servers wrote about themselves."""
        return self.home / "server.log"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANEWAY_DATA": str(self.data),
            "LANEWAY_PORT": "0",  # the usual one may be in use on this machine
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            **self.variables,
        }

    def run(self, *arguments: str, input: str = "", ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            self.command(*arguments), input=input, capture_output=True, text=True, timeout=LIMIT_S, check=False,
            env=self.environment(), cwd=self.home,
        )  # fmt: skip
        self.find_dead()
        assert (done.returncode == 0) is ok, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    def find_dead(self) -> None:
        """Fail when a server died that nobody stopped: with how it ended, and what it wrote last."""
        for each in self.started:
            if isinstance(each, Server) and each.process.returncode is None and (code := each.process.poll()):
                raise AssertionError(f"{each.url} ended with {code}:\n{self.log.read_text()[-5_000:]}")

    def json(self, *arguments: str, input: str = "") -> Any:
        """Run a command with --json and read what it prints."""
        return json.loads(self.run(*arguments, "--json", input=input).stdout)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "laneway", *arguments]

    def serve(self, *arguments: str) -> "Server":
        """Start a server and wait until it answers."""
        with self.log.open("a") as log:
            process = subprocess.Popen(
                self.command("serve", "--port", "0", "--script-agent", "--no-browser", *arguments),
                stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment(), cwd=self.home,
            )  # fmt: skip
        assert process.stdout is not None
        printed = process.stdout.readline()
        if "Laneway is running at" not in printed:
            process.kill()
            process.wait()
            process.stdout.close()
            raise AssertionError(self.log.read_text())
        server = Server(process, process.stdout, printed.split()[-1])
        self.started.append(server)
        return server

    def terminal(self, *arguments: str) -> "Terminal":
        """Start a command on a terminal of its own."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execve(sys.executable, self.command(*arguments), self.environment())
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        terminal = Terminal(pid, master)
        self.started.append(terminal)
        return terminal


@dataclass
class Server:
    """A server process."""

    process: subprocess.Popen[str]
    stdout: IO[str]
    url: str

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(LIMIT_S)
        self.stdout.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stdout.close()


@dataclass
class Terminal:
    """A process on a terminal, and what it has shown so far."""

    pid: int
    master: int
    shown: str = ""
    _read_up_to: int = 0
    _has_ended: bool = False

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def see(self, text: str) -> None:
        """Wait until it shows the text, after what was waited for before."""
        while (found := self.shown.find(text, self._read_up_to)) < 0:
            ready, _, _ = select.select([self.master], [], [], LIMIT_S)
            if ready:
                self._read()
            if not ready or self._has_ended:
                raise AssertionError(f"never saw {text!r} in {self.shown[self._read_up_to :]!r}")
        self._read_up_to = found + len(text)

    def ended(self) -> int:
        """Wait for its end, and say how it ended."""
        deadline = time.monotonic() + LIMIT_S
        while not self._has_ended and time.monotonic() < deadline:
            if select.select([self.master], [], [], LIMIT_S)[0]:
                self._read()
        assert self._has_ended, f"did not end after {self.shown[self._read_up_to :]!r}"
        return self._wait()

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self._wait()

    def _wait(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> None:
        try:
            self.shown += os.read(self.master, 65_536).decode("utf-8", errors="replace")
        except OSError:
            self._has_ended = True  # the other end is closed: that is how a terminal says it
