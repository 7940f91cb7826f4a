"""Thread: one private conversation. Its record holds queue headers and status, never bodies or transcript."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from laneway.domain.frozen import replace
from laneway.domain.instant import Instant
from laneway.domain.json import JsonObject
from laneway.domain.queue import QueueHeader, QueueMode

ThreadKind = Literal["chat", "alert", "task", "work"]
ThreadStatus = Literal["idle", "queued", "running", "waiting", "paused", "needs_review", "archived"]
TitleSource = Literal["default", "auto", "manual"]
OnFailure = Literal["continue", "pause"]

TITLE_LENGTH = 60
PREVIEW_LENGTH = 200
UNTITLED = "New thread"


@dataclass(frozen=True, slots=True)
class ThreadSettings:
    """What the owner may set: how the queue runs, whether the backend resumes, what a failure does to the queue."""

    queue_mode: QueueMode = "combine"
    resume: bool | None = None
    """None: the workflow's default. A chat rebuilds from its visible history unless this is true."""
    paused: bool = False
    on_failure: OnFailure = "continue"
    auto_messages: int = 0
    muted: tuple[str, ...] = ()
    ticket: str | None = None


TaskState = Literal["open", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Task:
    """What makes a thread a child: the call that spawned it, and how its first end was reported."""

    turn_id: str
    call_id: str
    waits: bool
    """Whether the turn that spawned it waits; otherwise the result goes into the parent's queue."""
    ancestors: tuple[str, ...]
    """The parent, its parent, and so on."""
    tools: tuple[str, ...] | None = None
    """What the parent's agent might call: the child's may call no more. None: no bound."""
    state: TaskState = "open"
    error: str | None = None
    ended_turn_id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What models consumed: tokens, and US dollars where the provider's price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def plus(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )

    def minus(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens - other.input_tokens,
            self.output_tokens - other.output_tokens,
            self.cost_usd - other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation of a session. Its status is stored with each transition, never guessed from text."""

    id: str
    owner: str
    session_id: str
    agent_id: str
    kind: ThreadKind
    title: str
    title_source: TitleSource
    created_at: Instant
    updated_at: Instant
    members: tuple[str, ...] = ()
    summary: str | None = None
    status: ThreadStatus = "idle"
    status_reason: str | None = None
    pause_reason: str | None = None
    active_turn_id: str | None = None
    active_status: Literal["running", "waiting", "needs_review"] | None = None
    turn_reason: str | None = None
    """Why the active turn waits or needs a review, or why the last one failed."""
    last_turn_id: str | None = None
    turn_count: int = 0
    queue: tuple[QueueHeader, ...] = ()
    queue_version: int = 1
    message_count: int = 0
    last_message: str | None = None
    last_message_at: Instant | None = None
    unread: int = 0
    tags: tuple[str, ...] = ()
    pinned: bool = False
    archived: bool = False
    metadata: JsonObject = field(default_factory=dict[str, object])
    settings: ThreadSettings = field(default_factory=ThreadSettings)
    usage: Usage = field(default_factory=Usage)
    parent_thread_id: str | None = None
    forked_from: str | None = None
    alert_source: str | None = None
    task: Task | None = None
    title_settled: bool = False
    """A better title than the first message's line was made, or looked for; it is not looked for again."""
    summary_source: Literal["auto", "owner"] | None = None
    summarised: int = 0
    """How many messages there were when the summary was made."""
    version: int = 1
    deleted: bool = False

    @property
    def ancestor_2(self) -> str | None:
        return self.task.ancestors[1] if self.task and len(self.task.ancestors) > 1 else None

    @property
    def ancestor_3(self) -> str | None:
        return self.task.ancestors[2] if self.task and len(self.task.ancestors) > 2 else None

    @property
    def awaited_by(self) -> str | None:
        """The thread whose turn waits for this one."""
        return self.parent_thread_id if self.task and self.task.waits and self.task.state == "open" else None

    @property
    def active_at(self) -> Instant:
        """When something was last said; the creation where nothing has been said yet."""
        return self.last_message_at or self.created_at

    @property
    def queue_depth(self) -> int:
        return len(self.queue)


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread as lists and events show it."""

    id: str
    session_id: str
    agent_id: str
    members: tuple[str, ...]
    kind: ThreadKind
    title: str
    title_source: TitleSource
    summary: str | None
    status: ThreadStatus
    status_reason: str | None
    active_turn_id: str | None
    queue_depth: int
    message_count: int
    last_message: str | None
    last_message_at: Instant | None
    unread: int
    tags: tuple[str, ...]
    pinned: bool
    archived: bool
    metadata: JsonObject
    parent_thread_id: str | None
    forked_from: str | None
    version: int
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class ThreadResource(ThreadSummary):
    """A thread as the API shows it: the summary, the settings and the usage."""

    settings: ThreadSettings
    usage: Usage


SUMMARY_FIELDS = tuple(each.name for each in fields(ThreadSummary))
RESOURCE_FIELDS = (*SUMMARY_FIELDS, "settings", "usage")


def child_thread_id(call_id: str) -> str:
    """The thread that a `spawn` makes: the call's id is its unique key, so no call makes two."""
    return "thr_" + call_id.removeprefix("call_")


def thread_summary(thread: Thread) -> ThreadSummary:
    """Show a thread in a list."""
    return ThreadSummary(*[getattr(thread, name) for name in SUMMARY_FIELDS])


def thread_resource(thread: Thread) -> ThreadResource:
    """Show a thread."""
    return ThreadResource(*[getattr(thread, name) for name in RESOURCE_FIELDS])


def with_status(thread: Thread, runnable: bool) -> Thread:
    """Store the status that follows from the rest; `runnable`: the next batch is not empty."""
    status, reason = _status(thread, runnable)
    if (status, reason) == (thread.status, thread.status_reason):
        return thread
    return replace(thread, status=status, status_reason=reason)


def _status(thread: Thread, runnable: bool) -> tuple[ThreadStatus, str | None]:
    if thread.archived:
        return "archived", None
    if thread.active_status is not None:
        return thread.active_status, thread.turn_reason
    if thread.settings.paused:
        return "paused", thread.pause_reason
    return ("queued", None) if runnable else ("idle", thread.turn_reason)


def thread_change(before: Thread | None, after: Thread) -> Mapping[str, object] | None:
    """The resource's fields that differ: merged into the last known resource they give the new one (I-22)."""
    if before is after:
        return None
    changed = {
        name: getattr(after, name)
        for name in RESOURCE_FIELDS
        if before is None or getattr(before, name) != getattr(after, name)
    }
    return changed or None


def title_from(text: str) -> str | None:
    """A title from a message: its first line that says something, at most 60 characters."""
    for line in text.split("\n"):
        title = " ".join(line.split())
        if title:
            return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1].rstrip() + "…"
    return None


def preview_of(text: str) -> str:
    """A preview of a message: one line, at most 200 characters."""
    line = " ".join(text[: 4 * PREVIEW_LENGTH].split())
    return line if len(line) <= PREVIEW_LENGTH else line[: PREVIEW_LENGTH - 1].rstrip() + "…"
