"""A timer raises an alert: a thread of its own, briefed with what it is about, so that no chat is disturbed."""

import laneway
from laneway.domain.kinds import THREAD
from laneway.testing.app import running


@laneway.agent
async def diligent(turn: laneway.TurnInput) -> str:
    return f"I see to it: {turn.text.splitlines()[-1]}"


async def test_each_occurrence_wakes_one_thread_that_knows_why():
    async with running(diligent) as app:
        ada = app.user("ada")
        session = await ada.session()
        chat = await ada.thread("hello", session_id=session.id)
        await app.timers.create(ada.principal, session.id, text="water the plants", every=60)

        for _ in range(2):
            await app.advance(60)
            await app.timers.fire_due()
        await app.drain()

        firings = await ada.firings(session.id)
        alerts = [await ada.find(THREAD, firing.thread_id or "") for firing in firings]
        assert [firing.state for firing in firings] == ["fired", "fired"]
        assert [alert and (alert.kind, alert.status, alert.summary) for alert in alerts] == [
            ("alert", "idle", "I see to it: water the plants")
        ] * 2
        assert len(await ada.said(chat.id)) == 2
