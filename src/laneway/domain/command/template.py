"""Templates: set-ups for new threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from laneway.domain.command.command import Command
from laneway.domain.json import Json
from laneway.domain.template import OpeningMessage


@dataclass(frozen=True, kw_only=True)
class CreateTemplate(Command):
    """Make a template; what is not given comes from the thread, when one is named."""

    user_id: str
    name: str
    agent_id: str | None = None
    title: str | None = None
    settings: Mapping[str, Json] = field(default_factory=dict[str, object])
    messages: tuple[OpeningMessage, ...] | None = None
    tags: tuple[str, ...] | None = None
    from_thread_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateTemplate(Command):
    """Change what `changes` names (name, agent_id, title, settings, messages, tags)."""

    template_id: str
    changes: Mapping[str, Json]
    if_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteTemplate(Command):
    """Remove a template. Threads that were made with it stay as they are."""

    template_id: str
