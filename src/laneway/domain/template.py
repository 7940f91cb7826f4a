"""Template: a set-up for new threads: agent, title, settings, tags and opening messages. It belongs to a user."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.thread import ThreadSettings


@dataclass(frozen=True, slots=True)
class Opening:
    """A message that threads of a template begin with, as the user or as the agent said it."""

    text: str
    role: Literal["user", "assistant"] = "user"


OpeningMessage = str | Opening
"""A text alone is the user's."""


@dataclass(frozen=True, slots=True)
class Template:
    """A set-up for threads. Threads that were made with it do not follow its changes."""

    id: str
    owner: str
    name: str
    agent_id: str | None
    title: str | None
    settings: ThreadSettings
    messages: tuple[OpeningMessage, ...]
    tags: tuple[str, ...]
    created_at: Instant
    updated_at: Instant
    version: int = 1


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """A template as the API and events show it."""

    id: str
    name: str
    agent_id: str | None
    title: str | None
    settings: ThreadSettings = field(default_factory=ThreadSettings)
    messages: tuple[OpeningMessage, ...] = ()
    tags: tuple[str, ...] = ()
    version: int = 1
    created_at: Instant = ""
    updated_at: Instant = ""


def template_resource(template: Template) -> TemplateResource:
    """Show a template."""
    return TemplateResource(
        template.id, template.name, template.agent_id, template.title, template.settings, template.messages,
        template.tags, template.version, template.created_at, template.updated_at,
    )  # fmt: skip


def opening_of(message: OpeningMessage) -> Opening:
    """An opening message with its role."""
    return Opening(message) if isinstance(message, str) else message


def split_openings(messages: Sequence[OpeningMessage]) -> tuple[tuple[Opening, ...], tuple[Opening, ...]]:
    """What a new thread has said already, up to the last answer, and what is to be sent to it."""
    openings = tuple(opening_of(message) for message in messages)
    said = max((n for n, each in enumerate(openings, 1) if each.role == "assistant"), default=0)
    return openings[:said], openings[said:]
