"""Group: commands that share a commit, each decided as if those before it had been written already.

What they need is read once, for all of them, before any of them is decided. So a command stays in its group only if
nothing that an earlier one writes could change what was read for it. The one exception is a count, because every
message counts what its owner has waiting: what the earlier ones add to it is added up here.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from laneway.domain.changes import Changes, Count, Decision, Folded, Need, One, Some, Span, View
from laneway.domain.commit import check_scope, scopes_of
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.view import LoadedView


class Member(Protocol):
    """A command with its principal, as a store takes it."""

    @property
    def principal(self) -> Principal: ...
    @property
    def needs(self) -> Sequence[Need]: ...
    @property
    def decide(self) -> Callable[[View], Decision]: ...
    @property
    def names(self) -> Collection[Hashable]:
        """What it is about: of two commands with a name in common the later never goes first."""
        ...


@dataclass(frozen=True, slots=True)
class Later:
    """The command has to be decided behind this group, on what it will have written."""

    is_alone: bool = False
    """It is to share its commit with nobody."""


def decide_in_turn(members: Sequence[Member], views: Sequence[LoadedView | None]) -> list[Decision | Exception | Later]:
    """Decide each on its view, in order; None stands for a view that cannot be used yet.

    What a decision raises takes only itself out.
    """
    written, passed, verdicts = Written(), set[Hashable](), list[Decision | Exception | Later]()
    for member, view in zip(members, views, strict=True):
        verdict: Decision | Exception | Later = Later()
        if view is not None and passed.isdisjoint(member.names):
            verdict = _decide(member, view, written, is_alone=len(members) == 1)
        if isinstance(verdict, Later):
            passed.update(member.names)
        verdicts.append(verdict)
    return verdicts


def _decide(member: Member, view: LoadedView, written: "Written", is_alone: bool) -> Decision | Exception | Later:
    if written.touches(member.needs, view):
        return Later()
    for need in member.needs:
        if isinstance(need, Count):
            view.add_count(need.kind, written.counted(need, member.principal))
    try:
        decision = member.decide(view)
        for event in decision.changes.events:
            check_scope(event)
    except Exception as error:  # noqa: BLE001 - whatever a decision raises belongs to its sender, who gets it
        return error
    if decision.changes.erase and not is_alone:
        return Later(is_alone=True)
    if written.overlaps(decision.changes):
        return Later()
    written.add(decision.changes, view)
    return decision


class Written:
    """What the commands of a group have written so far: each record as it was before them, and as it is now."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, tuple[Record | None, Record | None]]] = {}
        self._dropped_unread: set[str] = set()
        self._threads: set[str] = set()

    def add(self, changes: Changes, view: LoadedView) -> None:
        """Add what a command writes that was decided on `view`. A record that it has not seen is taken to be new."""
        for drop in changes.drops:
            if not view.looked_for(drop.kind, drop.id):
                self._dropped_unread.add(drop.kind.name)
            self._note(drop.kind, drop.id, view.seen(drop.kind, drop.id), None)
        for put in changes.puts:
            self._note(put.kind, put.record.id, view.seen(put.kind, put.record.id), put.record)
        self._threads |= {event.thread_id for event in changes.events if event.thread_id is not None}

    def touches(self, needs: Sequence[Need], view: LoadedView) -> bool:
        """Whether any of it could change what was read for these needs, counts excepted."""
        was_read = any(id in self._records.get(kind.name, ()) for kind, id, _ in view.records)
        return was_read or any(self._touches(need) for need in needs)

    def overlaps(self, changes: Changes) -> bool:
        """Whether the changes write a record that is written already."""
        return any(put.record.id in self._records.get(put.kind.name, ()) for put in changes.puts) or any(
            drop.id in self._records.get(drop.kind.name, ()) for drop in changes.drops
        )

    def counted(self, count: Count, principal: Principal) -> int:
        """What a count grows by."""
        return sum(
            _is_counted(after, count, principal) - _is_counted(before, count, principal)
            for before, after in self._records.get(count.kind.name, {}).values()
        )

    def _note(self, kind: Kind[Record], id: str, before: Record | None, after: Record | None) -> None:
        self._records.setdefault(kind.name, {})[id] = (before, after)
        self._threads |= {scope for record in (before, after) if record for scope in scopes_of(kind, record)}

    def _touches(self, need: Need) -> bool:
        match need:
            case One():
                return False  # looked for by its id, as whatever it leads to
            case Some(kind, where) | Span(kind, where):
                # What was found and is not any more has been read: only what has come to meet the condition is left.
                changed = self._records.get(kind.name, {}).values()
                return kind.numbered in where or any(after and _matches(after, where) for _, after in changed)
            case Count(kind, where):
                return kind.name in self._dropped_unread or kind.numbered in where
            case Folded(thread_id):
                return thread_id in self._threads
            case _:
                assert_never(need)


def _is_counted(record: Record | None, count: Count, principal: Principal) -> bool:
    if record is None or not _matches(record, count.where):
        return False
    return principal.system or (record.owner == principal.user_id and not getattr(record, "deleted", False))


def _matches(record: Record, where: Mapping[str, str | int]) -> bool:
    """Whether a record's columns equal the values: booleans are 0 and 1 there."""
    return all(_column(getattr(record, name)) == value for name, value in where.items())


def _column(value: object) -> object:
    return int(value) if isinstance(value, bool) else value
