"""Any session survives the journey: what is exported, imported and exported again is the same, byte for byte."""

import json
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laneway.domain.instant import later
from laneway.domain.item import Call, Part
from laneway.domain.json import as_object
from laneway.domain.parcel import (
    CommentParcel,
    EntryParcel,
    FileParcel,
    ItemParcel,
    NoteParcel,
    Parcel,
    SessionParcel,
    ThreadParcel,
    TimerParcel,
    VoteParcel,
    WaitingParcel,
)
from laneway.domain.thread import ThreadSettings, Usage
from laneway.runtime.parcelling import line
from laneway.testing.clock import START
from tests.api import one_server
from tests.api.harness import Harness
from tests.api.uploads import NOTHING, export, import_, unzipped, zipped

server = one_server.server


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.text("abcü ", min_size=1, max_size=6).filter(str.strip)
times = st.integers(0, 3).map(lambda seconds: later(START, seconds))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(words, values, max_size=2)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Part, st.just("text"), text=texts),
    st.builds(Part, st.just("reasoning"), text=texts),
    st.builds(Part, st.just("code"), text=texts, language=st.none() | words),
    st.builds(Part, st.just("data"), data=values),
    st.builds(Part, st.just("file"), attachment_id=st.sampled_from(["1", "2", "gone"])),
    st.builds(Part, st.just("tool_call"), call_id=words, name=words, arguments=objects, effect=st.just("once")),
    st.builds(Part, st.just("tool_result"), call_id=words, result=values),
    st.builds(Part, st.just("tool_result"), call_id=words, error=words),
)
calls = st.builds(
    Call, words, words, objects, st.just("read"), st.sampled_from(["called", "started", "returned"]), result=values,
)  # fmt: skip
comments = st.builds(CommentParcel, texts.filter(bool), words, st.booleans(), times)


def by_age(comments: list[CommentParcel]) -> tuple[CommentParcel, ...]:
    return tuple(sorted(comments, key=lambda each: (each.created_at or "", line(each))))


items = st.builds(
    ItemParcel,
    role=st.sampled_from(["user", "assistant", "tool", "system"]),
    parts=st.lists(parts, min_size=1, max_size=3).map(tuple),
    text=texts,
    turn=st.integers(0, 3),
    agent=st.none() | words,
    sender=st.none() | words,
    state=st.sampled_from(["complete", "interrupted", "superseded"]),
    created_at=times,
    call=st.none() | calls,
    comments=st.lists(comments, max_size=2).map(by_age),
    vote=st.none() | st.builds(VoteParcel, st.sampled_from([1, -1]), st.none() | texts, times),
)
waiting = st.builds(
    WaitingParcel,
    parts=st.lists(parts, min_size=1, max_size=2).map(tuple),
    text=texts,
    sender=words,
    created_at=times,
    hold=st.booleans(),
    agents=st.lists(words, max_size=1).map(tuple),
)
thread_settings = st.builds(
    ThreadSettings,
    queue_mode=st.sampled_from(["combine", "one_at_a_time"]),
    resume=st.none() | st.booleans(),
    paused=st.booleans(),
    on_failure=st.sampled_from(["continue", "pause"]),
    muted=st.lists(words, max_size=2).map(tuple),
)
threads = st.builds(
    ThreadParcel,
    name=st.sampled_from(["thr_a", "thr_b", "thr_c", "thr_d"]),
    title=words,
    title_source=st.sampled_from(["auto", "manual"]),
    agent_id=words,
    kind=st.sampled_from(["chat", "alert", "task", "work"]),
    created_at=times,
    members=st.lists(words, max_size=2).map(tuple),
    summary=st.none() | texts,
    unread=st.integers(0, 9),
    tags=st.lists(words, max_size=2, unique=True).map(tuple),
    pinned=st.booleans(),
    archived=st.booleans(),
    metadata=objects,
    settings=thread_settings,
    usage=st.builds(Usage, st.integers(0, 99), st.integers(0, 99), st.floats(0, 9)),
    parent=st.none() | st.sampled_from(["thr_a", "thr_b"]),
    forked_from=st.none() | st.sampled_from(["thr_b", "thr_c"]),
)
sessions = st.builds(
    SessionParcel,
    name=st.just("ses_there"),
    title=texts.filter(bool),
    mode=st.sampled_from(["copilot", "autonomous"]),
    settings=objects,
    created_at=times,
)
of_sessions: st.SearchStrategy[Parcel] = st.one_of(
    st.builds(NoteParcel, texts.filter(bool), st.booleans(), st.none() | words, times, times),
    st.builds(EntryParcel, st.just("keys"), words, values),
    st.builds(
        TimerParcel, words, created_at=times, every_s=st.integers(1, 99), missed=st.sampled_from(["once", "skip"])
    ),
    st.builds(TimerParcel, words, state=st.just("done"), created_at=times, at=times),
    st.builds(FileParcel, st.just("1"), words, st.just("attachments/x"), created_at=times),
    st.builds(FileParcel, st.just("2"), words, st.just("attachments/y"), created_at=times),
)


@st.composite
def uploads(draw: st.DrawFn) -> bytes:
    """An export that some server might have written."""
    files: dict[str, bytes | str] = {"laneway-export.json": '{"format": "laneway", "version": 1}'}
    head: list[Any] = [draw(sessions), *draw(st.lists(of_sessions, max_size=5))]
    files["session.jsonl"] = b"".join(map(line, head))
    for number, thread in enumerate(draw(st.lists(threads, max_size=4, unique_by=lambda each: each.name))):
        body: list[Any] = [thread, *draw(st.lists(waiting | comments, max_size=2)), *draw(st.lists(items, max_size=4))]
        files[f"threads/{number}.jsonl"] = b"".join(map(line, body))
    return zipped({**files, "attachments/x": b"x", "attachments/y": b"y"})


IDENTIFYING = ("name", "turn", "parent", "forked_from", "attachment_id", "path", "settings", "pause_reason", "members")


def told(upload: bytes) -> list[Any]:
    """What an export says, apart from what names things in it and what an import is there to change."""
    bodies = [body for name, body in unzipped(upload).items() if name.endswith(".jsonl")]
    lines = [json.loads(line) for body in bodies for line in body.split(b"\n") if line]
    kept = [each for each in lines if each.get("type") not in (None, "entry", "note", "timer", "file")]
    return sorted(json.dumps(without(each), sort_keys=True) for each in kept)


def without(value: object) -> object:
    if isinstance(value, list):
        return [without(each) for each in cast("list[object]", value)]
    told = as_object(value)
    if told is None:
        return value
    if told.get("type") in ("file", "image"):
        return "a file"
    return {key: without(each) for key, each in told.items() if key not in IDENTIFYING}


UNHURRIED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)


# The engine's own threads draw from `random` while an example is made, which hypothesis takes for the example's doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@settings(max_examples=40, deadline=None, suppress_health_check=UNHURRIED)
@given(upload=uploads())
async def test_what_arrived_is_exported_imported_and_exported_the_same(server: Harness, upload: bytes):
    ada, bob = await server.fresh(), await server.fresh()
    first = await import_(ada, upload)
    exported = await export(ada, (await ada.get("/sessions")).json[0]["id"])

    second = (await import_(bob, exported)).json
    again = await export(bob, (await bob.get("/sessions")).json[0]["id"])
    twice = (await import_(bob, exported)).json

    assert first.json["skipped"] == []
    assert told(exported) == told(upload)
    assert second["skipped"] == []
    assert {name: body.decode() for name, body in unzipped(again).items()} == {
        name: body.decode() for name, body in unzipped(exported).items()
    }
    assert again == exported
    assert twice["imported"] == NOTHING
