"""Templates: made, changed and removed; and what a new thread takes from one."""

from dataclasses import replace

from laneway.domain.changes import Count, Decision, One, Span
from laneway.domain.command import CreateTemplate, DeleteTemplate, UpdateTemplate
from laneway.domain.decide.threads import check_agent, with_settings
from laneway.domain.decide.verb import Needs
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import NotFound, TooMany
from laneway.domain.event import TemplateCreated, TemplateDeleted, TemplateUpdated
from laneway.domain.item import Item
from laneway.domain.json import as_object
from laneway.domain.kinds import ITEM, TEMPLATE, THREAD
from laneway.domain.template import Opening, Template, template_resource
from laneway.domain.thread import Thread, ThreadSettings

OPENINGS = 50
"""How many opening messages a template may have."""
PLAIN_FIELDS = ("name", "agent_id", "title", "messages", "tags")


def template_needs(command: CreateTemplate) -> Needs:
    """How many the user has, and the thread that it is made from with its first items."""
    mine = Count(TEMPLATE, {"owner": command.user_id})
    if command.from_thread_id is None:
        return (mine,)
    first = Span(ITEM, {"thread_id": command.from_thread_id, "state": "complete"}, limit=2 * OPENINGS)
    return (mine, One(THREAD, command.from_thread_id), first)


def create_template(draft: Draft, command: CreateTemplate) -> Decision:
    limit = draft.rules.limits.templates_per_user
    if limit and draft.view.count(TEMPLATE) >= limit:
        raise TooMany(f"A user may have {limit} templates (templates_per_user).", "Delete one first.")
    template = Template(
        draft.ids.make("tpl"), command.user_id, command.name, None, None, ThreadSettings(), (), (), draft.at, draft.at
    )
    if command.from_thread_id is not None:
        template = _like(draft, template, draft.thread(command.from_thread_id))
    template = replace(
        template,
        agent_id=command.agent_id or template.agent_id,
        title=command.title or template.title,
        settings=with_settings(template.settings, command.settings),
        messages=template.messages if command.messages is None else command.messages,
        tags=template.tags if command.tags is None else command.tags,
    )
    return _kept(draft, template, TemplateCreated(template_resource(template)))


def _like(draft: Draft, template: Template, thread: Thread) -> Template:
    """The set-up of a thread. Its opening messages are what the user said before the first answer."""
    return replace(
        template,
        agent_id=thread.agent_id,
        title=thread.title if thread.title_source == "manual" else None,
        settings=replace(thread.settings, paused=False),
        messages=_openings(draft, thread),
        tags=thread.tags,
    )


def _openings(draft: Draft, thread: Thread) -> tuple[Opening, ...]:
    said: list[Item] = sorted(
        (item for item in draft.view.some(ITEM) if item.thread_id == thread.id), key=lambda item: item.seq
    )
    first_answer = next((n for n, item in enumerate(said) if item.role == "assistant"), len(said))
    return tuple(Opening(item.text) for item in said[:first_answer] if item.role == "user" and item.text)[:OPENINGS]


def update_template(draft: Draft, command: UpdateTemplate) -> Decision:
    template = draft.view.get(TEMPLATE, command.template_id)
    if template is None:
        raise NotFound
    check_version(command.if_version, template.version)
    plain = {name: command.changes[name] for name in PLAIN_FIELDS if name in command.changes}
    settings = as_object(command.changes.get("settings")) or {}
    template = replace(
        template, version=template.version + 1, updated_at=draft.at,
        settings=with_settings(template.settings, settings), **plain,
    )  # fmt: skip
    return _kept(draft, template, TemplateUpdated(template_resource(template)))


def _kept(draft: Draft, template: Template, told: TemplateCreated | TemplateUpdated) -> Decision:
    if template.agent_id is not None:
        check_agent(draft, template.agent_id)
    draft.put(TEMPLATE, template)
    draft.tell(told, owner=template.owner, session_id=None)
    return draft.decision(told.template)


def delete_template(draft: Draft, command: DeleteTemplate) -> Decision:
    template = draft.view.get(TEMPLATE, command.template_id)
    if template is None:
        raise NotFound
    draft.drop(TEMPLATE, template.id)
    draft.tell(TemplateDeleted(template.id), owner=template.owner, session_id=None)
    return draft.decision()
