"""Seed 001: switching, sending, stopping, failing and deleting in one thread never reach another."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio
import pytest
from anyio.abc import TaskStatus

import laneway
from laneway import errors
from laneway.client.resources import CreatedThread
from tests.acceptance.stage import Gates, of, until

CANARY = re.compile(r"canary-\d+-")
SESSIONS, THREADS, TURNS = 5, 8, 3


@dataclass
class Heard:
    """Everything that one stream told."""

    events: list[laneway.Event] = field(default_factory=list[laneway.Event])

    async def listen(
        self, events: AsyncGenerator[laneway.Event], *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        async with aclosing(events):
            task_status.started()
            async for event in events:
                self.events.append(event)


async def test_nothing_of_a_thread_is_ever_seen_in_another(lane: laneway.Lane):
    """The gate: 40 threads in 5 sessions, interleaved turns, a canary in each; every plane is searched for others."""
    threads = await many_threads(lane)
    by_thread = {thread.id: Heard() for thread in threads}
    by_session = {thread.session_id: Heard() for thread in threads}
    by_user = Heard()

    async with anyio.create_task_group() as listening:
        for id_, heard in by_thread.items():
            await listening.start(heard.listen, lane.events(id_, after=0))
        for id_, heard in by_session.items():
            await listening.start(heard.listen, lane.events(session_id=id_, after=0))
        await listening.start(by_user.listen, lane.events(after=0))
        async with anyio.create_task_group() as talking:
            for number, thread in enumerate(threads):
                talking.start_soon(talk, lane, thread, f"canary-{number}-")
        await everything_heard(by_user, turns=len(threads) * TURNS)
        await everything_heard(*by_thread.values(), turns=TURNS)
        await everything_heard(*by_session.values(), turns=THREADS * TURNS)
        listening.cancel_scope.cancel()

    owner = {thread.id: f"canary-{number}-" for number, thread in enumerate(threads)}
    for thread in threads:
        await check_thread(lane, thread, owner[thread.id], by_thread[thread.id])
    for session_id, heard in by_session.items():
        check_stream(heard, owner)
        assert {event.session_id for event in heard.events} == {session_id}
        assert [event.offset for event in heard.events] == list(range(1, len(heard.events) + 1))
    check_stream(by_user, owner)


async def many_threads(lane: laneway.Lane) -> list[CreatedThread]:
    sessions = [await lane.create_session(f"session {number}", mode="autonomous") for number in range(SESSIONS)]
    return [await lane.create_thread("script", session_id=each.id) for _ in range(THREADS) for each in sessions]


async def talk(lane: laneway.Lane, thread: CreatedThread, canary: str) -> None:
    """Turns that stream, call a tool that acts on the world, and tell all that the agent was given."""
    for turn in range(TURNS):
        text = f"stream 4 30\nsay {canary}{turn} is mine\neffect once {canary}{turn}\ncontext"
        # Each thread looks elsewhere between its turns: where anybody looks decides nothing.
        await lane.select(thread.session_id, thread.id)
        answered = await lane.run(thread.id, text)
        assert answered.status == "completed"


async def everything_heard(*streams: Heard, turns: int) -> None:
    with anyio.fail_after(60):
        for heard in streams:
            while sum(event.type == "turn.completed" for event in heard.events) < turns:
                await anyio.wait_all_tasks_blocked()


async def check_thread(lane: laneway.Lane, thread: CreatedThread, canary: str, heard: Heard) -> None:
    check_stream(heard, {thread.id: canary})
    assert {event.thread_id for event in heard.events} == {thread.id}
    assert [event.seq for event in heard.events] == list(range(1, len(heard.events) + 1))
    replayed = [event async for event in lane.events(thread.id, after=0, follow=False)]
    live = [event.raw for event in heard.events]
    assert [event.raw for event in replayed[: len(live)]] == live, "replayed and live are the same bytes"
    # A thread's summary is written when it is idle: it may come after everybody has stopped to listen.
    assert {event.type for event in replayed[len(live) :]} <= {"thread.updated"}
    assert {"item.delta", "tool.called", "tool.returned", "turn.started", "queue.item_consumed"} <= {
        event.type for event in heard.events
    }
    items = await lane.messages(thread.id, limit=100)
    assert {found for item in items for found in CANARY.findall(f"{item.text}{item.parts}")} == {canary}
    now = await lane.get_thread(thread.id)
    assert (now.status, now.queue_depth, now.active_turn_id) == ("idle", 0, None)
    assert set(CANARY.findall(f"{now.title}{now.last_message}")) <= {canary}


def check_stream(heard: Heard, owner: dict[str, str]) -> None:
    """Every event that names a canary is of the thread that owns it, and so is what it names it with."""
    for event in heard.events:
        named = set(CANARY.findall(event.raw))
        assert not named or named == {owner[event.thread_id or ""]}, event.raw


async def test_send_to_one_switch_and_send_to_another_continue_independently(lane: laneway.Lane, gates: Gates):
    session = await lane.create_session("two chats")
    a, b = [await lane.create_thread(session_id=session.id) for _ in range(2)]

    await lane.select(session.id, a.id)
    await lane.post(a.id, "to A")
    await until(lane, a.id, of("item.delta"))
    await lane.select(session.id, b.id)
    await lane.post(b.id, "to B")
    await until(lane, b.id, of("item.delta"))
    gates.let(b.id)
    await until(lane, b.id, of("turn.completed"))
    meanwhile = await lane.get_thread(a.id)
    gates.let(a.id)
    await until(lane, a.id, of("turn.completed"))

    assert meanwhile.status == "running"
    assert [item.text for item in await lane.messages(a.id)] == ["to A", "begin to A end to A"]
    assert [item.text for item in await lane.messages(b.id)] == ["to B", "begin to B end to B"]
    assert (await lane.selection(session.id)).thread_id == b.id


async def test_rapid_switching_and_sending_keeps_each_threads_order(lane: laneway.Lane, gates: Gates):
    session = await lane.create_session("busy")
    threads = [await lane.create_thread(session_id=session.id) for _ in range(4)]

    for number in range(20):
        for thread in threads:
            await lane.select(session.id, thread.id)
            await lane.post(thread.id, f"{number}")
    for thread in threads:
        gates.let(thread.id)
        await lane.run(thread.id, "20")

    for thread in threads:
        given = [text for batch in gates.given_to(thread.id) for text in batch]
        assert given == [str(number) for number in range(21)]


async def test_selecting_a_thread_tells_nobody_and_changes_nothing(lane: laneway.Lane, gates: Gates):
    session = await lane.create_session("quiet")
    a, b = [await lane.create_thread(session_id=session.id) for _ in range(2)]
    await lane.post(a.id, "to A")
    await until(lane, a.id, of("item.delta"))
    before = await lane.get_thread(a.id)

    await lane.select(session.id, b.id)

    assert await lane.get_thread(a.id) == before
    told = [event.type async for event in lane.events(session_id=session.id, after=0, follow=False)]
    assert not [type_ for type_ in told if "select" in type_]


async def test_deleting_a_thread_in_flight_stops_it_and_leaves_its_sibling_alone(lane: laneway.Lane, gates: Gates):
    session = await lane.create_session("two chats")
    doomed, sibling = [await lane.create_thread(session_id=session.id) for _ in range(2)]
    posted = await lane.post(doomed.id, "secret plans")
    other = await lane.post(sibling.id, "still here")
    for thread in (doomed, sibling):
        await until(lane, thread.id, of("item.delta"))
    turn_id = (await lane.get_thread(doomed.id)).active_turn_id or ""

    await lane.delete_thread(doomed.id)

    for ask in (
        lane.get_thread(doomed.id),
        lane.messages(doomed.id),
        lane.queue(doomed.id),
        lane.receipt(posted.item_id),
        lane.get_turn(turn_id),
        lane.post(doomed.id, "anybody?"),
        lane.delete_thread(doomed.id),
        anext(lane.events(doomed.id, after=0)),
    ):
        with pytest.raises(errors.NotFound):
            await ask
    gates.let(sibling.id)
    async for _ in lane.follow(other):
        pass
    assert gates.cancelled == [doomed.id]
    assert [item.text for item in await lane.messages(sibling.id)] == ["still here", "begin still here end still here"]
    left = [event async for event in lane.events(session_id=session.id, after=0, follow=False)]
    assert {event.type for event in left if event.thread_id == doomed.id} <= {"thread.deleted"}
    assert "secret plans" not in "".join(event.raw for event in left)
    assert [thread.id for thread in await lane.list_threads(session_id=session.id)] == [sibling.id]


async def test_one_failure_never_touches_another_thread(lane: laneway.Lane, gates: Gates):
    session = await lane.create_session("two chats")
    failing = await lane.create_thread("script", session_id=session.id)
    working = await lane.create_thread(session_id=session.id)
    posted = await lane.post(working.id, "work")
    await until(lane, working.id, of("item.delta"))

    failed = await lane.run(failing.id, "say so far\nfail boom")
    afterwards = await lane.run(failing.id, "say fine again")
    gates.let(working.id)
    told = [event.type async for event in lane.follow(posted)]

    assert (failed.status, failed.error) == ("failed", {"class": "agent_failed", "message": "boom"})
    assert failed.answer == "so far"
    assert (afterwards.status, afterwards.answer) == ("completed", "fine again")
    assert told[-1] == "turn.completed"
    assert not [type_ for type_ in told if type_ in {"turn.failed", "turn.cancelled", "queue.paused"}]
    assert (await lane.get_thread(working.id)).status == "idle"


async def test_stopping_one_thread_stops_no_other(lane: laneway.Lane, gates: Gates):
    a, b = [await lane.create_thread() for _ in range(2)]
    for thread in (a, b):
        await lane.post(thread.id, "go")
        await until(lane, thread.id, of("item.delta"))

    await lane.cancel(a.id)
    await until(lane, a.id, of("turn.cancelled"))
    still = await lane.get_thread(b.id)
    gates.let(b.id)
    await until(lane, b.id, of("turn.completed"))

    assert still.status == "running"
    assert gates.cancelled == [a.id]


async def test_closing_a_stream_cancels_nothing_and_ends_no_other(lane: laneway.Lane, gates: Gates):
    thread = await lane.create_thread()
    posted = await lane.post(thread.id, "go on")
    other = lane.events(thread.id, after=0)

    async with aclosing(lane.events(thread.id, after=0)) as closed:
        async for event in closed:
            if event.type == "item.delta":
                break
    still = await lane.get_thread(thread.id)
    gates.let(thread.id)
    async for _ in lane.follow(posted):
        pass

    assert still.status == "running"
    assert gates.cancelled == []
    async with aclosing(other):
        seen = [(await anext(other)).seq for _ in range(6)]
    assert seen == [1, 2, 3, 4, 5, 6]
    assert (await lane.get_thread(thread.id)).status == "idle"


async def test_sessions_share_nothing(lane: laneway.Lane):
    one, two = [await lane.create_session(title) for title in ("one", "two")]

    await lane.add_note(one.id, "only here", prompt=True)
    await lane.put_value(one.id, "key", "only here")
    threads = [await lane.create_thread("script", session_id=session.id) for session in (one, two)]
    told = [(await lane.run(thread.id, "context")).answer for thread in threads]

    assert "only here" in told[0]
    assert "only here" not in told[1]
    assert list(await lane.list_notes(two.id)) == []
    with pytest.raises(errors.NotFound):
        await lane.get_value(two.id, "key")
