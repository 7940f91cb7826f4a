"""A chat is given what its transcript shows, nothing hidden. A backend's own memory is resumed where somebody asks."""

from collections.abc import AsyncGenerator

import laneway
from laneway.testing.app import running


@laneway.agent
async def forgetful(turn: laneway.TurnInput) -> AsyncGenerator[str | laneway.AgentEvent]:
    """Says what it was given; leaves a resume id behind, as a backend with a memory of its own does."""
    heard = [item.text for item in await turn.handle.history()]
    yield f"resumed: {turn.resume_id}, heard: {len(heard)}"
    yield laneway.ResumePoint(f"memory of {turn.thread_id}")


async def test_a_chat_does_not_resume_by_itself():
    async with running(forgetful) as app:
        ada = app.user("ada")
        thread = await ada.thread("one")
        await app.drain()

        await ada.post(thread.id, "two")
        await app.drain()

        assert (await ada.said(thread.id))[-1] == ("assistant", "resumed: None, heard: 2")


async def test_a_chat_that_asks_for_it_resumes_its_own_lane_and_no_other():
    async with running(forgetful) as app:
        ada = app.user("ada")
        one, two = [await ada.thread("first", settings={"resume": True}) for _ in range(2)]
        await app.drain()

        for thread in (one, two):
            await ada.post(thread.id, "second")
        await app.drain()

        for thread in (one, two):
            assert f"resumed: memory of {thread.id}" in (await ada.said(thread.id))[-1][1]
