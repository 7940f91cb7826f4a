"""Process: one program that the suite started. It is signalled through its pidfd, so never by a name or a stale id."""

import asyncio
import ctypes
import os
import signal
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however that happens: nothing is left over."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A running child, or a grandchild that a child of ours forked for us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.pidfd_open(pid)
        self._closed = False

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a process that is gone already is no error."""
        try:
            signal.pidfd_send_signal(self._fd, number)
        except ProcessLookupError:
            return

    async def gone(self, timeout_s: float = 30.0) -> float:
        """Wait until it has ended; returns how long that took. Raises `TimeoutError`."""
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._fd, lambda: ended.done() or ended.set_result(None))
        try:
            await asyncio.wait_for(ended, timeout_s)
        finally:
            loop.remove_reader(self._fd)
        return time.monotonic() - started

    async def kill(self) -> None:
        """SIGKILL, and wait for the end. Safe to call twice."""
        if self._closed:
            return
        self.send(signal.SIGKILL)
        await self.gone()

    @property
    def rss_kib(self) -> int:
        """Memory that is resident now."""
        return _status(self.pid, "VmRSS")

    @property
    def peak_rss_kib(self) -> int:
        """The most memory that was ever resident."""
        return _status(self.pid, "VmHWM")

    @property
    def cpu_s(self) -> float:
        """Processor time of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def descriptors(self) -> int:
        """Open file descriptors."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def close(self) -> None:
        """Forget the process. Safe to call twice."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
