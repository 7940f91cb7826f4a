"""Drift: refuses events without the ids that their type needs, and writes whose ids are not those of their handle."""

from prometheus_client import Counter

from laneway.domain.changes import Changes
from laneway.domain.errors import ThreadDrift
from laneway.domain.event import Delta, Event
from laneway.domain.kinds import THREAD
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn

EVENTS_REFUSED = Counter(
    "laneway_events_refused_total", "Events refused for want of valid ids, at write or at fan-out.", ["reason"]
)


def check_events(changes: Changes) -> None:
    """Raise `ThreadDrift` when an event lacks an id that its scope needs, or pairs a thread with a foreign session.

    No id is ever filled in from anywhere else: a decision that made such an event is wrong, and records nothing.
    """
    sessions = {
        put.record.id: put.record.session_id
        for put in changes.puts
        if put.kind is THREAD and isinstance(put.record, Thread)
    }
    for event in changes.events:
        reason = _missing(event) or _foreign(event, sessions)
        if reason is not None:
            EVENTS_REFUSED.labels(reason).inc()
            raise ThreadDrift(f"An event {event.data.type} was refused: {reason}.")


def _missing(event: Event) -> str | None:
    if not event.owner:
        return "no owner"
    if event.session_id is None and event.data.scope != "user":
        return "no session"
    if event.thread_id is None and event.data.scope == "thread":
        return "no thread"
    return None


def _foreign(event: Event, sessions: dict[str, str]) -> str | None:
    session = sessions.get(event.thread_id or "", event.session_id)
    return None if session == event.session_id else "thread of another session"


def check_delta(delta: Delta, turn: Turn) -> None:
    """Raise `ThreadDrift` when a delta's ids are not those of the turn whose handle made it."""
    if (delta.thread_id, delta.session_id, delta.owner, delta.turn_id) != (
        turn.thread_id,
        turn.session_id,
        turn.owner,
        turn.id,
    ):
        EVENTS_REFUSED.labels("delta of another turn").inc()
        raise ThreadDrift("A delta named other ids than its turn's.")
