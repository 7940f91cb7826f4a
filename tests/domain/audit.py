"""Audit: what holds after every command, whatever it was."""

import json
from collections import Counter
from collections.abc import Mapping

from laneway import wire
from laneway.domain.decide.outcome import is_message
from laneway.domain.json import Json
from laneway.domain.kinds import APPROVAL, FIRING, ITEM, QUEUE_ITEM, THREAD, TURN
from laneway.domain.thread import thread_resource
from laneway.domain.turn import ACTIVE
from tests.domain import reference
from tests.domain.lanes import Lanes

TERMINAL = {"turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted", "turn.superseded"}


class Audit:
    """Looks at everything after each step; of the log, at what is new."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._store = lanes.store
        self._read = 0
        self._offsets: Counter[str] = Counter()
        self._seqs: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self._known: dict[str, dict[str, Json]] = {}
        """Each thread's resource, as somebody knows it who has only read its events."""

    def check(self) -> None:
        self.the_rules_and_the_reference_agree()
        self.every_accepted_message_is_in_exactly_one_place()
        self.nothing_is_left_open_behind_a_turn_that_ended()
        self.numbers_are_dense()
        self.folding_what_was_told_gives_the_thread()
        self.each_opening_of_a_turn_ends_once()
        self.counts_are_what_they_count()
        self.nothing_is_told_of_what_was_deleted()
        self.an_occurrence_is_raised_once()

    def the_rules_and_the_reference_agree(self) -> None:
        shown = {thread.id: thread for thread in self._store.all(THREAD) if not thread.deleted}
        assert shown.keys() == self._lanes.world.threads.keys()
        for id, wanted in self._lanes.world.threads.items():
            thread = shown[id]
            assert thread.status == wanted.status
            assert [header.id for header in thread.queue] == [message.id for message in wanted.queue]
            assert thread.settings.paused == (thread.pause_reason is not None) == (wanted.pause is not None)
            assert (thread.pause_reason or "").startswith(wanted.pause or "")
            assert thread.active_turn_id == (wanted.active.id if wanted.active else None)
            assert thread.message_count == wanted.messages
            for turn in wanted.turns:
                self._is_the_same(turn)

    def _is_the_same(self, wanted: reference.Turn) -> None:
        turn = self._store.get(TURN, wanted.id)
        assert (turn.status, turn.attempt, turn.fence, turn.crashes) == (
            wanted.status,
            wanted.attempt,
            wanted.fence,
            wanted.crashes,
        )
        assert list(turn.item_ids[: turn.batch_size]) == wanted.batch
        assert turn.status not in ACTIVE or turn.node == wanted.node

    def every_accepted_message_is_in_exactly_one_place(self) -> None:
        """I-3, I-4: accepted = waiting + taken by one turn + taken back; what was taken is in the transcript once."""
        records = {item.id: item for item in self._store.all(QUEUE_ITEM)}
        became = Counter(item.queue_item_id for item in self._store.all(ITEM) if item.queue_item_id)
        taken = Counter(item for turn in self._store.all(TURN) for item in turn.item_ids)
        accepted = [message for thread in self._lanes.world.threads.values() for message in thread.accepted]
        waiting = {header.id for thread in self._store.all(THREAD) for header in thread.queue}
        assert records.keys() == {message.id for message in accepted}
        for message in accepted:
            record = records[message.id]
            assert (record.state, record.turn_id) == (message.state, message.turn)
            is_taken = int(record.state == "consumed")
            assert (became[record.id], taken[record.id], int(record.turn_id is not None)) == (is_taken,) * 3
            assert (record.id in waiting) == (record.state in ("queued", "held", "steering"))

    def nothing_is_left_open_behind_a_turn_that_ended(self) -> None:
        active = {turn.id: turn for turn in self._store.all(TURN) if turn.status in ACTIVE}
        assert {item.turn_id for item in self._store.all(ITEM) if item.state == "partial"} <= active.keys()
        assert {each.turn_id for each in self._store.all(APPROVAL) if each.state == "open"} <= active.keys()
        steering = {item.thread_id for item in self._store.all(QUEUE_ITEM) if item.state == "steering"}
        assert steering <= {turn.thread_id for turn in active.values()}

    def numbers_are_dense(self) -> None:
        """I-19, and what the next checks need to know of the events that are new."""
        for told in self._store.told[self._read :]:
            event = told.event
            self._offsets[event.log] += 1
            assert told.offset == self._offsets[event.log]
            if event.thread_id is not None:
                self._seqs[event.thread_id] += 1
                assert told.seq == self._seqs[event.thread_id]
                self._known.setdefault(event.thread_id, {}).update(json.loads(wire.encode(event.thread or {})))
            if event.data.type in TERMINAL and event.turn_id is not None:
                self._ends[event.turn_id] += 1
        self._read = len(self._store.told)

    def folding_what_was_told_gives_the_thread(self) -> None:
        """I-22."""
        for id in self._lanes.world.threads:
            shown: Mapping[str, Json] = json.loads(wire.encode(thread_resource(self._store.get(THREAD, id))))
            assert self._known[id] == shown

    def each_opening_of_a_turn_ends_once(self) -> None:
        for thread in self._lanes.world.threads.values():
            for turn in thread.turns:
                assert self._ends[turn.id] == turn.endings == turn.openings - (turn is thread.active)

    def counts_are_what_they_count(self) -> None:
        messages = Counter(item.thread_id for item in self._store.all(ITEM) if is_message(item))
        tokens: Counter[str] = Counter()
        for turn in self._store.all(TURN):
            if turn.status not in ACTIVE:
                tokens[turn.thread_id] += turn.usage.input_tokens
        for id, wanted in self._lanes.world.threads.items():
            thread = self._store.get(THREAD, id)
            assert thread.message_count == messages[id]
            assert thread.usage.input_tokens == tokens[id]
            assert thread.turn_count == len(wanted.turns)

    def nothing_is_told_of_what_was_deleted(self) -> None:
        """I-48."""
        for id, count in self._lanes.ended_at.items():
            assert self._seqs[id] == count

    def an_occurrence_is_raised_once(self) -> None:
        """I-36."""
        raised = Counter((firing.source, firing.occurrence) for firing in self._store.all(FIRING))
        assert set(raised.values()) <= {1}
