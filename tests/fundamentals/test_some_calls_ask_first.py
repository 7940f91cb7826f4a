"""A call with an effect that cannot be taken back asks its owner first, unless the session says that it need not."""

import laneway
from laneway.testing.app import TestApp, running
from laneway.testing.owner import Owner


@laneway.agent
async def paying(turn: laneway.TurnInput) -> str:
    try:
        await turn.handle.call("effect.once", {"label": "paid"})
    except laneway.ToolRejected as rejected:
        return str(rejected)
    return "paid"


async def asked(app: TestApp, ada: Owner) -> str:
    """A thread whose turn waits for an answer."""
    thread = await ada.thread("pay")
    await app.until(ada.was_told(thread.id, "approval.requested"))
    return thread.id


async def test_nothing_happens_before_somebody_has_said_yes():
    async with running(paying) as app:
        ada = app.user("ada")
        thread_id = await asked(app, ada)
        before = app.effects

        (approval,) = await ada.approvals(thread_id)
        await ada.answer(approval, "approve")
        await app.drain()

        assert (before, app.effects) == ([], ["paid"])
        assert (await ada.said(thread_id))[-1] == ("assistant", "paid")


async def test_a_no_is_told_to_the_agent_and_it_goes_on():
    async with running(paying) as app:
        ada = app.user("ada")
        thread_id = await asked(app, ada)

        (approval,) = await ada.approvals(thread_id)
        await ada.answer(approval, "reject", note="too dear")
        await app.drain()

        assert app.effects == []
        assert (await ada.said(thread_id))[-1] == ("assistant", "rejected by the owner: too dear")


async def test_an_autonomous_session_does_not_ask():
    async with running(paying) as app:
        ada = app.user("ada")
        thread = await ada.thread("pay", session_id=(await ada.session(mode="autonomous")).id)
        await app.drain()

        assert app.effects == ["paid"]
        assert await ada.approvals(thread.id) == []
