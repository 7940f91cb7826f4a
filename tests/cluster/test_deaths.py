"""A node that is killed, frozen or replaced costs nobody a message: another takes up its turns, and it has no say."""

import signal
from collections.abc import AsyncGenerator

import anyio
import httpx
import pytest

import laneway
from laneway.domain.turn import TurnResource
from tests.cluster.stage import PATIENCE_S, Cluster, Node, ends, of, told, until


@pytest.fixture(scope="module")
def survivor(processes: Cluster) -> Node:
    """A server that lives through all of this."""
    return processes.serve(max_attempts=2)


@pytest.fixture
async def watching(survivor: Node) -> AsyncGenerator[laneway.Lane]:
    async with survivor.lane() as lane:
        yield lane


async def test_a_turn_of_a_killed_node_is_taken_up_and_its_queue_goes_on(processes: Cluster, watching: laneway.Lane):
    doomed = processes.serve()
    async with doomed.lane() as lane:
        thread = await lane.create_thread()
        await lane.post(thread.id, "stream 40 50")
        await lane.post(thread.id, "say next")
        await until(watching, thread.id, of("item.delta"))

    doomed.kill()
    await until(watching, thread.id, of("turn.completed", times=2))

    first, second = (await watching.list_turns(thread.id)).items
    assert [(turn.status, turn.attempt) for turn in (first, second)] == [("completed", 2), ("completed", 1)]
    complete = [item.text for item in await watching.messages(thread.id) if item.state == "complete"]
    assert complete == ["stream 40 50", " ".join(f"w{number}" for number in range(40)), "say next", "next"]


async def test_a_frozen_node_wakes_up_to_find_that_it_has_no_say(processes: Cluster, watching: laneway.Lane):
    frozen = processes.serve()
    async with frozen.lane() as lane:
        threads = [await lane.create_thread() for _ in range(5)]
        for thread in threads:
            await lane.post(thread.id, 'stream 60 50\ntool note.add {"text": "done"}')
            await until(watching, thread.id, of("item.delta"))

    frozen.send(signal.SIGSTOP)
    for thread in threads:
        await until(watching, thread.id, of("turn.resumed"))
    frozen.send(signal.SIGCONT)
    for thread in threads:
        await until(watching, thread.id, of("turn.completed"))
    before = [[event.raw for event in await told(watching, thread.id)] for thread in threads]
    frozen.stop()

    for thread, raw in zip(threads, before, strict=True):
        events = await told(watching, thread.id)
        assert [event.raw for event in events] == raw, "something was written after the end"
        resumed = [event.type for event in events].index("turn.resumed")
        assert {event.agent for event in events[resumed:] if event.type == "item.delta"} == {"script"}
        attempts = [event.type for event in events if event.type in ("turn.started", "turn.resumed")]
        assert (attempts, ends(events)) == (["turn.started", "turn.resumed"], ["turn.completed"])
        assert len([event for event in events if event.type == "tool.returned"]) == 1
        texts = [item.text for item in await watching.messages(thread.id) if item.role == "assistant" and item.text]
        assert " ".join(f"w{number}" for number in range(60)) in texts


async def test_a_worker_runs_what_finds_no_place_and_its_death_is_no_loss(processes: Cluster, watching: laneway.Lane):
    full, worker = processes.serve(limits__turns=1), processes.work()
    async with full.lane() as lane:
        busy = await lane.create_thread()
        await lane.post(busy.id, "sleep 60")
        await until(watching, busy.id, of("turn.started"))
        at_worker = [await lane.create_thread() for _ in range(12)]
        for thread in at_worker:
            await lane.post(thread.id, "stream 60 50")
            await until(watching, thread.id, of("turn.started"))
        ran = {node_of(turn) for thread in at_worker for turn in await watching.list_turns(thread.id)}

        worker.kill()
        for thread in at_worker:
            await until(watching, thread.id, of("turn.completed"))
        await watching.cancel(busy.id)
        full.stop()

    assert worker.pid in ran, "the worker had nothing to do"
    assert full.pid not in ran
    for thread in at_worker:
        assert ends(await told(watching, thread.id)) == ["turn.completed"]


def test_a_worker_tells_of_its_health_and_its_figures_behind_the_gate_of_a_server(processes: Cluster, survivor: Node):
    worker = processes.work(worker_port=0)
    key = {"Authorization": f"Bearer {survivor.key_file.read_text().strip()}"}
    with httpx.Client(base_url=worker.url, trust_env=False) as asked:
        open_to_all = [asked.get(path).json() for path in ("/healthz", "/readyz")]
        refused = [asked.get("/metrics"), asked.get("/healthz", headers={"Host": "evil.example"})]
        figures = asked.get("/metrics", headers=key).text
        elsewhere = asked.get("/api/v1/threads", headers=key)

    assert worker.stop() == 0
    assert open_to_all == [{"status": "ok"}, {"status": "ready"}]
    assert [answer.status_code for answer in refused] == [401, 421]
    assert "\nlaneway_turns_running " in figures
    assert elsewhere.status_code == 404


async def test_a_rolling_restart_strands_nothing(processes: Cluster, watching: laneway.Lane):
    old = processes.serve(drain_s=1)
    async with old.lane() as lane:
        threads = [await lane.create_thread() for _ in range(20)]
        for thread in threads:
            await lane.post(thread.id, "stream 60 50")
            await lane.post(thread.id, "say after")
    new = processes.serve()

    code = old.stop()
    async with new.lane() as lane:
        for thread in threads:
            await until(lane, thread.id, of("turn.completed", times=2))

    assert code == 0
    for thread in threads:
        turns = (await watching.list_turns(thread.id)).items
        assert [turn.status for turn in turns] == ["completed", "completed"]
    new.stop()


async def test_a_message_that_kills_processes_kills_no_more_than_it_has_attempts(
    processes: Cluster, watching: laneway.Lane, survivor: Node
):
    # The survivor would be the third to die, and others after it.
    doomed = [processes.serve(max_attempts=2) for _ in range(2)]
    async with doomed[0].lane() as lane:
        thread = await lane.create_thread()
        await lane.post(thread.id, "sleep 1\ncrash")
        await lane.post(thread.id, "say alive")
        await until(watching, thread.id, of("turn.started"))
        survivor.send(signal.SIGSTOP)
    for node in doomed:
        # A thread that waits cannot be cancelled: it has to give up by itself.
        await anyio.to_thread.run_sync(node.process.wait, PATIENCE_S)
    survivor.send(signal.SIGCONT)

    await until(watching, thread.id, of("turn.completed"))

    assert ends(await told(watching, thread.id)) == ["turn.failed", "turn.completed"]
    assert survivor.process.poll() is None


def node_of(turn: TurnResource) -> int:
    """The process that a turn's `node` names: host:pid."""
    assert turn.node is not None
    return int(turn.node.split(":")[1])
