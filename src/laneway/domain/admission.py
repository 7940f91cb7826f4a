"""Admission: which ready thread runs next: round-robin by user, then session; a cap binds while somebody waits."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Caps:
    """How many turns run at once. 0 = no bound."""

    process: int = 256
    user: int = 64
    """Binds only while another user waits."""
    group: int = 4
    """For each `lane_group`: the alert threads of a session."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thread that wants to run."""

    thread_id: str
    session_id: str
    owner: str
    group: str = ""


@dataclass(slots=True)
class _Waiting:
    """One user's waiting threads: sessions take turns, threads of a session in order of arrival."""

    sessions: OrderedDict[str, deque[Candidate]] = field(default_factory=OrderedDict[str, deque[Candidate]])


class FairQueue:
    """Ready threads in fair order, and how many run. Not thread-safe: it belongs to one event loop."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._users: OrderedDict[str, _Waiting] = OrderedDict()
        self._waiting = 0
        self._running = 0
        self._running_of: dict[str, int] = {}

    @property
    def running(self) -> int:
        return self._running

    @property
    def waiting(self) -> int:
        return self._waiting

    def push(self, candidate: Candidate) -> None:
        """Let a thread wait for its turn to run."""
        waiting = self._users.setdefault(candidate.owner, _Waiting())
        waiting.sessions.setdefault(candidate.session_id, deque()).append(candidate)
        self._waiting += 1

    def pop(self) -> Candidate | None:
        """Admit the next thread that may run now, counting it as running; None when none may."""
        if self._caps.process and self._running >= self._caps.process:
            return None
        for within_cap in (True, False):
            # A user at the cap is passed over while anybody else can run; with nobody else, the cap does not bind.
            for owner in list(self._users):
                if within_cap and self._at_cap(f"user:{owner}", self._caps.user):
                    continue
                candidate = self._take(owner)
                if candidate is not None:
                    self.admit(candidate)
                    return candidate
        return None

    def admit(self, candidate: Candidate) -> None:
        """Count a thread as running."""
        self._running += 1
        for key in _keys(candidate):
            self._running_of[key] = self._running_of.get(key, 0) + 1

    def leave(self, candidate: Candidate) -> None:
        """Count a thread as no longer running."""
        self._running -= 1
        for key in _keys(candidate):
            self._running_of[key] -= 1
            if not self._running_of[key]:
                del self._running_of[key]

    def _at_cap(self, key: str, cap: int) -> bool:
        return bool(cap) and self._running_of.get(key, 0) >= cap

    def _take(self, owner: str) -> Candidate | None:
        """Take a user's next thread that may run, and move the user and the session behind the others."""
        sessions = self._users[owner].sessions
        for session_id in list(sessions):
            candidate = self._take_of_session(sessions[session_id])
            if candidate is None:
                continue
            sessions.move_to_end(session_id)
            if not sessions[session_id]:
                del sessions[session_id]
            self._users.move_to_end(owner)
            if not sessions:
                del self._users[owner]
            self._waiting -= 1
            return candidate
        return None

    def _take_of_session(self, threads: deque[Candidate]) -> Candidate | None:
        for index, candidate in enumerate(threads):
            if not (candidate.group and self._at_cap(f"group:{candidate.group}", self._caps.group)):
                del threads[index]
                return candidate
        return None


def _keys(candidate: Candidate) -> tuple[str, ...]:
    user = f"user:{candidate.owner}"
    return (user, f"group:{candidate.group}") if candidate.group else (user,)
