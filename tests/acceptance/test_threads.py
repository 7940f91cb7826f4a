"""Seed 002: conversations as a resource: titles, counts, previews, lists, edits, and their whole history."""

from contextlib import aclosing

import pytest

import laneway
from laneway import errors


async def test_the_first_message_becomes_the_title_and_a_chosen_one_is_never_overwritten(lane: laneway.Lane):
    named = await lane.create_thread("script", initial_message="say hi\nand more")
    manual = await lane.create_thread("script", title="Mine")
    await lane.run(manual.id, "say hi")

    assert ((await lane.get_thread(named.id)).title, named.title_source) == ("say hi", "auto")
    assert named.item_id is not None
    assert (await lane.get_thread(manual.id)).title == "Mine"


async def test_a_list_shows_the_latest_conversation_first_with_its_preview(lane: laneway.Lane):
    first = await lane.create_thread("script", title="first")
    second = await lane.create_thread("script", title="second")

    await lane.run(second.id, "say two")
    await lane.run(first.id, "say one")
    page = await lane.list_threads(limit=1)
    rest = await lane.list_threads(limit=1, cursor=page.next_cursor)

    assert (page[0].id, page[0].last_message, page[0].message_count) == (first.id, "one", 2)
    assert page.total == 2
    assert rest[0].id == second.id
    while not (found := await lane.list_threads(q="second")):
        pass  # the search projection follows the log in its own time
    assert [thread.title for thread in found] == ["second"]


async def test_a_conversation_remembers_what_was_said_in_it(lane: laneway.Lane):
    thread = await lane.create_thread("script")

    await lane.run(thread.id, "say the answer is 42")
    second = await lane.run(thread.id, "context")

    assert "the answer is 42" in second.answer


async def test_a_thread_is_changed_archived_and_deleted(lane: laneway.Lane):
    thread = await lane.create_thread("script", tags=["a"], metadata={"ticket": "1", "gone": "x"})

    changed = await lane.update_thread(
        thread.id, title="New", tags=["b"], metadata={"gone": None}, if_version=thread.version
    )
    with pytest.raises(errors.Stale):
        await lane.update_thread(thread.id, title="Late", if_version=thread.version)
    await lane.update_thread(thread.id, archived=True)
    with pytest.raises(errors.ThreadArchived):
        await lane.post(thread.id, "hello?")
    found = await lane.list_threads(metadata={"ticket": "1"}, archived=True)
    await lane.delete_thread(thread.id)

    assert (changed.title, changed.title_source, changed.tags, changed.metadata) == (
        "New", "manual", ("b",), {"ticket": "1"},
    )  # fmt: skip
    assert [each.id for each in found] == [thread.id]
    with pytest.raises(errors.NotFound):
        await lane.get_thread(thread.id)


async def test_what_was_said_is_found(lane: laneway.Lane):
    thread = await lane.create_thread("script", title="Zoo")
    await lane.run(thread.id, "say the quick brown aardvark")

    while not (found := await lane.search("aardvark quick")):
        pass  # the search projection follows the log in its own time

    assert {each.thread_id for each in found} == {thread.id}


async def test_what_has_been_read_is_counted_for_each_thread(lane: laneway.Lane):
    thread, other = [await lane.create_thread("script") for _ in range(2)]
    for text in ("one", "two"):
        await lane.run(thread.id, f"say {text}")
    await lane.run(other.id, "say three")
    answers = await lane.messages(thread.id, role="assistant")

    left = await lane.mark_read(thread.id, answers[0].id)

    assert left == 1
    assert {each.id: each.unread for each in await lane.list_threads(unread=True)} == {thread.id: 1, other.id: 1}


async def test_a_file_of_the_session_comes_back_as_it_was(lane: laneway.Lane):
    session = await lane.create_session("files")
    content = bytes(range(256)) * 100

    file = await lane.upload("data.bin", content, session_id=session.id)

    assert (file.name, file.size) == ("data.bin", len(content))
    assert await lane.download(file.id) == content
    assert [each.id for each in await lane.list_attachments(session.id)] == [file.id]
    await lane.delete_attachment(file.id)
    with pytest.raises(errors.NotFound):
        await lane.download(file.id)


async def test_a_timer_raises_an_alert_in_a_thread_of_its_own(lane: laneway.Lane):
    session = await lane.create_session("alerts")

    timer = await lane.create_timer(session.id, "say ding", at="2026-01-01T00:00:00Z", agent_id="script")
    async with aclosing(lane.events(session_id=session.id, after=0)) as events:
        async for event in events:
            if event.type == "turn.completed":
                break
    fired = await lane.alerts(session.id)

    assert [(each.source, each.state) for each in fired] == [(timer.id, "fired")]
    answers = await lane.messages(fired[0].thread_id or "", role="assistant")
    assert answers[-1].text.endswith("\nding"), "its text is the last line of the briefing"
    assert (await lane.get_timer(session.id, timer.id)).state == "done"
