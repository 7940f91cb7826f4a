"""What was accepted outlives the process, and what was deleted does not."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import laneway
from tests.acceptance.stage import Gates, of, until


def opened(data: Path, gates: Gates) -> AbstractAsyncContextManager[laneway.Lane]:
    agent = laneway.agent(name="gated")(gates.answer)
    return laneway.open(data, agents=[agent], script_agent=True, drain_s=0)


async def test_what_waits_runs_after_a_restart_in_order(tmp_path: Path, gates: Gates):
    async with opened(tmp_path, gates) as lane:
        thread = await lane.create_thread()
        await lane.pause(thread.id)
        posted = [await lane.post(thread.id, text) for text in ("a", "b", "c")]

    async with opened(tmp_path, gates) as lane:
        queue = await lane.queue(thread.id)
        gates.let(thread.id)
        await lane.resume(thread.id)
        await until(lane, thread.id, of("turn.completed"))

        assert [(item.id, item.text) for item in queue.items] == [
            (each.item_id, text) for each, text in zip(posted, ("a", "b", "c"), strict=True)
        ]
        assert gates.given_to(thread.id) == [("a", "b", "c")]


async def test_a_turn_that_was_cut_off_goes_on_with_its_batch_and_nothing_later_joins_it(tmp_path: Path, gates: Gates):
    async with opened(tmp_path, gates) as lane:
        thread = await lane.create_thread()
        first = await lane.post(thread.id, "first")
        await until(lane, thread.id, of("item.delta"))
        later = await lane.post(thread.id, "later")

    async with opened(tmp_path, gates) as lane:
        gates.let(thread.id)
        async for _ in lane.follow(later):
            pass
        turns = await lane.list_turns(thread.id)

        assert [(turn.item_ids, turn.status) for turn in turns] == [
            ((first.item_id,), "completed"),
            ((later.item_id,), "completed"),
        ]
        assert turns[0].attempt == 2
        assert gates.given_to(thread.id) == [("first",), ("first",), ("later",)]
        told = [event async for event in lane.events(thread.id, after=0, follow=False)]
        ends = [event.turn_id for event in told if event.type == "turn.completed"]
        assert ends == [turn.id for turn in turns]
        texts = [item.text for item in await lane.messages(thread.id) if item.state == "complete"]
        assert texts == ["first", "begin first end first", "later", "begin later end later"]


async def test_a_stream_goes_on_after_a_restart_where_it_was(tmp_path: Path, gates: Gates):
    async with opened(tmp_path, gates) as lane:
        thread = await lane.create_thread("script")
        await lane.run(thread.id, "say before")
        before = [event async for event in lane.events(thread.id, after=0, follow=False)]

    async with opened(tmp_path, gates) as lane:
        await lane.run(thread.id, "say after")
        again = [event.raw async for event in lane.events(thread.id, after=0, follow=False)]
        rest = [event.raw async for event in lane.events(thread.id, after=before[-1].id, follow=False)]

        assert again == [*(event.raw for event in before), *rest]


async def test_no_byte_of_a_deleted_thread_is_left_in_any_file(tmp_path: Path, gates: Gates):
    async with opened(tmp_path, gates) as lane:
        doomed, kept = [await lane.create_thread("script", title=f"canary-{n}-title") for n in range(2)]
        for number, thread in enumerate((doomed, kept)):
            await lane.run(thread.id, f"say canary-{number}-said\ntool note.add {{}}")
        assert await holding(lane, "canary-0-said") == [doomed.id]

        await lane.delete_thread(doomed.id)
        await lane.compact()

    left = all_bytes(tmp_path)
    assert b"canary-1-" in left
    assert b"canary-0-" not in left


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def holding(lane: laneway.Lane, text: str) -> list[str]:
    while not (found := await lane.search(text)):
        pass  # the search projection follows the log in its own time
    return [each.thread_id for each in found if each.item_id][:1]
