"""Log: how the events of one commit get their numbers and become rows, in every store alike."""

from collections.abc import Collection, Iterable, Sequence

from laneway import wire
from laneway.domain.event import Delta, Event, ItemDelta, session_log
from laneway.wire import StoredEvent

ORDINAL_BITS = 20
"""An event's row is its position and its ordinal in one number, so at most 2^20 events are told by one commit."""

LogRow = tuple[int, str, int, int | None, str, str, str | None, str | None, str | None, int, str, bytes]
"""What is kept of an event: row, log, offset, seq, type, owner, session, thread, the item that it is a delta of,
whether it outlives what it names, its time, and its body."""


_ReadRow = tuple[int, str, int, int | None, str, str, str | None, str | None, int, bytes]
"""Row, log, offset, seq, type, owner, session, thread, whether it outlives what it names, and its body."""


def row_of(position: int, ordinal: int) -> int:
    """The row of an event: the order of rows is that of commits, and of events within one."""
    return position << ORDINAL_BITS | ordinal


def position_of(row: int) -> int:
    """The position in a row."""
    return row >> ORDINAL_BITS


def ordinal_of(row: int) -> int:
    """The ordinal in a row."""
    return row & ((1 << ORDINAL_BITS) - 1)


class Numbers:
    """The numbers of one commit: its position, and a run of offsets and seqs for each log and thread in it."""

    def __init__(self, position: int, offsets: dict[str, int], seqs: dict[str, int]) -> None:
        """`offsets` and `seqs`: the last numbers before the commit's own."""
        self.position = position
        self._ordinal = 0
        self._offsets = offsets
        self._seqs = seqs

    def ordinal(self) -> int:
        """The next event's place in the commit."""
        self._ordinal += 1
        return self._ordinal

    def offset(self, log: str) -> int:
        """The next offset in a log."""
        self._offsets[log] += 1
        return self._offsets[log]

    def seq(self, thread_id: str | None) -> int | None:
        """The next seq in a thread."""
        if thread_id is None:
            return None
        self._seqs[thread_id] += 1
        return self._seqs[thread_id]


def number_events(events: Sequence[Event], numbers: Numbers) -> tuple[StoredEvent, ...]:
    """Give the events of one command their numbers. They are dense: a rollback takes the counters back with it."""
    stored: list[StoredEvent] = []
    for index, event in enumerate(events):
        offset, seq = numbers.offset(event.log), numbers.seq(event.thread_id)
        place = event.numbered_by
        numbered = event if place is None else event.numbered(seq if place == index else stored[place].seq)
        stored.append(
            StoredEvent(
                event.log, offset, seq, numbers.position, numbers.ordinal(), event.data.type, event.owner,
                event.session_id, event.thread_id, wire.encode_event(numbered),
            )
        )  # fmt: skip
    return tuple(stored)


def rows_of_events(events: Sequence[Event], stored: Sequence[StoredEvent]) -> list[LogRow]:
    """What is kept of events that have their numbers."""
    return [
        _row(each, event.data.item_id if isinstance(event.data, ItemDelta) else None, event.data.survives, event.at)
        for event, each in zip(events, stored, strict=True)
    ]


def rows_of_deltas(deltas: Sequence[Delta], numbers: Numbers) -> list[LogRow]:
    """What is kept of deltas, with their numbers."""
    rows: list[LogRow] = []
    for delta in deltas:
        log = session_log(delta.session_id)
        stored = StoredEvent(
            log, numbers.offset(log), numbers.seq(delta.thread_id), numbers.position, numbers.ordinal(),
            delta.data.type, delta.owner, delta.session_id, delta.thread_id, wire.encode_delta(delta),
        )  # fmt: skip
        rows.append(_row(stored, delta.data.item_id, False, delta.at))
    return rows


def _row(event: StoredEvent, item_id: str | None, survives: bool, at: str) -> LogRow:
    return (
        row_of(event.position, event.ordinal), event.log, event.offset, event.seq, event.type, event.owner,
        event.session_id, event.thread_id, item_id, int(survives), at, event.body,
    )  # fmt: skip


def visible_events(rows: Iterable[_ReadRow], gone: Collection[str]) -> tuple[StoredEvent, ...]:
    """The events in rows as both stores' queries read them: no tombstones, and nothing of what is being erased."""
    return tuple(
        StoredEvent(log, offset, seq, position_of(row), ordinal_of(row), type, owner, session_id, thread_id, body)
        for row, log, offset, seq, type, owner, session_id, thread_id, survives, body in rows
        if type and (survives or not (session_id in gone or thread_id in gone))
    )
