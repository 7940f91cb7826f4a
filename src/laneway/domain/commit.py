"""Commit: what holds for whatever is written, in every store alike."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from laneway.domain.audit import AuditEntry, linked
from laneway.domain.changes import Changes, Put
from laneway.domain.errors import Internal, ThreadDrift
from laneway.domain.event import Delta, Event
from laneway.domain.frozen import replace
from laneway.domain.record import Kind, Record
from laneway.domain.turn import ACTIVE, Turn

Claim = tuple[str, str, str, int]
"""Owner, session, thread and fence of a running turn."""


class Numbered(Protocol):
    """An event that has been given its numbers."""

    @property
    def offset(self) -> int: ...
    @property
    def seq(self) -> int | None: ...


def check_scope(event: Event) -> None:
    """Refuse an event that does not name what it belongs to."""
    if event.data.scope == "user":
        return
    if not event.session_id or (event.data.scope == "thread" and not event.thread_id):
        raise ThreadDrift(f"An event {event.data.type} does not name the {event.data.scope} that it belongs to.")


def takes_a_place(put: Put) -> bool:
    """Whether the record holds values that a unique index guards: whoever leaves such a place is written before."""
    if isinstance(put.record, Turn):
        return put.record.status in ACTIVE
    return any(None not in [getattr(put.record, name) for name in names] for names in put.kind.unique)


def is_claim(put: Put, before: Record | None) -> bool:
    """Whether a node takes a turn by this that it did not have: a new one, or one of another attempt."""
    turn = put.record
    if not isinstance(turn, Turn) or turn.status != "running" or turn.node is None:
        return False
    return not isinstance(before, Turn) or before.fence != turn.fence


def with_number(put: Put, events: Sequence[Numbered]) -> Put:
    """The put, its record with the number of the event that it names."""
    if put.numbered_by is None:
        return put
    if put.kind.numbered is None:
        raise Internal(f"Records of the kind {put.kind.name} are not numbered.")
    event = events[put.numbered_by]
    number = event.seq if put.kind.numbered == "seq" else event.offset
    record: Any = put.record  # a frozen dataclass, as every kind's type is
    return replace(put, record=replace(record, **{put.kind.numbered: number}))


def entries_in(puts: Iterable[Put]) -> int:
    """How many audit entries there are: so many numbers of their chain are needed."""
    return sum(isinstance(put.record, AuditEntry) for put in puts)


def with_links(puts: Iterable[Put], number: int, last: AuditEntry | None) -> tuple[Put, ...]:
    """The puts, with audit entries as the chain's next links from `number` on, behind `last`.

    A link whose predecessor is gone is made all the same: the act happened, and whoever checks the chain sees the gap.
    """
    links: list[Put] = []
    for put in puts:
        if isinstance(put.record, AuditEntry):
            last = linked(put.record, number, last)
            number += 1
            links.append(replace(put, record=last))
        else:
            links.append(put)
    return tuple(links)


def named_by(changes: Changes) -> set[str]:
    """The users, sessions and threads that must not have been given up when this is written."""
    named: set[str | None] = set()
    for put in changes.puts:
        named |= {put.record.owner, *scopes_of(put.kind, put.record)}
    for event in changes.events:
        if not event.data.survives:
            named |= {event.thread_id, event.session_id}
    return {id for id in named if id}


def scopes_of(kind: Kind[Record], record: Record) -> Iterable[str]:
    """The thread and the session that a record belongs to, as far as it belongs to any."""
    for name in (kind.thread, kind.session):
        scope: str | None = None if name is None else getattr(record, name)
        if scope is not None:
            yield scope


def is_claimed(delta: Delta, claim: Claim | None, gone: set[str]) -> bool:
    """Whether the delta's turn runs under its fence, in what has not been given up."""
    named = (delta.owner, delta.session_id, delta.thread_id, delta.fence)
    return claim == named and not gone & {delta.session_id, delta.thread_id}
