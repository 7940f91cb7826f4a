"""Agent: the contract of what answers. An agent is given one turn and yields what it says, piece by piece."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from laneway.domain.item import Item, Part
from laneway.domain.json import Json, JsonObject, as_object
from laneway.domain.lane import LaneKey
from laneway.domain.thread import Usage
from laneway.tool import ToolSpec


@dataclass(frozen=True, slots=True)
class Text:
    """More of the answer. Consecutive texts make one message; a tool call between them ends it."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """More of the model's reasoning, shown folded; never part of the answer or of later context."""

    text: str


@dataclass(frozen=True, slots=True)
class Consumed:
    """Tokens (and cost, where known) that this run has used since the last report."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The backend's own id for going on from here. Kept only where the lane resumes."""

    resume_id: str


@dataclass(frozen=True, slots=True)
class Digest:
    """From here on the model is told a summary of the thread in place of what lies further back. The transcript stays
    whole: it gets a notice that says so."""

    text: str
    tail: int
    """How many items right before the notice are still told in full."""


AgentEvent = Text | Reasoning | Consumed | ResumePoint | Digest


def digest_part(digest: Digest) -> Part:
    """What marks a notice as a digest."""
    return Part("data", data={"digest": {"tail": digest.tail}})


def digest_of(item: Item) -> Digest | None:
    """The digest that an item is the notice of; None for every other item."""
    if item.role != "system" or len(item.parts) != 2:
        return None
    marked = as_object((as_object(item.parts[1].data) or {}).get("digest")) or {}
    tail = marked.get("tail")
    return Digest(item.text, tail) if isinstance(tail, int) else None


UNKNOWN_RESUME = "unknown_resume"
"""The class of a run whose backend does not know the resume id that it was given."""


class AgentFailed(Exception):
    """The run failed for a reason that the user should read. `class_` is stable: `agent_failed`, `timeout`, …

    With the class `UNKNOWN_RESUME`, before anything was said, the lane is reset and the run starts afresh, once.
    """

    def __init__(self, message: str, class_: str = "agent_failed") -> None:
        super().__init__(message)
        self.message = message
        self.class_ = class_


@dataclass(frozen=True, slots=True)
class Message:
    """One input of the batch: it keeps its id, sender, time, parts; messages of a batch are never joined into one."""

    id: str
    sender: str
    text: str
    parts: tuple[Part, ...]
    at: str


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of the session, as agents may see it."""

    id: str
    name: str
    media_type: str
    size: int


class TurnHandle(Protocol):
    """What an agent may do within its turn. Bound to (session, thread, turn, fence): no id is ever passed in.

    Every call raises `CancelRequested` or `StaleFence` once the turn is stopped or taken over, and nothing happens.
    """

    async def history(self, limit: int | None = None) -> Sequence[Item]:
        """The thread's items before this turn that are in context, oldest first (the newest `limit` of them)."""
        ...

    async def progress(self) -> Sequence[Item]:
        """What earlier attempts of this turn recorded, oldest first: answers, steers, tool calls with their results.

        A call without a result (its item is `partial`) goes on when it is made again, by name and arguments.
        """
        ...

    def tools(self) -> Sequence[ToolSpec]:
        """The tools that this agent may call."""
        ...

    async def call(self, name: str, arguments: JsonObject) -> Json:
        """Call a tool and return its result; raises `ToolFailed`, `ToolRejected`, or `UnknownTool`.

        Recorded as called → (approved) → started → returned. A call that an earlier attempt finished is not repeated:
        calls are matched in order, by name and arguments, and the recorded result is returned.
        """
        ...

    async def ask(self, text: str) -> bool:
        """Ask the owner, wait for the answer, and return whether it was approved. Gives the turn's slot back."""
        ...

    async def steer(self) -> Sequence[Message]:
        """Take the messages that were sent to steer this turn since the last call: call it between model calls."""
        ...

    async def files(self) -> Sequence[AttachedFile]:
        """The session's attachments."""
        ...

    async def read_file(self, attachment_id: str) -> bytes:
        """The bytes of one of the session's attachments."""
        ...


@dataclass(frozen=True)
class TurnInput:
    """One agent's part of one turn."""

    session_id: str
    thread_id: str
    turn_id: str
    attempt: int
    agent: str
    lane: LaneKey
    batch: tuple[Message, ...]
    handle: TurnHandle
    resume_id: str | None = None
    briefing: str = ""
    """What the environment tells every agent: the session's state in words."""
    notes: tuple[str, ...] = ()
    """The session's prompt notes, oldest first."""

    @property
    def text(self) -> str:
        """The last message of the batch. The others are in `batch`."""
        return self.batch[-1].text if self.batch else ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an agent can do."""

    steer: bool = False
    resume: bool = False
    tools: bool = False
    cancel: bool = True


@dataclass(frozen=True)
class AgentProfile:
    """How an agent is shown and treated."""

    name: str
    title: str
    description: str
    kind: str
    capabilities: Capabilities = field(default_factory=Capabilities)
    tools: tuple[str, ...] | None = None
    """The tools that it may call; None: all of the session's."""
    timeout_s: float = 1800.0
    config_hash: str = ""
    recovery: Literal["replay", "continue"] = "replay"
    """After a crash: `replay` runs the agent from its start, and what it repeats of `progress` is swallowed;
    `continue` expects it to read `progress` and go on from there."""
    waits_across_restarts: bool = True
    """Whether a turn that waits for an approval may go on in another process."""


class Agent(Protocol):
    """What answers: a model, a command-line harness, a Python function."""

    @property
    def profile(self) -> AgentProfile:
        """How it is shown and treated; constant while the process lives."""
        ...

    def availability(self) -> str | None:
        """None when it can run; otherwise the reason why not, for people."""
        ...

    def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        """Answer one turn.

        Ends normally when it is done; raises `AgentFailed` (any other exception is a failure of class `agent_crashed`).
        It is stopped by cancellation: it must clean up in `finally` and re-raise. It must not block the event loop.
        """
        ...

    async def close(self) -> None:
        """Release what outlives a turn: connections, processes. No turn runs any more. Safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class Condensed:
    """A short text, and what it took to write it."""

    text: str
    usage: Usage


@runtime_checkable
class Condenser(Protocol):
    """An agent that can also put a conversation into few words. Of those that cannot, nobody asks it."""

    async def condense(self, instruction: str, text: str) -> Condensed:
        """Do with the text what the instruction says, outside of any turn. Raises `AgentFailed`."""
        ...


AgentSettings = Mapping[str, Json]
