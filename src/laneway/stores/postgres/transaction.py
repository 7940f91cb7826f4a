"""Transaction: a group of commands in one transaction: lock, load, decide, lock, write."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from laneway.clock import Clock
from laneway.domain.changes import Changes, Decision, Need, View
from laneway.domain.commit import is_claim, named_by, takes_a_place, with_number
from laneway.domain.errors import Internal
from laneway.domain.group import Later, decide_in_turn
from laneway.domain.principal import Principal
from laneway.domain.record import Record
from laneway.domain.view import LoadedView
from laneway.log import LogRow, number_events, rows_of_events
from laneway.store import Committed
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.chain import link_entries
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import Lock, locks_of_changes, locks_of_read
from laneway.stores.postgres.log import appending, reserve
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.schema import NEWEST, check_version
from laneway.stores.postgres.table import TABLES
from laneway.stores.postgres.view import load_views
from laneway.wire import StoredEvent

Outcome = Committed | Exception | Later
Recorded = tuple[Changes, tuple[StoredEvent, ...]]


class NotNew(Exception):
    """A record that a decision had not seen was there: others were decided on its being new."""


@dataclass(slots=True, eq=False)
class Request:
    """A command that is to be committed."""

    principal: Principal
    needs: Sequence[Need]
    decide: Callable[[View], Decision]
    locks: set[Lock]
    """What its needs are under, as far as that is known."""

    @property
    def names(self) -> Collection[Lock]:
        return self.locks


async def transact(
    connection: Connection, group: Sequence[Request], held: set[Lock], clock: Clock | None
) -> list[Outcome]:
    """Run commands, each as if those before it had been committed, under the locks of what all of them need.

    What it raises leaves the transaction to be rolled back, and befalls all of them.
    """
    views: list[LoadedView | None] = []
    for request, view in zip(group, await load_views(connection, group, clock), strict=True):
        learned = locks_of_read(view.records) - held
        # What has to be locked, too, and was not: the command is read anew, behind those locks.
        request.locks |= learned
        views.append(None if learned else view)
    if connection.schema_version > NEWEST:
        group = [_without_claims(*each, connection.schema_version) for each in zip(group, views, strict=True)]
    verdicts = decide_in_turn(group, views)
    decisions = [verdict for verdict in verdicts if isinstance(verdict, Decision)]
    new = None if len(group) == 1 else _new(zip(verdicts, views, strict=True))
    recorded = iter(await _record(connection, [decision.changes for decision in decisions], new))
    return [_committed(each, next(recorded)) if isinstance(each, Decision) else each for each in verdicts]


def _without_claims(request: Request, seen: LoadedView | None, schema_version: int) -> Request:
    """The request as a program decides it that is older than the schema: it ends its turns, and claims no more."""

    def decide(view: View) -> Decision:
        decision = request.decide(view)
        if seen and any(is_claim(put, seen.seen(put.kind, put.record.id)) for put in decision.changes.puts):
            check_version(schema_version)
        return decision

    return replace(request, decide=decide)


def _committed(decision: Decision, recorded: Recorded) -> Committed:
    changes, events = recorded
    return Committed(changes, decision.reply, events)


def _new(decided: Iterable[tuple[Decision | Exception | Later, LoadedView | None]]) -> int:
    """How many records are taken to be new, because their decisions have not seen them."""
    unseen: set[tuple[str, str]] = set()
    for decision, view in decided:
        if isinstance(decision, Decision) and view is not None:
            puts = decision.changes.puts
            unseen |= {(put.kind.name, put.record.id) for put in puts if not view.seen(put.kind, put.record.id)}
            # What is dropped first, too, is inserted again.
            dropped = {(drop.kind.name, drop.id) for drop in decision.changes.drops}
            unseen |= dropped.intersection((put.kind.name, put.record.id) for put in puts)
    return len(unseen)


async def _record(connection: Connection, decided: Sequence[Changes], new: int | None) -> list[Recorded]:
    """Number and write what several commands change, in their order."""
    if all(changes == Changes() for changes in decided):
        return [(changes, ()) for changes in decided]
    events = [event for changes in decided for event in changes.events]
    erased = {id for changes in decided for id in changes.erase}
    named = {id for changes in decided for id in named_by(changes)}
    places = [(event.log, event.thread_id) for event in events]
    # Read behind the locks: whoever gave something up meanwhile has committed by now.
    numbers = await reserve(connection, places, locks_of_changes(places, named, erased), named)
    stored = [number_events(changes.events, numbers) for changes in decided]
    numbered = [with_number(put, own) for changes, own in zip(decided, stored, strict=True) for put in changes.puts]
    links = iter(await link_entries(connection, numbered))
    whole = [replace(changes, puts=tuple(islice(links, len(changes.puts)))) for changes in decided]
    await _write(connection, whole, rows_of_events(events, [event for own in stored for event in own]), new)
    return list(zip(whole, stored, strict=True))


async def _write(connection: Connection, decided: Sequence[Changes], rows: Sequence[LogRow], new: int | None) -> None:
    """Write everything with one statement, but for what is rare: what is dropped, and what is given up."""
    dropped: dict[str, list[str]] = {}
    for drop in (drop for changes in decided for drop in changes.drops):
        dropped.setdefault(drop.kind.name, []).append(drop.id)
    for name, ids in dropped.items():
        await TABLES[name].drop(connection, ids)
    records: dict[str, dict[str, Record]] = {}
    # A place is left before it is taken: the turn that ends before the one that starts, in whichever order they came.
    for put in sorted((put for changes in decided for put in changes.puts), key=takes_a_place):
        records.setdefault(put.kind.name, {})[put.record.id] = put.record
    # In one order of kinds, so that alike groups are written by the same statement.
    puts = [TABLES[name].putting(list(records[name].values())) for name in sorted(records)]
    if puts or rows:
        counts = await connection.single(*_all_of(puts, [appending(rows)] if rows else []))
        _check_owners(records, counts[::2])
        if new is not None and sum(counts[1::2]) != new:
            raise NotNew
    for id in (id for changes in decided for id in changes.erase):
        await connection.execute(SQL["hide"], (id,))


def _all_of(puts: Sequence[Question], others: Sequence[Question]) -> Question:
    """Writes as one statement. It answers with how many rows each put has written, and how many of them were new."""
    bindings = tuple(each for _, bindings in (*puts, *others) for each in bindings)
    return _together(tuple(text for text, _ in puts), tuple(text for text, _ in others)), bindings


@lru_cache(maxsize=2000)
def _together(puts: tuple[str, ...], others: tuple[str, ...]) -> str:
    parts = ", ".join(f"w{number} AS ({text})" for number, text in enumerate((*puts, *others)))
    counts = ", ".join(
        f"(SELECT count(*) FROM w{number}), (SELECT count(*) FILTER (WHERE is_new) FROM w{number})"
        for number in range(len(puts))
    )
    return f"WITH {parts} SELECT {counts}"


def _check_owners(records: Mapping[str, Mapping[str, Record]], counts: Sequence[int]) -> None:
    for name, count in zip(sorted(records), counts, strict=False):
        if count != len(records[name]):
            raise Internal(f"A put would give a {name} to another owner.")
