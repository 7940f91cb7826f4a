"""The inbox: nothing accepted is lost, doubled or taken out of turn; queue edits are atomic against the claim."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.prove.checks.snapshot import Body, Event, Finding, Snapshot
from tests.prove.history import History

OPEN = ("queued", "held", "steering")
ENDED_BY = {
    "consumed": "queue.item_consumed",
    "withdrawn": "queue.item_withdrawn",
    "rejected": "queue.item_rejected",
}


def check_inbox(snapshot: Snapshot, history: History) -> Iterator[Finding]:
    yield from _acknowledged(snapshot, history)
    for thread in snapshot.threads:
        yield from _ends(snapshot, thread)
        yield from _headers(snapshot, thread)
        yield from _order(snapshot, thread)
    yield from _one_turn_each(snapshot)


def _acknowledged(snapshot: Snapshot, history: History) -> Iterator[Finding]:
    """I-1, I-2: what was acknowledged is stored, and what was sent again under its key is stored once."""
    stored = snapshot.records["queue_item"]
    texts: Counter[str] = Counter()
    for item in stored.values():
        texts[item["text"]] += 1
    for post in history.posts:
        if _is_gone(snapshot, history, post.thread_id):
            continue
        if post.fate == "ok":
            item = stored.get(post.item_id or "")
            if item is None:
                yield Finding("I-1", f"the acknowledged message {post.item_id} of {post.thread_id} is not stored")
            elif (item["text"], item["thread_id"]) != (post.text, post.thread_id):
                yield Finding("I-1", f"the acknowledged message {post.item_id} is stored with another text or thread")
        if texts[post.text] > 1:
            yield Finding("I-2", f"the message with the key {post.key} is stored {texts[post.text]} times")
        if post.fate == "refused" and texts[post.text]:
            yield Finding("I-2", f"the message with the key {post.key} was refused ({post.status}) and is stored")
    for item_id in history.withdrawn & stored.keys():
        if stored[item_id]["state"] != "withdrawn":
            yield Finding("I-8", f"{item_id} was withdrawn with an acknowledgement and is {stored[item_id]['state']}")


def _is_gone(snapshot: Snapshot, history: History, thread_id: str) -> bool:
    thread = snapshot.records["thread"].get(thread_id)
    if thread is None:
        return thread_id in history.deleted | history.deleting
    gone = snapshot.hidden | history.deleted
    return bool(thread["deleted"]) or bool(gone & {thread_id, thread["session_id"]})


def _ends(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """I-3: each accepted item waits, is bound to a turn, or was discarded by an event that says who and why."""
    told: dict[str, list[Event]] = defaultdict(list)
    added: Counter[str] = Counter()
    for event in snapshot.by_thread.get(thread["id"], []):
        if event.type == "queue.item_added":
            added[event.data["item"]["id"]] += 1
        elif event.type in ENDED_BY.values():
            told[event.data["item_id"]].append(event)
    for item in snapshot.of_thread("queue_item", thread["id"]):
        state, ends = item["state"], [event.type for event in told[item["id"]]]
        if added[item["id"]] != 1 and not _pruned(snapshot, thread):
            yield Finding("I-3", f"{item['id']} was told as accepted {added[item['id']]} times")
        if ends != ([] if state in OPEN else [ENDED_BY.get(state, "")]) and not _pruned(snapshot, thread):
            yield Finding("I-3", f"{item['id']} is {state}, and its ends were told as {ends}")
        if (state == "consumed") != (item.get("turn_id") is not None):
            yield Finding("I-4", f"{item['id']} is {state} with the turn {item.get('turn_id')}")
        if state in ("withdrawn", "rejected", "expired") and not item.get("reason"):
            yield Finding("I-3", f"{item['id']} is {state} without a reason")
    for item_id in added.keys() - snapshot.records["queue_item"].keys():
        yield Finding("I-3", f"{item_id} was told as accepted and is not stored")


def _pruned(snapshot: Snapshot, thread: Body) -> bool:
    return bool(snapshot.logs.get(thread["session_id"], (0, 0))[1])


def _headers(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """The thread's queue headers are its waiting items, no more and no less."""
    waiting = {each["id"]: each for each in snapshot.of_thread("queue_item", thread["id"]) if each["state"] in OPEN}
    headers = {header["id"]: header for header in thread["queue"]}
    if waiting.keys() != headers.keys() or len(headers) != len(thread["queue"]):
        yield Finding("I-3", f"the queue of {thread['id']} is {list(headers)}, but {list(waiting)} wait")
    for id in waiting.keys() & headers.keys():
        header, item = headers[id], waiting[id]
        if any(header[name] != item[name] for name in ("sender", "hold", "delivery", "agents")):
            yield Finding("I-3", f"the header of {id} differs from the item")
        if item["hold"] != (item["state"] == "held"):
            yield Finding("I-3", f"{id} has hold {item['hold']} and is {item['state']}")
    for item in snapshot.of_thread("queue_item", thread["id"]):
        if (item["columns"]["open"] == 1) != (item["state"] in OPEN):
            yield Finding("I-3", f"the column `open` of {item['id']} does not fit its state {item['state']}")


def _one_turn_each(snapshot: Snapshot) -> Iterator[Finding]:
    """I-4: an item is in one turn, and that turn says so."""
    taken: Counter[str] = Counter()
    for turn in snapshot.records["turn"].values():
        taken.update(turn["item_ids"])
        for item_id in turn["item_ids"]:
            item = snapshot.records["queue_item"].get(item_id)
            if item is not None and item.get("turn_id") != turn["id"]:
                yield Finding("I-4", f"{item_id} is in the turn {turn['id']}, but names {item.get('turn_id')}")
    for item_id, count in taken.items():
        if count > 1:
            yield Finding("I-4", f"{item_id} is in {count} turns")
    for item in snapshot.records["queue_item"].values():
        if item.get("turn_id") and not taken[item["id"]] and item["turn_id"] in snapshot.records["turn"]:
            yield Finding("I-4", f"{item['id']} names the turn {item['turn_id']}, which does not have it")


def _order(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    """I-5: replaying the queue's events, each turn took a prefix of what waited, in order, and shows it in order."""
    if _pruned(snapshot, thread):
        return
    queue: list[str] = []
    for event in snapshot.by_thread.get(thread["id"], []):
        match event.type:
            case "queue.item_added":
                queue.insert(event.data["item"]["position"] - 1, event.data["item"]["id"])
            case "queue.item_updated":
                item = event.data["item"]
                queue = [id for id in queue if id != item["id"]]
                queue.insert(item["position"] - 1, item["id"])
            case "queue.item_consumed" | "queue.item_withdrawn" | "queue.item_rejected":
                queue = [id for id in queue if id != event.data["item_id"]]
            case "turn.started":
                batch = list(event.data["item_ids"])
                if not batch:
                    yield Finding("I-6", f"{event.place} took nothing")
                if batch != queue[: len(batch)]:
                    yield Finding("I-5", f"{event.place} took {batch} of {queue}")
            case _:
                pass
    if queue != [header["id"] for header in thread["queue"]]:
        yield Finding("I-22", f"replaying the queue of {thread['id']} gives {queue}")
    yield from _shown_in_order(snapshot, thread)


def _shown_in_order(snapshot: Snapshot, thread: Body) -> Iterator[Finding]:
    messages = [item for item in snapshot.of_thread("item", thread["id"]) if item.get("queue_item_id")]
    seqs = {item["queue_item_id"]: item["seq"] for item in messages}
    if len(seqs) != len(messages):
        yield Finding("I-4", f"a queue item of {thread['id']} is in the transcript twice")
    for turn in snapshot.of_thread("turn", thread["id"]):
        shown = [seqs.get(item_id) for item_id in turn["item_ids"]]
        if None in shown:
            yield Finding("I-4", f"the turn {turn['id']} has an input that is not in the transcript")
        elif shown != sorted(shown, key=lambda seq: seq or 0):
            yield Finding("I-5", f"the turn {turn['id']} shows its batch in another order")
