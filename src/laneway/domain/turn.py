"""Turn: one run of a thread on a batch of queue items, from claim to outcome; it may take several attempts."""

from dataclasses import dataclass, field
from typing import Literal

from laneway.domain.frozen import replace
from laneway.domain.instant import Instant, seconds_between
from laneway.domain.lane import LaneKey
from laneway.domain.thread import Usage

TurnStatus = Literal[
    "running", "waiting", "needs_review", "completed", "failed", "cancelled", "interrupted", "superseded"
]
RunStatus = Literal["running", "answered", "empty", "failed", "timed_out", "cancelled"]
ReviewAction = Literal["retry", "skip", "mark_done"]
CancelCause = Literal["stop", "interrupt", "delete"]

ACTIVE: frozenset[TurnStatus] = frozenset({"running", "waiting", "needs_review"})
"""A thread has at most one turn in these states; a unique index says so."""
TERMINAL: frozenset[TurnStatus] = frozenset({"completed", "failed", "cancelled", "interrupted", "superseded"})


@dataclass(frozen=True, slots=True)
class TurnError:
    """Why a turn failed: a stable class and a text for people."""

    class_: str
    message: str


@dataclass(frozen=True, slots=True)
class Run:
    """One agent's part of a turn."""

    agent: str
    lane: LaneKey
    status: RunStatus = "running"
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """The durable flag of a cancel: once recorded, no new call of the turn starts."""

    cause: CancelCause
    at: Instant
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a thread. Every write of it carries `fence`, which rises with each attempt."""

    id: str
    owner: str
    session_id: str
    thread_id: str
    number: int
    status: TurnStatus
    attempt: int
    fence: int
    trigger: str
    item_ids: tuple[str, ...]
    """The queue items it took: its batch, then the steers that joined it."""
    runs: tuple[Run, ...]
    started_at: Instant
    batch_size: int = 0
    """How many of `item_ids` are its batch: later items never join that."""
    again: tuple[str, ...] = ()
    """The transcript items of an earlier turn that are its batch: it answers them again, where they stand."""
    node: str | None = None
    """The process that runs it; None: free to be taken up."""
    crashes: int = 0
    """Attempts that died with their process while running. A turn taken up after a wait or a drain does not count, nor
    one whose process had lost the store."""
    usage: Usage = field(default_factory=Usage)
    error: TurnError | None = None
    cancel: CancelRequest | None = None
    children: int = 0
    """How many threads it has spawned."""
    once_started: bool = False
    """A call with an effect that must happen once was started: a failure then pauses the queue."""
    finished_at: Instant | None = None
    messages: int = 0
    """The messages of users that it took and of its agents that it completed, whatever became of them later."""
    version: int = 1

    # --- what analytics are made of ------------------------------------------------------------------------------

    @property
    def day(self) -> str:
        """The day on which it began, in UTC."""
        return self.started_at[:10]

    @property
    def agent(self) -> str:
        """The agent that ran it, the first of several."""
        return self.runs[0].agent if self.runs else ""

    @property
    def failed(self) -> bool:
        return self.status == "failed"

    @property
    def input_tokens(self) -> int:
        return self.usage.input_tokens

    @property
    def output_tokens(self) -> int:
        return self.usage.output_tokens

    @property
    def cost_nano_usd(self) -> int:
        """The cost in whole billionths of a dollar: sums of them are exact, in whatever order."""
        return round(self.usage.cost_usd * 1_000_000_000)

    @property
    def duration_ms(self) -> int | None:
        """From its begin to its end, waiting included; None while it is not over."""
        return None if self.finished_at is None else round(seconds_between(self.started_at, self.finished_at) * 1000)


def cancelled_by_deletion(turn: Turn, at: Instant) -> Turn:
    """The turn as it ends where everything about it is given up: no attempt of it writes any more."""
    return replace(turn, status="cancelled", fence=turn.fence + 1, cancel=CancelRequest("delete", at), finished_at=at)


@dataclass(frozen=True, slots=True)
class TurnResource:
    """A turn as the API shows it."""

    id: str
    thread_id: str
    number: int
    status: TurnStatus
    attempt: int
    trigger: str
    item_ids: tuple[str, ...]
    runs: tuple[Run, ...]
    usage: Usage
    error: dict[str, str] | None
    node: str | None
    started_at: Instant
    finished_at: Instant | None


def turn_resource(turn: Turn) -> TurnResource:
    """Show a turn."""
    return TurnResource(
        turn.id, turn.thread_id, turn.number, turn.status, turn.attempt, turn.trigger, turn.item_ids, turn.runs,
        turn.usage, error_resource(turn.error), _shown(turn.node), turn.started_at, turn.finished_at,
    )  # fmt: skip


def _shown(node: str | None) -> str | None:
    """A node as people know it, host and process: what makes its name unique for ever concerns nobody."""
    return None if node is None else ":".join(node.split(":")[:2])


def error_resource(error: TurnError | None) -> dict[str, str] | None:
    """Show an error: `class` and `message`."""
    return None if error is None else {"class": error.class_, "message": error.message}
