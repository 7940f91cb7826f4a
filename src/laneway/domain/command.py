"""Commands: requests in the imperative. Each carries all its ids, the time, and the seed of every id made inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from laneway.domain.alert import MissedPolicy, TimerState
from laneway.domain.approval import ApprovalDecision
from laneway.domain.instant import Instant
from laneway.domain.item import Item, Part
from laneway.domain.json import Json, JsonObject
from laneway.domain.principal import Role, Scope
from laneway.domain.queue import Delivery
from laneway.domain.session import Attachment, Mode
from laneway.domain.step import TurnStep
from laneway.domain.thread import Thread
from laneway.domain.turn import CancelCause, ReviewAction, Turn


@dataclass(frozen=True, kw_only=True)
class Command:
    """What every command carries: when it was made, and 16 random bytes."""

    at: Instant
    seed: bytes


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message as it is sent: what becomes a queue item."""

    parts: tuple[Part, ...]
    sender: str
    agents: tuple[str, ...] = ()
    delivery: Delivery = "queue"
    discard: bool = False
    hold: bool = False
    reply_to: str | None = None


# --- users ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateUser(Command):
    """Make a user; the name is unique."""

    user_id: str
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class CreateKey(Command):
    """Make an API key. Only its SHA-256 arrives here."""

    user_id: str
    name: str
    prefix: str
    sha256: str
    role: Role
    scope: Scope
    expires_at: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class RevokeKey(Command):
    """End a key; its streams close within a second."""

    key_id: str


@dataclass(frozen=True, kw_only=True)
class CreateLogin(Command):
    """Start a browser's login with a key that has been proved."""

    user_id: str
    sha256: str
    key_id: str
    role: Role
    scope: Scope
    expires_at: Instant


@dataclass(frozen=True, kw_only=True)
class EndLogin(Command):
    """End a browser's login."""

    login_id: str


# --- sessions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateSession(Command):
    """Make a session."""

    user_id: str
    title: str | None = None
    environment: str = "plain"
    mode: Mode = "copilot"
    settings: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True, kw_only=True)
class UpdateSession(Command):
    """Change a session's title, mode or settings; None leaves a field as it is."""

    session_id: str
    title: str | None = None
    mode: Mode | None = None
    settings: JsonObject | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteSession(Command):
    """Delete a session with everything in it; what runs is cancelled."""

    session_id: str


@dataclass(frozen=True, kw_only=True)
class TellState(Command):
    """Tell a change of state that came too soon after the last telling."""

    session_id: str


@dataclass(frozen=True, kw_only=True)
class AddNote(Command):
    """Add a note to a session; an equal `key` replaces the note that has it."""

    session_id: str
    text: str
    prompt: bool = False
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateNote(Command):
    """Change a note; None leaves a field as it is."""

    session_id: str
    note_id: str
    text: str | None = None
    prompt: bool | None = None
    key: str | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteNote(Command):
    """Remove a note."""

    session_id: str
    note_id: str


@dataclass(frozen=True, kw_only=True)
class SelectThread(Command):
    """Remember which thread a user last viewed in a session. Changes nothing else."""

    user_id: str
    session_id: str
    thread_id: str


@dataclass(frozen=True, kw_only=True)
class AddAttachment(Command):
    """Add a file, whose bytes are stored already, to a session (None: the user's default session)."""

    user_id: str
    session_id: str | None
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DeleteAttachment(Command):
    """Remove a file from its session."""

    attachment: Attachment


# --- threads -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateThread(Command):
    """Make a thread, in the default session when none is named, and post its first message when there is one."""

    user_id: str
    session_id: str | None = None
    agent_id: str | None = None
    kind: Literal["chat", "work"] = "chat"
    title: str | None = None
    members: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: JsonObject = field(default_factory=dict[str, object])
    settings: Mapping[str, Json] = field(default_factory=dict[str, object])
    message: NewMessage | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateThread(Command):
    """Change what `changes` names (title, summary, agent_id, tags, metadata, pinned, archived, settings)."""

    thread_id: str
    changes: Mapping[str, Json]
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteThread(Command):
    """Delete a thread: what runs is cancelled, and every trace goes."""

    thread_id: str


@dataclass(frozen=True, kw_only=True)
class ReadThread(Command):
    """Mark a thread as read; `unread` messages after the named one remain."""

    thread_id: str
    unread: int


# --- queue ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PostMessage(Command):
    """Send a message to a thread."""

    thread_id: str
    message: NewMessage


@dataclass(frozen=True, kw_only=True)
class EditQueueItem(Command):
    """Change a waiting item; None leaves a field as it is. `position` counts from 1."""

    thread_id: str
    item_id: str
    parts: tuple[Part, ...] | None = None
    hold: bool | None = None
    position: int | None = None
    delivery: Delivery | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class WithdrawQueueItem(Command):
    """Take a waiting item back."""

    thread_id: str
    item_id: str
    by: str
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class PauseQueue(Command):
    """Start no further turn in a thread."""

    thread_id: str
    reason: str = "paused by the owner"


@dataclass(frozen=True, kw_only=True)
class ResumeQueue(Command):
    """Let turns start again."""

    thread_id: str


@dataclass(frozen=True, kw_only=True)
class ClearQueue(Command):
    """Withdraw everything that waits."""

    thread_id: str
    by: str


# --- transcript ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CutTranscript(Command):
    """What the changes of a transcript have in common: the message they name, and the `seq` from which on all goes."""

    thread_id: str
    item_id: str
    from_seq: int
    queue_item_id: str | None = None
    """The input that the message, or its question, came from."""


@dataclass(frozen=True, kw_only=True)
class EditMessage(CutTranscript):
    """Say something else in place of a message; what followed it goes."""

    message: NewMessage


@dataclass(frozen=True, kw_only=True)
class RegenerateAnswer(CutTranscript):
    """Have a question, which stays, answered again by a new turn."""

    turn_id: str
    question: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DeleteMessage(CutTranscript):
    """Take an exchange and what followed it out of the transcript."""

    by: str


@dataclass(frozen=True, kw_only=True)
class ForkThread(Command):
    """Begin a new thread with a copy of another's transcript, up to an item (None: all of it) and its `seq`."""

    thread_id: str
    after_item_id: str | None = None
    after_seq: int | None = None


# --- turns: by people ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CancelTurn(Command):
    """Stop a thread's active turn (that of `turn_id` only, when one is named). Idempotent."""

    thread_id: str
    by: str
    turn_id: str | None = None
    cause: CancelCause = "stop"


@dataclass(frozen=True, kw_only=True)
class ReviewTurn(Command):
    """Say what becomes of the calls that may or may not have happened."""

    thread_id: str
    turn_id: str
    action: ReviewAction


@dataclass(frozen=True, kw_only=True)
class RetryTurn(Command):
    """Open the thread's last turn again."""

    thread_id: str
    turn_id: str


@dataclass(frozen=True, kw_only=True)
class ResolveApproval(Command):
    """Approve or reject a waiting call, bound to its arguments by their hash."""

    approval_id: str
    thread_id: str
    decision: ApprovalDecision
    arguments_hash: str
    note: str | None = None


# --- turns: by the engine ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BeginTurn(Command):
    """Claim the next batch of a thread."""

    thread_id: str
    node: str


@dataclass(frozen=True, kw_only=True)
class TakeUpTurn(Command):
    """Take up a turn that nobody runs: released, reviewed, answered, or left by a node that died."""

    thread_id: str
    turn_id: str
    node: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim: the turn (None: it was ended or put under review instead), its thread and its batch.

    The batch of a turn that answers earlier messages again is not here: `Turn.again` names it.
    """

    turn: Turn | None
    thread: Thread
    batch: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to `RecordTurn`: the messages that a `TakeSteer` took."""

    steered: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class RecordTurn(Command):
    """What a running turn has done, in order, under its fence: all of it or nothing."""

    thread_id: str
    turn_id: str
    fence: int
    steps: tuple[TurnStep, ...]


# --- timers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateTimer(Command):
    """Set a timer. `next_at` is its first time, worked out by the caller from the clock."""

    session_id: str
    text: str
    next_at: Instant
    when_at: Instant | None = None
    every_s: int | None = None
    cron: str | None = None
    timezone: str | None = None
    agent_id: str | None = None
    missed: MissedPolicy = "once"


@dataclass(frozen=True, kw_only=True)
class UpdateTimer(Command):
    """Change a timer; what `changes` does not name stays. `next_at` is its next time under the new definition."""

    session_id: str
    timer_id: str
    changes: Mapping[str, Json]
    next_at: Instant | None
    state: TimerState | None = None
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteTimer(Command):
    """Remove a timer; after this is recorded it fires no more."""

    session_id: str
    timer_id: str


@dataclass(frozen=True, kw_only=True)
class FireTimer(Command):
    """Raise the alert of one occurrence, or skip it, and move the timer on to `next_at` (None: it is done)."""

    session_id: str
    timer_id: str
    timer_version: int
    occurrence: Instant
    next_at: Instant | None
    skip: bool = False
