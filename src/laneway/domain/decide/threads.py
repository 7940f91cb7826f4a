"""Threads: made, changed, read and deleted by their owner."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from laneway.domain.changes import Decision
from laneway.domain.command import (
    CreateThread,
    DeleteThread,
    NewMessage,
    ReadThread,
    RenameTag,
    UpdateThread,
    VoteOnMessage,
)
from laneway.domain.decide.outcome import counted
from laneway.domain.decide.pause import paused, resumed
from laneway.domain.decide.queue import accept
from laneway.domain.decide.sessions import default_session
from laneway.domain.decide.users import audit
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import Busy, Invalid, NotFound, Superseded, TooMany, UnknownAgent, UnknownTemplate
from laneway.domain.event import ItemCompleted, ItemStarted, ThreadCreated, ThreadDeleted, ThreadUpdated, TurnCancelled
from laneway.domain.item import Item, Part, item_resource
from laneway.domain.json import Json, as_object
from laneway.domain.kinds import ITEM, TEMPLATE, THREAD, TURN, VOTE
from laneway.domain.template import Template, split_openings
from laneway.domain.thread import UNTITLED, Thread, ThreadSettings, thread_resource, thread_summary, title_from
from laneway.domain.turn import cancelled_by_deletion
from laneway.domain.vote import Vote, vote_id, vote_resource

SETTING_NAMES = frozenset(each.name for each in fields(ThreadSettings))
PLAIN_FIELDS = ("summary", "tags", "pinned")


def create_thread(draft: Draft, command: CreateThread) -> Decision:
    template = _template(draft, command)
    thread = _new_thread(draft, command, template)
    draft.tell_thread(thread, ThreadCreated(thread_summary(thread)))
    item_id = None
    for message in (*_open(draft, thread, command, template), *((command.message,) if command.message else ())):
        item_id = accept(draft, thread.id, message).id
    return draft.decision({"thread": thread_resource(draft.finished(thread.id)), "item_id": item_id})


def _template(draft: Draft, command: CreateThread) -> Template | None:
    if command.template_id is None:
        return None
    template = draft.view.get(TEMPLATE, command.template_id)
    if template is None:
        raise UnknownTemplate(f"There is no template {command.template_id!r}.", "GET /templates lists yours.")
    return template


def _open(draft: Draft, thread: Thread, command: CreateThread, template: Template | None) -> Sequence[NewMessage]:
    """Put what the template has as said into the transcript; returns what it has to be sent."""
    said, sent = split_openings(template.messages if template else ())
    turn_id = draft.ids.make("trn")
    for opening in said:
        is_user = opening.role == "user"
        item = Item(
            draft.ids.make("itm"), thread.owner, thread.session_id, thread.id, turn_id, opening.role,
            None if is_user else thread.agent_id, (Part("text", text=opening.text),), opening.text, "complete",
            draft.at, sender=command.sender if is_user else None,
        )  # fmt: skip
        draft.put(ITEM, item, numbered_by=draft.tell_item(thread, ItemStarted(item_resource(item)), item))
        draft.tell_item(thread, ItemCompleted(item_resource(item)), item)
        thread = draft.save(replace(counted(thread, item, draft.at), unread=0))
    return [NewMessage(parts=(Part("text", text=each.text),), sender=command.sender) for each in sent]


def _new_thread(draft: Draft, command: CreateThread, template: Template | None) -> Thread:
    if command.session_id is None:
        session = default_session(draft, command.user_id)
    else:
        session = draft.session(command.session_id)
    limit = draft.rules.limits.threads_per_user
    if limit and draft.view.count(THREAD) >= limit:
        raise TooMany(f"A user may have {limit} threads (threads_per_user).", "Delete one first.")
    agent_id = command.agent_id or (template.agent_id if template else None) or draft.rules.default_agent
    for name in (agent_id, *command.members):
        check_agent(draft, name)
    title = title_from(command.title or (template.title if template else None) or "")
    settings = template.settings if template else ThreadSettings()
    return draft.add(
        Thread(
            draft.ids.make("thr"), session.owner, session.id, agent_id, command.kind, title or UNTITLED,
            "manual" if title else "default", draft.at, draft.at,
            members=command.members, tags=command.tags or (template.tags if template else ()),
            metadata=command.metadata, settings=with_settings(settings, command.settings),
        )
    )  # fmt: skip


def check_agent(draft: Draft, name: str) -> None:
    """Raise `UnknownAgent` for a name that is not registered."""
    if name not in draft.rules.agents:
        raise UnknownAgent(f"There is no agent {name!r}.", f"Choose one of: {', '.join(sorted(draft.rules.agents))}.")


def with_settings(settings: ThreadSettings, changes: Mapping[str, Json]) -> ThreadSettings:
    """Change what is named; raises `Invalid` for a setting that does not exist. Types were checked at the edge."""
    unknown = changes.keys() - SETTING_NAMES
    if unknown:
        raise Invalid(f"There is no thread setting {sorted(unknown)[0]!r}.")
    return replace(settings, **changes)


def update_thread(draft: Draft, command: UpdateThread) -> Decision:
    thread = draft.thread(command.thread_id)
    check_version(command.if_version, thread.version)
    changes = command.changes
    plain = {name: changes[name] for name in PLAIN_FIELDS if name in changes}
    thread = replace(thread, version=thread.version + 1, **plain)
    if "summary" in plain:
        thread = replace(thread, summary_source=None if thread.summary is None else "owner", summarised=0)
    if isinstance(title := changes.get("title"), str):
        thread = replace(thread, title=title_from(title) or UNTITLED, title_source="manual")
    if (metadata := as_object(changes.get("metadata"))) is not None:
        thread = replace(thread, metadata=_merged(thread.metadata, metadata))
    thread = draft.save(thread)
    if isinstance(agent_id := changes.get("agent_id"), str) and agent_id != thread.agent_id:
        thread = draft.save(_with_agent(draft, thread, agent_id))
    if (settings := as_object(changes.get("settings"))) is not None:
        thread = draft.save(_with_settings(draft, thread, settings))
    if isinstance(archived := changes.get("archived"), bool):
        draft.save(_archived(draft, thread, archived))
    thread = draft.finished(thread.id)
    draft.tell_thread(thread, ThreadUpdated(thread_summary(thread)))
    return draft.decision(thread_resource(thread))


def _merged(metadata: Mapping[str, Json], changes: Mapping[str, Json]) -> Mapping[str, Json]:
    merged = {**metadata, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def _with_agent(draft: Draft, thread: Thread, agent_id: str) -> Thread:
    check_agent(draft, agent_id)
    if thread.active_turn_id is not None:
        raise Busy("The thread runs a turn; its agent can be changed when it is idle.")
    return replace(thread, agent_id=agent_id)


def _with_settings(draft: Draft, thread: Thread, changes: Mapping[str, Json]) -> Thread:
    settings = with_settings(thread.settings, changes)
    if settings.paused == thread.settings.paused:
        return replace(thread, settings=settings)
    if settings.paused:
        return paused(draft, replace(thread, settings=replace(settings, paused=False)), "paused by the owner")
    return resumed(draft, replace(thread, settings=replace(settings, paused=True)))


def _archived(draft: Draft, thread: Thread, archived: bool) -> Thread:
    if archived and thread.active_turn_id is not None:
        raise Busy("The thread runs a turn; stop it or wait, then archive.")
    thread = replace(thread, archived=archived)
    return paused(draft, thread, "the thread was archived") if archived and thread.queue else thread


def delete_thread(draft: Draft, command: DeleteThread) -> Decision:
    """One small commit: hidden, cancelled and fenced. The rows go afterwards."""
    thread = draft.thread(command.thread_id)
    turn = draft.view.get(TURN, thread.active_turn_id) if thread.active_turn_id else None
    if turn is not None:
        draft.put(TURN, cancelled_by_deletion(turn, draft.at))
        draft.tell_thread(thread, TurnCancelled(turn.attempt, turn.usage, thread.owner), turn.id)
    draft.save(replace(thread, deleted=True, active_turn_id=None, active_status=None, queue=()))
    draft.tell_thread(thread, ThreadDeleted())
    draft.erase(thread.id)
    for child in draft.view.some(THREAD):
        if child.task is not None and thread.id in child.task.ancestors and not child.deleted:
            # Its active turn stays named: whoever runs that is told to stop, and finds the thread gone.
            draft.save(replace(draft.thread(child.id), deleted=True, queue=()))
            draft.tell_thread(child, ThreadDeleted())
            draft.erase(child.id)
    audit(draft, thread.owner, "thread.deleted", thread.id)
    return draft.decision()


def rename_tag(draft: Draft, command: RenameTag) -> Decision:
    """In each thread the new tag takes the place of the old one, or joins an equal one that is there already."""
    renamed = 0
    for thread_id in command.thread_ids:
        thread = draft.view.get(THREAD, thread_id)
        if thread is None or thread.deleted or command.tag not in thread.tags:
            continue
        tags = tuple(dict.fromkeys(command.name if tag == command.tag else tag for tag in thread.tags))
        thread = draft.save(replace(draft.thread(thread.id), tags=tags, version=thread.version + 1))
        draft.tell_thread(thread, ThreadUpdated(thread_summary(draft.finished(thread.id))))
        renamed += 1
    if not renamed and not command.done:
        raise NotFound
    return draft.decision({"tag": command.name, "threads": command.done + renamed})


def vote_on_message(draft: Draft, command: VoteOnMessage) -> Decision:
    thread, item = draft.thread(command.thread_id), draft.view.get(ITEM, command.item_id)
    if item is None or item.thread_id != thread.id:
        raise NotFound
    if item.state == "superseded":
        raise Superseded("The message was taken out of the transcript by an earlier change.")
    id = vote_id(command.user_id, item.id)
    if command.value is None:
        draft.drop(VOTE, id)
        return draft.decision()
    vote = Vote(id, command.user_id, thread.session_id, thread.id, item.id, command.value, command.comment, draft.at)
    draft.put(VOTE, vote)
    return draft.decision(vote_resource(vote))


def read_thread(draft: Draft, command: ReadThread) -> Decision:
    thread = draft.thread(command.thread_id)
    draft.save(replace(thread, unread=min(thread.unread, command.unread)))
    return draft.decision({"unread": min(thread.unread, command.unread)})
