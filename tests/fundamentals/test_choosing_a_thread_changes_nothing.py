"""Which thread somebody looks at is navigation. It decides nothing: work stays in the lane that it began in."""

import asyncio
from collections.abc import AsyncGenerator

import laneway
from laneway.domain.command import SelectThread
from laneway.testing.app import running
from laneway.testing.owner import Owner


async def look_at(user: Owner, session_id: str, thread_id: str) -> None:
    await user.do(
        SelectThread(**user.stamp(), user_id=user.principal.user_id, session_id=session_id, thread_id=thread_id)
    )


async def test_a_running_turn_stays_where_it_is_whatever_is_looked_at():
    begun, finish = asyncio.Event(), asyncio.Event()

    @laneway.agent
    async def slow(turn: laneway.TurnInput) -> AsyncGenerator[str]:
        yield "first "
        begun.set()
        await finish.wait()
        await turn.handle.call("note.add", {"text": turn.thread_id})
        yield "last"

    async with running(slow) as app:
        ada = app.user("ada")
        session = await ada.session()
        works, other = [await ada.thread(session_id=session.id) for _ in range(2)]
        await ada.post(works.id, "go")
        await begun.wait()

        await look_at(ada, session.id, other.id)
        finish.set()
        await app.drain()

        assert {event.thread_id for event in await ada.log(session.id) if event.turn_id} == {works.id}
        assert [text for role, text in await ada.said(works.id) if role == "assistant"] == ["first ", "last"]
        assert await ada.said(other.id) == []
        assert (await ada.show(other.id)).status == "idle"
