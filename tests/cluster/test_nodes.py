"""Two servers and a worker on one database are one Laneway: every client sees and does everything on any of them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import pytest

import laneway
from laneway.domain.errors import Stale, Unauthorized
from tests.cluster.stage import PATIENCE_S, Cluster, Node, ends, of, told, until


@pytest.fixture(scope="module")
def servers(processes: Cluster) -> tuple[Node, Node]:
    """The first server runs one turn at a time, the second as many as come."""
    return processes.serve(limits__turns=1), processes.serve()


@pytest.fixture
async def one(servers: tuple[Node, Node]) -> AsyncGenerator[laneway.Lane]:
    async with servers[0].lane() as lane:
        yield lane


@pytest.fixture
async def other(servers: tuple[Node, Node]) -> AsyncGenerator[laneway.Lane]:
    async with servers[1].lane() as lane:
        yield lane


async def test_a_turn_can_be_seen_and_cancelled_on_another_node(one: laneway.Lane, other: laneway.Lane):
    thread = await one.create_thread()
    await one.post(thread.id, "stream 1000 20")
    await until(other, thread.id, of("item.delta"))

    await other.cancel(thread.id)
    await until(one, thread.id, of("turn.cancelled"))

    turns = [(await lane.list_turns(thread.id)).items for lane in (one, other)]
    assert turns[0] == turns[1]
    assert [turn.status for turn in turns[0]] == ["cancelled"]


async def test_a_queue_can_be_edited_on_another_node(one: laneway.Lane, other: laneway.Lane):
    thread = await one.create_thread()
    await one.post(thread.id, "sleep 30")
    await until(other, thread.id, of("turn.started"))
    kept, gone = [await one.post(thread.id, text) for text in ("say kept", "say gone")]

    await other.withdraw(thread.id, gone.item_id)
    await other.edit_queue_item(thread.id, kept.item_id, message="say edited")
    queue = await one.queue(thread.id)
    await other.cancel(thread.id)
    await other.resume(thread.id)
    await until(one, thread.id, of("turn.completed"))

    assert [item.text for item in queue.items] == ["say edited"]
    assert [item.text for item in await one.messages(thread.id)][-1] == "edited"


async def test_a_stream_goes_on_at_another_node_with_the_same_bytes(one: laneway.Lane, other: laneway.Lane):
    thread = await one.create_thread()
    await one.post(thread.id, "stream 60 20")
    first: list[laneway.Event] = []
    async with aclosing(one.events(thread.id, after=0)) as events:
        async for event in events:
            first.append(event)
            if event.type == "item.delta":
                break
    rest: list[laneway.Event] = []
    with anyio.fail_after(PATIENCE_S):
        async with aclosing(other.events(thread.id, after=first[-1].id)) as events:
            async for event in events:
                rest.append(event)
                if event.type == "turn.completed":
                    break

    whole = [[event.raw for event in await told(lane, thread.id)] for lane in (one, other)]
    assert whole[0] == whole[1] == [event.raw for event in (*first, *rest)]


async def test_an_approval_is_answered_on_another_node(one: laneway.Lane, other: laneway.Lane):
    thread = await one.create_thread()
    await one.post(thread.id, "ask may I?\nsay thanks")
    await until(other, thread.id, of("approval.requested"))
    (approval,) = [each for each in await other.list_approvals(state="open") if each.thread_id == thread.id]

    await other.resolve_approval(approval, "approve")
    await until(one, thread.id, of("turn.completed"))

    assert (await one.messages(thread.id))[-1].text == "thanks"


async def test_an_interrupt_on_another_node_ends_the_turn_and_runs_alone(one: laneway.Lane, other: laneway.Lane):
    thread = await one.create_thread()
    await one.post(thread.id, "stream 1000 20")
    await until(one, thread.id, of("item.delta"))

    await other.post(thread.id, "say instead", delivery="interrupt")
    await until(one, thread.id, of("turn.completed"))

    assert ends(await told(other, thread.id)) == ["turn.interrupted", "turn.completed"]
    assert (await one.messages(thread.id))[-1].text == "instead"


async def test_a_steer_from_another_node_reaches_the_turn_or_heads_the_next(one: laneway.Lane, other: laneway.Lane):
    thread = await one.create_thread()
    await one.post(thread.id, "stream 100 20")
    await until(other, thread.id, of("item.delta"))

    steer = await other.post(thread.id, "say steered", delivery="steer")
    await until(one, thread.id, of("queue.item_consumed", times=2))

    receipt = await one.receipt(steer.item_id)
    assert receipt.state == "consumed"
    assert receipt.turn_id in [turn.id for turn in await other.list_turns(thread.id)]


async def test_a_value_of_a_session_is_written_once_for_each_version(one: laneway.Lane, other: laneway.Lane):
    session = await one.create_session()
    await one.put_value(session.id, "count", 0)
    refused = 0

    async def add(lane: laneway.Lane, times: int) -> None:
        nonlocal refused
        while times:
            value = await lane.get_value(session.id, "count")
            assert isinstance(value.value, int)
            try:
                await lane.put_value(session.id, "count", value.value + 1, if_version=value.version)
                times -= 1
            except Stale:
                refused += 1

    async with anyio.create_task_group() as tasks:
        for lane in (one, other, one, other):
            tasks.start_soon(add, lane, 10)

    assert (await other.get_value(session.id, "count")).value == 40
    assert refused, "nobody was in anybody's way"


async def test_a_timer_fires_once_however_many_nodes_look(one: laneway.Lane, other: laneway.Lane):
    session = await one.create_session()
    timers = [await one.create_timer(session.id, text=f"number {number}", every=1) for number in range(4)]

    with anyio.fail_after(PATIENCE_S):
        async with aclosing(other.events(session_id=session.id, after=0)) as events:
            seen = 0
            async for event in events:
                seen += event.type == "alert.fired"
                if seen == 8:
                    break
    for timer in timers:
        await other.delete_timer(session.id, timer.id)

    occurrences = [(each.source, each.occurrence) for each in await one.alerts(session.id, limit=100)]
    assert len(occurrences) == len(set(occurrences)) >= 8


async def test_a_thread_that_finds_no_place_runs_on_another_node(
    one: laneway.Lane, other: laneway.Lane, servers: tuple[Node, Node]
):
    busy, waiting = [await one.create_thread() for _ in range(2)]
    await one.post(busy.id, "sleep 30")
    await until(one, busy.id, of("turn.started"))

    turn = await one.run(waiting.id, "say elsewhere")
    (long,) = await other.list_turns(busy.id)
    await one.cancel(busy.id)

    assert turn.status == "completed"
    assert [pid_of(turn.node), pid_of(long.node)] == [servers[1].pid, servers[0].pid]


def pid_of(node: str | None) -> int:
    """The process that a turn's `node` names: host:pid."""
    assert node is not None
    return int(node.split(":")[1])


async def test_a_key_that_is_revoked_on_one_node_is_dead_on_the_other(
    one: laneway.Lane, other: laneway.Lane, servers: tuple[Node, Node]
):
    made = await one.create_key(name="short-lived")
    async with laneway.connect(servers[1].url, made.key) as third:
        await third.get_agent("script")
        await one.revoke_key(made.id)

        with anyio.fail_after(PATIENCE_S), pytest.raises(Unauthorized):
            await use_again_and_again(third)


async def use_again_and_again(lane: laneway.Lane) -> None:
    while True:
        await lane.get_agent("script")
