"""What a store was told and what it acknowledged, and whether it still has it: the auditor of the storage faults."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from laneway.domain.changes import Changes, Decision, One, Put, View
from laneway.domain.errors import LanewayError
from laneway.domain.event import Event
from laneway.domain.item import Item
from laneway.domain.kinds import ITEM, SESSION, THREAD, TURN
from laneway.domain.principal import SYSTEM
from laneway.store import Committed, SearchEntry
from laneway.stores.sqlite.connection import Connection
from laneway.stores.sqlite.erasure import erase_some
from laneway.stores.sqlite.log import append_deltas
from laneway.stores.sqlite.search import index_entries
from laneway.stores.sqlite.transaction import transact
from laneway.stores.sqlite.writer import Outcome, Work
from laneway.testing.clock import START
from laneway.testing.store_suite.samples import delta, item, paused, putting, session, thread, thread_deleted, turn

THREADS = 6
Told = Callable[[Any], None]
"""Takes down the value of a command that was acknowledged."""


class History:
    """Makes random commands, remembers what was acknowledged, and audits a database against it."""

    def __init__(self, randomness: random.Random) -> None:
        self._random = randomness
        self._made = 0
        self._texts: dict[tuple[str, int], bytes] = {}
        self._counts: Counter[str] = Counter()
        self._doomed: list[str] = []
        self._gone: set[str] = set()
        self.acknowledged = 0

    def setup(self) -> list[Work[object]]:
        """The commands that come before all others: sessions, and threads each with a running turn."""
        return [
            self._transact(
                putting(
                    (SESSION, session(session_of(n))),
                    (THREAD, thread(name(n), session_of(n))),
                    (TURN, turn(f"trn_{n}", name(n), session_id=session_of(n))),
                )
            )
            for n in range(THREADS)
        ]

    def group(self) -> list[tuple[Work[object], Told]]:
        """Some commands that share a commit."""
        makers = (self._post, self._post, self._post, self._pair, self._refuse, self._append, self._append, self._doom)
        makers = (*makers, self._give_up, self._erase, self._index)
        return [self._random.choice(makers)() for _ in range(self._random.randint(1, 5))]

    def take_down(self, told: Sequence[Told], outcomes: Sequence[Outcome[object]]) -> None:
        """Remember every command that was acknowledged."""
        for tell, outcome in zip(told, outcomes, strict=True):
            if outcome.error is None:
                self.acknowledged += 1
                tell(outcome.value)

    # --- the commands ------------------------------------------------------------------------------------------------

    def _post(self) -> tuple[Work[object], Told]:
        return self._count_up([self._random.randrange(THREADS)])

    def _pair(self) -> tuple[Work[object], Told]:
        return self._count_up(self._random.sample(range(THREADS), 2))

    def _count_up(self, numbers: Sequence[int]) -> tuple[Work[object], Told]:
        """Raise a thread's counter, tell an event with the new number, and put an item numbered by it."""
        self._made += 1
        text, made = "x" * self._random.choice((1, 300, 3000, 9000)), self._made

        def decide(view: View) -> Decision:
            puts: list[Put] = []
            events: list[Event] = []
            for place, number in enumerate(numbers):
                kept = view.get(THREAD, name(number))
                assert kept is not None
                puts.append(Put(THREAD, replace(kept, unread=kept.unread + 1)))
                puts.append(Put(ITEM, self._item(number, f"itm_{made}_{number}", text), place))
                events.append(paused(f"{kept.unread + 1} {text}", kept.id, kept.session_id))
            return Decision(Changes(tuple(puts), (), tuple(events)))

        needs = [One(THREAD, name(number)) for number in numbers]
        return self._transact(decide, needs), self._told

    def _refuse(self) -> tuple[Work[object], Told]:
        def fail(connection: Connection) -> object:
            self._transact(putting(events=[paused("never", name(0), session_of(0))]))(connection)
            raise LanewayError("no")

        return fail, self._told

    def _append(self) -> tuple[Work[object], Told]:
        number = self._random.randrange(THREADS)
        deltas = [delta("y" * 50, self._item(number, f"itm_open_{number}", "")) for _ in range(3)]
        return lambda connection: append_deltas(connection, deltas), lambda value: None

    def _doom(self) -> tuple[Work[object], Told]:
        """Make a thread that will be erased later."""
        self._made += 1
        id = f"thr_doomed_{self._made}"
        items = [(ITEM, item(f"itm_{id}_{n}", id, session_id="ses_0", text="doomed")) for n in range(5)]
        events = [paused("doomed", id, "ses_0")] * 5
        work = self._transact(putting((THREAD, thread(id, "ses_0")), *items, events=events))
        return work, lambda value: self._doomed.append(id)

    def _give_up(self) -> tuple[Work[object], Told]:
        if not self._doomed:
            return self._doom()
        id = self._doomed.pop()
        work = self._transact(putting(events=[thread_deleted(id, "ses_0")], erase=[id]))
        return work, lambda value: self._gone.add(id)

    def _erase(self) -> tuple[Work[object], Told]:
        return lambda connection: erase_some(connection, 7), lambda value: None

    def _index(self) -> tuple[Work[object], Told]:
        self._made += 1
        entry = SearchEntry("usr_me", "ses_0", name(0), f"itm_{self._made}", f"word {self._made}", START)
        return lambda connection: index_entries(connection, [entry], self._made), lambda value: None

    def _told(self, value: Committed) -> None:
        for event in value.events:
            self._texts[event.log, event.offset] = event.body
            self._counts[str(event.thread_id)] += 1

    def _item(self, number: int, id: str, text: str) -> Item:
        return item(id, name(number), turn_id=f"trn_{number}", session_id=session_of(number), text=text)

    def _transact(self, decide: Callable[[View], Decision], needs: Sequence[One] = ()) -> Work[object]:
        return lambda connection: transact(connection, SYSTEM, needs, decide, START)

    # --- the audit ---------------------------------------------------------------------------------------------------

    def audit(self, connection: Connection) -> list[str]:
        """Everything that is not as it has to be."""
        found = [f"integrity: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if found:
            return found
        connection.execute("INSERT INTO search_text (search_text, rank) VALUES ('integrity-check', 1)")
        found += self._lost(connection)
        found += dense(connection, "SELECT name, tail FROM log", 'SELECT "offset" FROM event WHERE log = ?')
        lasting = "SELECT thread_id, tail FROM thread_log WHERE thread_id NOT LIKE 'thr_doomed%'"
        found += dense(connection, lasting, "SELECT seq FROM event WHERE thread_id = ?")
        return found + self._half_done(connection) + self._come_back(connection)

    def _lost(self, connection: Connection) -> list[str]:
        rows = connection.execute('SELECT log, "offset", body FROM event')
        kept = {(log, offset): body for log, offset, body in rows}
        wrong = [place for place, body in self._texts.items() if kept.get(place) != body]
        return [f"lost or changed: {place}" for place in wrong]

    def _half_done(self, connection: Connection) -> list[str]:
        """A thread's counter, its events and its items tell the same number, or a commit was torn."""
        found: list[str] = []
        for number in range(THREADS):
            counted = self._counted(connection, name(number))
            if counted is None:
                found.append(f"lost: {name(number)}")
                continue
            if len(set(counted)) != 1:
                found.append(f"half done: {name(number)} {counted}")
            if counted[0] < self._counts[name(number)]:
                found.append(f"lost: {name(number)} counts {counted[0]}, acknowledged {self._counts[name(number)]}")
        return found

    def _counted(self, connection: Connection, thread_id: str) -> tuple[int, int, int] | None:
        kept = connection.execute('SELECT unread FROM "thread" WHERE id = ?', (thread_id,)).fetchone()
        if kept is None:
            return None
        events = connection.execute(
            "SELECT seq FROM event WHERE thread_id = ? AND type = 'queue.paused'", (thread_id,)
        ).fetchall()
        items = connection.execute(
            'SELECT i.id FROM item AS i JOIN event AS e ON e.thread_id = i.thread_id AND e.seq = i.seq'
            " WHERE i.thread_id = ? AND e.type = 'queue.paused'", (thread_id,)
        ).fetchall()  # fmt: skip
        return int(kept[0]), len(events), len(items)

    def _come_back(self, connection: Connection) -> list[str]:
        """What was given up for erasure, acknowledged, is hidden or gone."""
        hidden = {id for (id,) in connection.execute("SELECT id FROM hidden")}
        kept = {id for (id,) in connection.execute('SELECT id FROM "thread"')}
        return [f"came back: {id}" for id in sorted(self._gone) if id in kept - hidden]


def dense(connection: Connection, tails: str, numbers: str) -> list[str]:
    """The numbers of each log or thread are 1 to its tail."""
    found: list[str] = []
    for key, tail in connection.execute(tails).fetchall():
        kept = sorted(number for (number,) in connection.execute(numbers, (key,)))
        if kept != list(range(1, tail + 1)):
            found.append(f"{key} is not dense: {len(kept)} rows, tail {tail}")
    return found


def name(number: int) -> str:
    return f"thr_{number}"


def session_of(number: int) -> str:
    return f"ses_{number % 3}"
