"""Log: takes numbers for events and appends them, inside the transaction of what they tell."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from laneway.domain.commit import Claim, is_claimed
from laneway.domain.errors import NotFound
from laneway.domain.event import Delta, session_log
from laneway.log import LogRow, Numbers, rows_of_deltas
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.locks import ALIVE, NEED_OF_THREAD, Lock, keys_of, locks_of_log
from laneway.stores.postgres.queries import SQL


def locks_of_deltas(deltas: Sequence[Delta]) -> set[Lock]:
    """All that is locked for deltas, from their claims to their counters: what they need is known beforehand."""
    needed = {Lock(NEED_OF_THREAD, delta.thread_id, shared=True) for delta in deltas}
    alive = {Lock(ALIVE, id, shared=True) for delta in deltas for id in (delta.thread_id, delta.session_id)}
    return needed | alive | locks_of_log((session_log(delta.session_id), delta.thread_id) for delta in deltas)


async def append_deltas(connection: Connection, deltas: Sequence[Delta]) -> tuple[str, ...]:
    """Append the deltas whose turn is running under their fence; returns the ids of the other turns.

    Their locks are held: a claim that tells anything in one of these logs is either seen here or told after this.
    """
    turn_ids = list(dict.fromkeys(delta.turn_id for delta in deltas))
    claims: dict[str, Claim] = {}
    gone: set[str] = set()
    for id, owner, session_id, thread_id, fence in await connection.fetch(SQL["claims"], (turn_ids,)):
        if owner is None:
            gone.add(id)
        else:
            claims[id] = (owner, session_id, thread_id, fence)
    kept = [delta for delta in deltas if is_claimed(delta, claims.get(delta.turn_id), gone)]
    if kept:
        places = ((session_log(delta.session_id), delta.thread_id) for delta in kept)
        rows = rows_of_deltas(kept, await reserve(connection, places))
        await connection.execute(*appending(rows))
    refused = [delta for delta in deltas if not is_claimed(delta, claims.get(delta.turn_id), gone)]
    return tuple(dict.fromkeys(delta.turn_id for delta in refused))


def appending(rows: Sequence[LogRow]) -> Question:
    """Inserts all rows of a commit with one statement: a column at a time."""
    return SQL["append_events"], tuple(list(column) for column in zip(*rows, strict=True))


async def reserve(
    connection: Connection, places: Iterable[tuple[str, str | None]], locks: Iterable[Lock] = (),
    named: Collection[str] = (),
) -> Numbers:  # fmt: skip
    """Take the last locks, refuse what names something given up, and take the numbers of events in logs and threads.

    The transaction gets its id here, behind everybody whom it waited for: the order of ids is that of commits.
    """
    logs, threads = Counter[str](), Counter[str]()
    for log, thread_id in places:
        logs[log] += 1
        if thread_id is not None:
            threads[thread_id] += 1
    bindings = (
        *keys_of(locks), list(named), list(logs), list(logs.values()), list(threads), list(threads.values()),
    )  # fmt: skip
    answers = await connection.fetch(SQL["reserve"], bindings)
    if answers[0][0] == "gone":
        raise NotFound
    connection.transaction_id = int(answers[0][2])
    return Numbers(
        connection.transaction_id,
        {name: int(tail) - logs[name] for what, name, tail in answers if what == "log"},
        {name: int(tail) - threads[name] for what, name, tail in answers if what == "thread"},
    )
