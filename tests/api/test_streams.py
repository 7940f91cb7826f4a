from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laneway import wire
from laneway.client.sse import Frame, FrameReader
from laneway.domain.instant import later
from laneway.runtime.event_log import encode_frame
from laneway.store import Retention
from tests.api.harness import Caller, Harness, data_of, serving


async def test_a_frame_is_an_id_a_type_and_one_line_of_ascii_json(ada: Caller):
    thread = await ada.chat("say hé\u2028llo\u0085 \U0001f600")

    async with ada.events(f"/threads/{thread['id']}/events", after="0", follow="0") as events:
        frames = [frame async for frame in events.all()]

    assert events.response.headers["content-type"] == "text/event-stream"
    assert events.response.headers["cache-control"] == "no-cache"
    assert events.response.headers["x-accel-buffering"] == "no"
    assert events.raw.isascii()
    for block in events.raw.split(b"\n\n")[:-1]:
        names = [line.partition(b": ")[0] for line in block.split(b"\n")]
        assert names == [b"id", b"event", b"data"]
    assert [int(frame.id) for frame in frames] == [data_of(frame)["offset"] for frame in frames]
    assert all(frame.event == data_of(frame)["type"] for frame in frames)
    completed = [data_of(frame)["data"]["item"]["text"] for frame in frames if frame.event == "item.completed"]
    assert completed == ["say hé\u2028llo\u0085 \U0001f600", "hé\u2028llo\u0085 \U0001f600"]


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.sampled_from(
    ["\r\n\r\nid: 9\n", "\n\nevent: x\ndata: y\n\n", "retry: 1\n", "\u2028data: x", "\x0b\x0c\x1c\x85", ": comment\n\n"]
)


@given(ANY_TEXT, st.lists(st.integers(1, 7), max_size=30))
def test_no_text_breaks_out_of_its_frame_however_the_bytes_are_cut(text: str, cuts: list[int]):
    data = wire.escape_to_ascii(wire.encode({"text": text}))
    stream = encode_frame("7", "item.delta", data) + b": keep-alive\n\n" + encode_frame("8", "item.delta", data)
    reader = FrameReader()
    frames: list[Frame] = []
    for cut in cuts:
        frames += reader.feed(stream[:cut])
        stream = stream[cut:]
    frames += reader.feed(stream)

    assert [(frame.id, frame.event) for frame in frames] == [("7", "item.delta"), ("8", "item.delta")]
    assert [wire.decode(frame.data, dict[str, str]) for frame in frames] == [{"text": text}] * 2


@pytest.fixture
async def injected(ada: Caller) -> tuple[Caller, str]:
    return ada, (await ada.made("/threads", {"settings": {"paused": True}}))["id"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=ANY_TEXT.filter(lambda text: text and "\0" not in text))
async def test_what_was_sent_is_what_a_strict_reader_of_the_stream_gets(injected: tuple[Caller, str], text: str):
    ada, thread = injected
    posted = await ada.made(f"/threads/{thread}/messages", {"message": text})

    frames = await ada.replay(f"/threads/{thread}/events", after=posted["offset"] - 1)
    await ada.send("POST", f"/threads/{thread}/queue/clear")

    texts = [data_of(frame)["data"]["item"]["text"] for frame in frames if frame.event == "queue.item_added"]
    assert texts[-1:] in ([text], [])
    assert {frame.event for frame in frames} <= {"queue.item_added", "thread.updated"}


async def test_streams_of_thread_session_and_user_tell_the_same_bytes(ada: Caller):
    thread = await ada.chat("say hello")

    of_thread = await ada.replay(f"/threads/{thread['id']}/events")
    of_session = await ada.replay(f"/sessions/{thread['session_id']}/events")
    of_user = await ada.replay("/events")

    assert [frame.data for frame in of_thread] == [frame.data for frame in of_session]
    assert [frame.id for frame in of_thread] == [frame.id for frame in of_session]
    assert {frame.data for frame in of_thread} < {frame.data for frame in of_user}
    positions = [tuple(map(int, frame.id.split("."))) for frame in of_user]
    assert positions == sorted(set(positions))


@pytest.mark.parametrize("where", ["/threads/{thread}/events", "/sessions/{session}/events", "/events"])
async def test_a_stream_goes_on_after_any_event_with_the_rest_and_nothing_else(ada: Caller, where: str):
    thread = await ada.chat("say one", "say two")
    path = where.format(thread=thread["id"], session=thread["session_id"])
    everything = await ada.replay(path)

    for place, frame in enumerate(everything):
        assert await ada.replay(path, after=frame.id) == everything[place + 1 :]
        async with ada.events(path, last_event_id=frame.id, after="0", follow="0") as events:
            assert [each async for each in events.all()] == everything[place + 1 :]


async def test_without_a_cursor_a_stream_begins_now(ada: Caller):
    thread = await ada.chat("say one")
    for path in (f"/threads/{thread['id']}/events", f"/sessions/{thread['session_id']}/events", "/events"):
        async with ada.events(path) as events:
            await ada.patch(f"/threads/{thread['id']}", {"title": path})
            frame = await events.next()
            assert frame is not None
            assert data_of(frame)["data"]["summary"]["title"] == path


async def test_the_position_of_a_read_is_where_the_users_stream_goes_on(ada: Caller):
    thread = await ada.chat("say one")
    seen = await ada.get(f"/threads/{thread['id']}")
    await ada.patch(f"/threads/{thread['id']}", {"title": "later"})

    frames = await ada.replay("/events", after=seen.headers["laneway-position"])

    assert [frame.event for frame in frames] == ["thread.updated"]


async def test_two_streams_and_two_turns_know_nothing_of_each_other(ada: Caller):
    threads = [(await ada.made("/threads", {"agent_id": "script"}))["id"] for _ in range(2)]
    async with (
        ada.events(f"/threads/{threads[0]}/events", after="0") as first,
        ada.events(f"/threads/{threads[1]}/events", after="0") as second,
    ):
        for name, thread in zip("ab", threads, strict=True):
            await ada.made(f"/threads/{thread}/messages", {"message": f"say {name} {name} {name}"})
        told = [[await first.until("turn.completed")], [await second.until("turn.completed")]]

        for thread, events in ((threads[0], first), (threads[1], second)):
            other = threads[1] if thread == threads[0] else threads[0]
            assert other.encode() not in events.raw
        assert [data_of(frames[0])["thread_id"] for frames in told] == threads


async def test_leaving_a_stream_cancels_nothing_and_ends_no_other(server: Harness, ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    path = f"/threads/{thread['id']}/events"
    async with ada.events(path, after="0") as kept:
        async with ada.events(path, after="0") as left:
            await ada.made(f"/threads/{thread['id']}/messages", {"message": "sleep 5\nsay done"})
            await left.until("turn.started")
        async with server.ticking():
            assert (await kept.until("turn.completed")).data

    assert (await ada.get(f"/threads/{thread['id']}")).json["last_message"] == "done"
    assert await server.streams_closed()


async def test_deleting_a_thread_is_the_last_that_its_stream_tells(ada: Caller):
    thread = await ada.made("/threads")
    async with ada.events(f"/threads/{thread['id']}/events") as events:
        await ada.delete(f"/threads/{thread['id']}")
        frames = [frame.event async for frame in events.all()]

    assert frames == ["thread.deleted"]


async def test_an_idle_stream_is_kept_alive(server: Harness, ada: Caller):
    thread = await ada.made("/threads")
    async with ada.events(f"/threads/{thread['id']}/events") as events:
        async with server.ticking():
            await server.clock.sleep(60)
        await ada.patch(f"/threads/{thread['id']}", {"title": "t"})
        await events.next()

    assert events.raw.startswith(b": keep-alive\n\n: keep-alive\n\n")


async def test_a_user_has_so_many_streams_and_a_server_so_many():
    async with serving(limits={"streams_per_user": 2, "streams": 3}) as server:
        ada, bob = server.ada, await server.other()
        async with ada.events("/events"), ada.events("/events"), bob.events("/events"):
            third = await ada.get("/events")
            fourth = await bob.get("/events")
        assert (third.status, third.code) == (429, "too_many")
        assert (fourth.status, fourth.code) == (503, "unavailable")
        assert int(third.headers["retry-after"]) >= 1
        assert int(fourth.headers["retry-after"]) >= 1
        assert (await ada.get("/events", follow="0")).status == 200
        assert await server.streams_closed()


async def test_a_pruned_cursor_is_410_with_where_to_start_anew(server: Harness, ada: Caller):
    thread = await ada.chat("say one")
    await server.clock.advance(10)
    await ada.chat("say two", session_id=thread["session_id"])
    await prune(server)

    answer = await ada.get(f"/threads/{thread['id']}/events", after="1", follow="0")

    assert (answer.status, answer.code) == (410, "cursor_expired")
    assert answer.json["snapshot_url"] == f"/api/v1/threads/{thread['id']}/messages"
    assert (await ada.send("GET", "/" + answer.json["snapshot_url"])).status == 200


async def prune(server: Harness) -> None:
    await server.app.store.compact(Retention(events_before=later(server.clock.now(), -5)))


async def test_a_cursor_inside_folded_text_is_told_to_start_anew(server: Harness, ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script"})
    path = f"/threads/{thread['id']}"
    await ada.made(f"{path}/messages", {"message": "stream 20 100"})
    inside = 0
    async with ada.events(f"{path}/events", after="0") as events, server.ticking():
        while (frame := await events.next()) is not None and frame.event != "turn.completed":
            inside = int(frame.id) if frame.event == "item.delta" and not inside else inside
    await fold(server)

    frames = await ada.replay(f"{path}/events", after=inside)

    assert frames[0].event == "stream.reset"
    reset: dict[str, Any] = data_of(frames[0])
    assert reset["data"]["snapshot_url"] == f"/api/v1{path}/messages"
    assert reset["offset"] == int(frames[0].id)
    assert [frame.event for frame in frames[1:]][-1] == "turn.completed"
    assert int(frames[1].id) > reset["offset"]


async def fold(server: Harness) -> None:
    await server.clock.advance(1)
    await server.app.store.compact(Retention(deltas_before=later(server.clock.now(), 1)))
