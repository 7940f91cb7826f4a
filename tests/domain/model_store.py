"""Model store: records and logs in dictionaries. It applies a decision whole or not at all, as every store must."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from laneway.domain.changes import Changes, Count, Folded, Need, One, Put, Some, Span
from laneway.domain.command import Command
from laneway.domain.decide import decide, needs_of
from laneway.domain.event import Event, ItemDelta
from laneway.domain.instant import Instant
from laneway.domain.item import Item
from laneway.domain.json import Json
from laneway.domain.kinds import ITEM, KINDS, TURN
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.rules import Rules
from laneway.domain.turn import ACTIVE
from laneway.domain.view import LoadedView

R = TypeVar("R", bound=Record)
Table = dict[str, Record]
START: Instant = "2026-01-01T00:00:00.000000Z"


@dataclass(frozen=True)
class Told:
    """An event with its numbers: `offset` in its log, `seq` in its thread."""

    event: Event
    offset: int
    seq: int | None


class ModelStore:
    """Everything that is recorded, and everything that was told, in order."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.now = START
        self.records: dict[str, Table] = {kind.name: {} for kind in KINDS}
        self.told: list[Told] = []
        self.texts: dict[str, str] = {}
        """The text so far of each unfinished item: the fold of its deltas."""
        self.hidden: set[str] = set()
        self._offsets: dict[str, int] = {}
        self._seqs: dict[str, int] = {}

    # --- reading -------------------------------------------------------------------------------------------------

    def all(self, kind: Kind[R]) -> list[R]:
        """Every record of a kind that is not hidden, in the order in which they were first put."""
        found = [record for record in self.records[kind.name].values() if not self._is_hidden(kind, record)]
        return cast("list[R]", found)  # a kind's table holds its records

    def get(self, kind: Kind[R], id: str) -> R:
        """A record that must be there."""
        return cast("R", self.records[kind.name][id])  # a kind's table holds its records

    def of_thread(self, thread_id: str) -> list[Told]:
        """What was told of a thread."""
        return [told for told in self.told if told.event.thread_id == thread_id]

    def _is_hidden(self, kind: Kind[Record], record: Record) -> bool:
        scopes = (getattr(record, name) for name in (kind.thread, kind.session) if name)
        return bool(self.hidden.intersection(scope for scope in scopes if scope))

    # --- deciding ------------------------------------------------------------------------------------------------

    def submit(self, principal: Principal, command: Command) -> Json:
        """Decide a command and apply it; what it raises changes nothing."""
        decision = decide(self.view(principal, needs_of(command)), command, self.rules)
        self.apply(decision.changes)
        return decision.reply

    def append(self, item_id: str, fence: int, text: str) -> None:
        """Tell more text of a running item, under its turn's fence."""
        item = self.get(ITEM, item_id)
        turn = self.get(TURN, item.turn_id)
        if turn.fence != fence or turn.status != "running":
            return
        position = len(self.texts.get(item_id, ""))
        self.texts[item_id] = self.texts.get(item_id, "") + text
        delta = ItemDelta(item_id, 0, position, text)
        self._tell(Event(delta, item.owner, item.session_id, self.now, item.thread_id, item.turn_id, item.agent))

    def view(self, principal: Principal, needs: Sequence[Need]) -> LoadedView:
        view = LoadedView(self.now)
        for need in needs:
            match need:
                case One():
                    self._follow(view, principal, need)
                case Some(kind, where, limit, follow):
                    found = self._matching(principal, kind, where)[:limit]
                    view.keep_some(kind, found)
                    for record in found:
                        self._follow(view, principal, One(kind, record.id, follow))
                case Span(kind, where, above, below, newest, limit):
                    found = [
                        record
                        for record in self._matching(principal, kind, where)
                        if above < _number(kind, record) and (below is None or _number(kind, record) < below)
                    ]
                    view.keep_some(kind, found[-limit:] if newest else found[:limit])
                case Count(kind, where):
                    view.add_count(kind, len(self._matching(principal, kind, where)))
                case Folded(thread_id):
                    items = [item for item in self.all(ITEM) if item.thread_id == thread_id]
                    view.add_texts({item.id: self.texts.get(item.id, "") for item in items})
        return view

    def _follow(self, view: LoadedView, principal: Principal, trail: One) -> None:
        while one := view.unknown(trail):
            record = self.records[one.kind.name].get(one.id)
            seen = record is not None and self._is_seen(principal, one.kind, record)
            view.keep(one.kind, one.id, record if seen else None)

    def _matching(self, principal: Principal, kind: Kind[Record], where: Mapping[str, str | int]) -> list[Record]:
        return [
            record
            for record in self.all(kind)
            if self._is_seen(principal, kind, record)
            and all(_column(getattr(record, name)) == value for name, value in where.items())
        ]

    def _is_seen(self, principal: Principal, kind: Kind[Record], record: Record) -> bool:
        if self._is_hidden(kind, record):
            return False
        return principal.system or (record.owner == principal.user_id and not getattr(record, "deleted", False))

    # --- applying ------------------------------------------------------------------------------------------------

    def apply(self, changes: Changes) -> None:
        before = {name: dict(table) for name, table in self.records.items()}
        for drop in changes.drops:
            self.records[drop.kind.name].pop(drop.id, None)
        told = [self._tell(event) for event in changes.events]
        for put in changes.puts:
            self._put(put, told)
        try:
            self._check_unique()
        except AssertionError:
            self.records = before
            raise
        self.hidden.update(changes.erase)

    def _tell(self, event: Event) -> Told:
        assert event.data.survives or not self.hidden.intersection({event.thread_id, event.session_id}), event
        self._offsets[event.log] = self._offsets.get(event.log, 0) + 1
        seq = None
        if event.thread_id is not None:
            self._seqs[event.thread_id] = seq = self._seqs.get(event.thread_id, 0) + 1
        self.told.append(Told(event, self._offsets[event.log], seq))
        return self.told[-1]

    def _put(self, put: Put, told: Sequence[Told]) -> None:
        record = put.record
        if put.numbered_by is not None and isinstance(record, Item):
            record = replace(record, seq=told[put.numbered_by].seq or 0)
        table = self.records[put.kind.name]
        assert record.id not in table or table[record.id].owner == record.owner, "a record changed its owner"
        table[record.id] = record
        if isinstance(record, Item) and record.state != "partial":
            self.texts.pop(record.id, None)

    def _check_unique(self) -> None:
        active = [turn.thread_id for turn in self.all(TURN) if turn.status in ACTIVE]
        assert len(active) == len(set(active)), "two turns of one thread are active"
        for kind in KINDS:
            for names in kind.unique:
                values = [tuple(getattr(record, name) for name in names) for record in self.all(kind)]
                whole = [value for value in values if None not in value]
                assert len(whole) == len(set(whole)), f"{kind.name} {names} is not unique"


def _column(value: object) -> object:
    """A value as a column holds it: booleans are 0 and 1."""
    return int(value) if isinstance(value, bool) else value


def _number(kind: Kind[Record], record: Record) -> int:
    return int(getattr(record, kind.numbered or ""))
