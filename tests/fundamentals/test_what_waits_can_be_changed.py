"""What waits belongs to who sent it: it can be edited, moved, held and taken back, until the moment a turn takes it."""

import pytest

import laneway
from laneway import errors
from laneway.testing.app import running


@laneway.agent
async def echo(turn: laneway.TurnInput) -> str:
    return " ".join(message.text for message in turn.batch)


async def test_what_runs_is_what_the_queue_says_when_the_turn_begins():
    async with running(echo) as app:
        ada = app.user("ada")
        thread = await ada.thread(settings={"paused": True})
        hello, world, oops, later = [await ada.post(thread.id, text) for text in ("helo", "world", "oops", "later")]

        await ada.edit(hello, text="hello")
        await ada.edit(world, position=1)
        await ada.withdraw(oops)
        await ada.edit(later, hold=True)
        await ada.resume(thread.id)
        await app.drain()

        assert (await ada.said(thread.id))[-1] == ("assistant", "world hello")
        assert (await ada.receipt(oops)).state == "withdrawn"
        assert [(item.text, item.state) for item in (await ada.queue(thread.id)).items] == [("later", "held")]


async def test_a_message_is_changed_or_taken_never_both():
    async with running(echo) as app:
        ada = app.user("ada")
        thread = await ada.thread()
        posted = await ada.post(thread.id, "hello")
        await app.drain()

        with pytest.raises(errors.AlreadyTaken):
            await ada.edit(posted, text="too late")

        # A receipt says what became of every message, for as long as the thread exists.
        (turn,) = await ada.turns(thread.id)
        receipt = await ada.receipt(posted)
        assert (receipt.state, receipt.turn_id) == ("consumed", turn.id)
