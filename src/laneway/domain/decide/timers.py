"""Timers and their alerts: an occurrence, its firing, its thread and its first queue item are one commit."""

from dataclasses import replace

from laneway.domain.alert import Firing, FiringState, Timer, firing_resource, timer_resource
from laneway.domain.changes import Decision
from laneway.domain.command import CreateTimer, DeleteTimer, FireTimer, NewMessage, UpdateTimer
from laneway.domain.decide.queue import accept
from laneway.domain.decide.threads import check_agent
from laneway.domain.draft import Draft, check_version
from laneway.domain.errors import NotFound, NothingToRun, TooMany
from laneway.domain.event import (
    AlertDropped,
    AlertFired,
    AlertSkipped,
    EventData,
    ThreadCreated,
    TimerCreated,
    TimerDeleted,
    TimerUpdated,
)
from laneway.domain.item import Part
from laneway.domain.kinds import FIRING, QUEUE_ITEM, SESSION, TIMER
from laneway.domain.session import Session
from laneway.domain.thread import UNTITLED, Thread, thread_summary, title_from

MINUTE_LENGTH = len("2026-01-01T00:00")


def create_timer(draft: Draft, command: CreateTimer) -> Decision:
    session = draft.session(command.session_id)
    limit = draft.rules.limits.timers_per_session
    if limit and draft.view.count(TIMER) >= limit:
        raise TooMany(f"A session may have {limit} timers (timers_per_session).", "Remove one first.")
    if command.agent_id is not None:
        check_agent(draft, command.agent_id)
    timer = Timer(
        draft.ids.make("tmr"), session.owner, session.id, command.text, command.agent_id, command.missed, "active",
        draft.at, command.when_at, command.every_s, command.cron, command.timezone, command.next_at,
    )  # fmt: skip
    _put(draft, timer, TimerCreated(timer_resource(timer)))
    return draft.decision(timer_resource(timer))


def update_timer(draft: Draft, command: UpdateTimer) -> Decision:
    timer = _timer(draft, command.session_id, command.timer_id)
    check_version(command.if_version, timer.version)
    if isinstance(agent_id := command.changes.get("agent_id"), str):
        check_agent(draft, agent_id)
    timer = replace(
        timer,
        next_at=command.next_at,
        state=command.state or timer.state,
        version=timer.version + 1,
        **command.changes,
    )
    _put(draft, timer, TimerUpdated(timer_resource(timer)))
    return draft.decision(timer_resource(timer))


def delete_timer(draft: Draft, command: DeleteTimer) -> Decision:
    timer = _timer(draft, command.session_id, command.timer_id)
    draft.drop(TIMER, timer.id)
    draft.tell(TimerDeleted(timer.id), owner=timer.owner, session_id=timer.session_id)
    return draft.decision()


def _timer(draft: Draft, session_id: str, timer_id: str) -> Timer:
    session = draft.session(session_id)
    timer = draft.view.get(TIMER, timer_id)
    if timer is None or timer.session_id != session.id:
        raise NotFound
    return timer


def _put(draft: Draft, timer: Timer, event: EventData) -> None:
    draft.put(TIMER, timer)
    draft.tell(event, owner=timer.owner, session_id=timer.session_id)


def fire_timer(draft: Draft, command: FireTimer) -> Decision:
    """Raise one occurrence. Under another definition, or when it was raised already, there is nothing to do."""
    session, timer = draft.session(command.session_id), _timer(draft, command.session_id, command.timer_id)
    if timer.version != command.timer_version or timer.due_at != command.occurrence:
        raise NothingToRun("The timer was changed, or this occurrence was raised.")
    if command.occurrence > draft.view.now:
        raise NothingToRun("It is not due yet by the store's own time.")
    state, reason = _fate(draft, session, timer, command.skip)
    firing = Firing(
        draft.ids.make("alt"), timer.owner, session.id, timer.id, command.occurrence,
        {"due_at": command.occurrence, "text": timer.text}, state, reason, None, draft.at,
    )  # fmt: skip
    if state == "fired":
        firing = replace(firing, thread_id=_alert_thread(draft, session, timer, firing).id)
        minute = draft.at[:MINUTE_LENGTH]
        count = session.alerts_in_minute + 1 if session.alert_minute == minute else 1
        draft.put(SESSION, replace(session, alert_minute=minute, alerts_in_minute=count))
    draft.put(FIRING, firing)
    draft.tell(_alert_event(firing), owner=timer.owner, session_id=session.id, thread_id=firing.thread_id)
    done = command.next_at is None
    timer = replace(timer, next_at=command.next_at, state="done" if done else timer.state, version=timer.version + 1)
    _put(draft, timer, TimerUpdated(timer_resource(timer)))
    return draft.decision(firing_resource(firing))


def _fate(draft: Draft, session: Session, timer: Timer, skip: bool) -> tuple[FiringState, str | None]:
    if skip:
        return "skipped", "it fell due while nothing ran"
    limit = draft.rules.limits.alerts_per_minute
    if limit and session.alert_minute == draft.at[:MINUTE_LENGTH] and session.alerts_in_minute >= limit:
        return "dropped", f"alerts_per_minute ({limit})"
    agent_id = timer.agent_id or draft.rules.default_agent
    if agent_id not in draft.rules.agents:
        return "dropped", f"unknown_agent {agent_id}"
    queued = draft.rules.limits.queue_per_user
    if queued and draft.view.count(QUEUE_ITEM) >= queued:
        return "dropped", f"queue_per_user ({queued})"
    return "fired", None


def _alert_event(firing: Firing) -> EventData:
    match firing.state:
        case "skipped":
            return AlertSkipped(firing_resource(firing))
        case "dropped":
            return AlertDropped(firing_resource(firing))
        case _:
            return AlertFired(firing_resource(firing))


def _alert_thread(draft: Draft, session: Session, timer: Timer, firing: Firing) -> Thread:
    """A thread for the occurrence. Its first message is the briefing, whose last line is the timer's text."""
    thread = draft.add(
        Thread(
            draft.ids.make("thr"), session.owner, session.id, timer.agent_id or draft.rules.default_agent, "alert",
            title_from(timer.text) or UNTITLED, "auto", draft.at, draft.at, alert_source=timer.id,
        )
    )  # fmt: skip
    draft.tell_thread(thread, ThreadCreated(thread_summary(thread)))
    briefing = f"Timer {timer.id} was due at {firing.occurrence}.\n{timer.text}"
    accept(draft, thread.id, NewMessage(parts=(Part("text", text=briefing),), sender=timer.id), trigger=firing.id)
    return draft.thread(thread.id)
