"""Everything that happens is an event with all its ids, numbered without gaps. Folded, they give the present."""

import laneway
from laneway import wire
from laneway.domain.thread import thread_resource
from laneway.testing.app import running


@laneway.agent
async def echo(turn: laneway.TurnInput) -> str:
    return turn.text


async def test_the_story_of_one_message():
    async with running(echo) as app:
        ada = app.user("ada")
        thread = await ada.thread()

        await ada.post(thread.id, "hello")
        await app.drain()

        assert [event.type for event in await ada.events(thread.id)] == [
            "thread.created",
            "queue.item_added",
            "thread.updated",  # its title, from the first message
            "turn.started",
            "queue.item_consumed",
            "item.started",  # the user's message enters the transcript
            "item.completed",
            "item.started",  # the answer begins
            "item.delta",
            "item.completed",
            "turn.completed",
        ]


async def test_each_event_knows_where_it_belongs_and_none_is_missing():
    async with running(echo) as app:
        ada = app.user("ada")
        threads = [await ada.thread(f"hello {number}") for number in range(3)]
        await app.drain()

        log = await ada.log(threads[0].session_id)
        assert [event.offset for event in log] == list(range(1, len(log) + 1))
        for thread in threads:
            events = await ada.events(thread.id)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert {(event.session_id, event.thread_id) for event in events} == {(thread.session_id, thread.id)}


async def test_who_has_read_every_event_knows_the_thread_as_it_is():
    async with running(echo) as app:
        ada = app.user("ada")
        thread = await ada.thread("hello")
        await app.drain()

        known: dict[str, object] = {}
        for event in await ada.events(thread.id):
            known.update(event.thread or {})

        assert known == wire.decode(wire.encode(thread_resource(await ada.show(thread.id))), dict)
