"""A session is a shared environment; a thread in it is a private conversation. Sessions share nothing at all."""

import laneway
from laneway.testing.app import running


@laneway.agent
async def remembering(turn: laneway.TurnInput) -> str:
    if turn.text.startswith("remember "):
        await turn.handle.call("note.add", {"text": turn.text.removeprefix("remember "), "prompt": True})
        return "noted"
    heard = [item.text for item in await turn.handle.history()]
    return f"notes: {', '.join(turn.notes) or 'none'}; heard: {', '.join(heard) or 'nothing'}"


async def test_threads_of_a_session_share_its_notes_and_not_their_words():
    async with running(remembering) as app:
        ada = app.user("ada")
        session = await ada.session()
        one, two = [await ada.thread(session_id=session.id) for _ in range(2)]

        await ada.post(one.id, "remember the milk")
        await app.drain()
        await ada.post(two.id, "what do you know?")
        await app.drain()

        assert (await ada.said(two.id))[-1] == ("assistant", "notes: the milk; heard: nothing")


async def test_another_session_of_the_same_user_knows_nothing_of_it():
    async with running(remembering) as app:
        ada = app.user("ada")
        here, elsewhere = [await ada.thread(session_id=(await ada.session()).id) for _ in range(2)]

        await ada.post(here.id, "remember the milk")
        await app.drain()
        await ada.post(elsewhere.id, "what do you know?")
        await app.drain()

        assert (await ada.said(elsewhere.id))[-1] == ("assistant", "notes: none; heard: nothing")
        assert (await ada.session()).scope != (await ada.session()).scope
