"""Turns: one at a time, one terminal event for each opening, nothing after it, and calls that happen as recorded."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.prove.checks.snapshot import ACTIVE, TERMINAL, Body, Event, Finding, Snapshot
from tests.prove.history import History

SETTLED = ("returned", "failed", "rejected", "skipped")
AFTERWARDS = ("delivery.decided",)
"""Where an outcome goes is decided when there is one."""


def check_turns(snapshot: Snapshot, history: History) -> Iterator[Finding]:
    yield from _one_active(snapshot)
    by_turn: dict[str, list[Event]] = defaultdict(list)
    for thread in snapshot.threads:
        for event in snapshot.by_thread.get(thread["id"], []):
            if event.turn_id is not None:
                by_turn[event.turn_id].append(event)
    living = {thread["id"] for thread in snapshot.threads}
    for turn in snapshot.records["turn"].values():
        if turn["thread_id"] in living and by_turn[turn["id"]]:
            yield from _openings(turn, by_turn[turn["id"]])
            yield from _fenced(snapshot, turn, by_turn[turn["id"]])
    for thread in snapshot.threads:
        yield from _items(snapshot, thread)
        yield from _calls(snapshot, thread)
    yield from _effects(snapshot, history)


def _one_active(snapshot: Snapshot) -> Iterator[Finding]:
    """I-9: at most one active turn a thread, which a unique index guards, and which the thread knows."""
    if "turn_active" not in snapshot.indexes:
        yield Finding("I-9", "the unique index turn_active is missing")
    active = Counter(turn["thread_id"] for turn in snapshot.records["turn"].values() if turn["status"] in ACTIVE)
    for thread_id, count in active.items():
        if count > 1:
            yield Finding("I-9", f"thread {thread_id} has {count} active turns")
    for turn in snapshot.records["turn"].values():
        columns = turn["columns"]
        if (columns["status"], columns["fence"]) != (turn["status"], turn["fence"]):
            yield Finding("I-9", f"the columns of turn {turn['id']} differ from it")


def _openings(turn: Body, events: list[Event]) -> Iterator[Finding]:
    """Exactly one terminal event for each opening; only `turn.resumed` goes on after one, and opens again."""
    ended: Event | None = None
    started = 0
    for event in events:
        if event.type == "turn.started":
            started += 1
        if event.type in TERMINAL:
            if ended is not None:
                yield Finding("I-16", f"{event.place} is a second end of turn {turn['id']} after {ended.place}")
            ended = event
        elif event.type == "turn.resumed":
            ended = None
        elif ended is not None and event.type not in AFTERWARDS:
            yield Finding("I-16", f"{event.place} came after the end of turn {turn['id']} ({ended.place})")
    if started != 1:
        yield Finding("I-9", f"turn {turn['id']} was started {started} times")
    if ended is not None and turn["status"] in ACTIVE and not _is_reopened(turn):
        yield Finding("I-16", f"turn {turn['id']} was told as ended and is {turn['status']}")
    if turn["status"] not in ACTIVE and (ended is None or ended.type != f"turn.{turn['status']}"):
        yield Finding("I-16", f"turn {turn['id']} is {turn['status']}, told as {ended.type if ended else 'not ended'}")


def _is_reopened(turn: Body) -> bool:
    """A retry was asked for and nobody has taken the turn up yet: that is told by `turn.resumed`."""
    return turn["status"] == "running" and turn.get("node") is None


def _fenced(snapshot: Snapshot, turn: Body, events: list[Event]) -> Iterator[Finding]:
    """I-10: after an attempt was announced, nothing of an earlier one is written."""
    attempt = 1
    items = snapshot.records["item"]
    for event in events:
        if event.type in ("turn.started", "turn.resumed"):
            if event.data["attempt"] < attempt:
                yield Finding("I-10", f"{event.place} has the attempt {event.data['attempt']} after {attempt}")
            attempt = event.data["attempt"]
        if event.type in ("item.started", "item.delta"):
            item = items.get(event.data["item_id"] if event.type == "item.delta" else event.data["item"]["id"])
            if item is not None and item["attempt"] < attempt:
                yield Finding("I-10", f"{event.place} is of attempt {item['attempt']}, after attempt {attempt} began")
    if turn["attempt"] != attempt:
        yield Finding("I-10", f"turn {turn['id']} is at attempt {turn['attempt']}, told as {attempt}")


def _items(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """An item ends once, with the text that its deltas told, and no item outlives its turn unfinished."""
    told: dict[str, str] = defaultdict(str)
    ends: Counter[str] = Counter()
    for event in snapshot.by_thread.get(thread["id"], []):
        if event.type == "item.delta":
            item_id, data = event.data["item_id"], event.data
            if ends[item_id]:
                yield Finding("I-16", f"{event.place} tells more of an item that has ended")
            if data["position"] != len(told[item_id]):
                yield Finding("I-22", f"{event.place} is at {data['position']}, after {len(told[item_id])} characters")
            told[item_id] += data["text"]
        elif event.type == "item.completed":
            item = event.data["item"]
            ends[item["id"]] += 1
            spoken = item["parts"][0].get("text", "") if item["parts"] else ""
            if not str(spoken).startswith(told[item["id"]]):
                yield Finding("I-22", f"{event.place} does not begin with what its deltas told")
    for item in snapshot.of_thread("item", thread["id"]):
        turn = snapshot.records["turn"].get(item["turn_id"])
        if turn is None and thread.get("forked_from"):
            # A fork copies items, each exchange under a new turn id, and no turns.
            continue
        if turn is None:
            yield Finding("I-4", f"item {item['id']} is of no turn")
        elif item["state"] == "partial" and turn["status"] not in ACTIVE:
            yield Finding("I-16", f"item {item['id']} is unfinished in a turn that is {turn['status']}")
        if item["state"] in ("complete", "interrupted") and ends[item["id"]] != 1 and not snapshot.folds:
            yield Finding(
                "I-22", f"item {item['id']} is {item['state']}, and its end was told {ends[item['id']]} times"
            )


def _calls(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """I-13: each call is told, then its one result; what was started and has no result is open or under review."""
    called: dict[str, Event] = {}
    returned: Counter[str] = Counter()
    for event in snapshot.by_thread.get(thread["id"], []):
        if event.type == "tool.called":
            if event.data["call_id"] in called:
                yield Finding("I-13", f"{event.place} tells a call again")
            called[event.data["call_id"]] = event
        elif event.type == "tool.returned":
            returned[event.data["call_id"]] += 1
            if event.data["call_id"] not in called:
                yield Finding("I-13", f"{event.place} returns what was not called")
    for item in snapshot.of_thread("item", thread["id"]):
        call = item.get("call")
        if not call or (thread.get("forked_from") and item["turn_id"] not in snapshot.records["turn"]):
            continue
        settled = call["state"] in SETTLED
        if returned[call["call_id"]] != int(settled) and not (
            call["state"] == "rejected" and item["state"] != "complete"
        ):
            yield Finding(
                "I-13", f"call {call['call_id']} is {call['state']}, returned {returned[call['call_id']]} times"
            )


def _effects(snapshot: Snapshot, history: History) -> Iterator[Finding]:
    """I-13: an effect that must happen once did not happen twice, and whatever has a result did happen."""
    if history.effects is None:
        return
    happened = Counter(history.effects)
    for label, count in happened.items():
        if count > 1:
            yield Finding("I-13", f"the effect {label} happened {count} times")
    for item in snapshot.records["item"].values():
        call = item.get("call")
        if call and call["name"] == "effect.once" and call["state"] == "returned" and not call.get("error"):
            label = call["arguments"].get("label")
            if not happened[label] and "marked_done" not in (call.get("result") or {}):
                yield Finding("I-13", f"the effect {label} has a result and did not happen")
