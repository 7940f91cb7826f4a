"""Rules: the numbers and names that decisions depend on, fixed while a process lives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from laneway.domain.batch import BatchPolicy
from laneway.domain.queue import QueueMode


@dataclass(frozen=True, slots=True)
class AgentTraits:
    """What decisions need to know of an agent."""

    can_steer: bool = False
    waits_across_restarts: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one user, session or thread may hold. 0 = no bound."""

    queue_per_thread: int = 100
    queue_per_user: int = 1000
    threads_per_user: int = 10_000
    sessions_per_user: int = 1_000
    timers_per_session: int = 200
    notes_per_session: int = 1_000
    templates_per_user: int = 1_000
    entries_per_session: int = 10_000
    attachments_per_session: int = 1_000
    shares_per_thread: int = 100
    comments_per_thread: int = 1_000
    alerts_per_minute: int = 10
    child_depth: int = 3
    children_per_turn: int = 16
    batch_items: int = 100
    batch_bytes: int = 256 * 1024


@dataclass(frozen=True)
class Rules:
    """What `decide` is given beside the view and the command."""

    agents: Mapping[str, AgentTraits]
    default_agent: str
    environments: frozenset[str] = frozenset({"plain"})
    limits: Limits = field(default_factory=Limits)
    max_attempts: int = 3
    lease_s: float = 6.0

    def batch_policy(self, mode: QueueMode) -> BatchPolicy:
        """How much a turn of a thread in this mode may take."""
        return BatchPolicy(mode, self.limits.batch_items, self.limits.batch_bytes)
