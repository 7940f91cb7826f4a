"""Threads: made, changed, deleted, read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from laneway.domain.command.command import Command
from laneway.domain.command.message import NewMessage
from laneway.domain.json import Json, JsonObject
from laneway.domain.thread import Usage
from laneway.domain.vote import VoteValue


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
    template_id: str | None = None
    """What is not given comes from it; its opening messages come before `message`."""
    sender: str = ""
    """Who sends the opening messages."""
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
class DescribeThread(Command):
    """Give a thread what was written about it while it was idle. What came too late is dropped; its usage counts."""

    thread_id: str
    last_turn_id: str | None
    """The last turn that the summary knows of."""
    title: str | None = None
    settles_title: bool = False
    """No better title is to be looked for again, whether there is one or not."""
    summary: str | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True)
class VoteOnMessage(Command):
    """Say what a user thinks of a message; None takes the vote back."""

    user_id: str
    thread_id: str
    item_id: str
    value: VoteValue | None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class RenameTag(Command):
    """Give some threads another tag in the place of one; `done` threads were given it by earlier commits."""

    tag: str
    name: str
    thread_ids: tuple[str, ...]
    done: int = 0


@dataclass(frozen=True, kw_only=True)
class ReadThread(Command):
    """Mark a thread as read; `unread` messages after the named one remain."""

    thread_id: str
    unread: int
